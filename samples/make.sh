#!/bin/bash
# Captures real programs talking, one small file a story, and writes down what they said to each
# other (expected.tsv), from their own logs and never from httpwhy.
#
#   samples/make.sh            makes all of them again
#   samples/make.sh hello …    makes these
#
# It needs root. It works in network namespaces of its own, stops only what it started and removes
# everything at the end. Addresses, ports and contents are fixed; times are those of the day. The
# samples that no real program makes come from tests/generate_samples.rs.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cd "$here"

. ./hosts.sh
needs nginx:nginx haproxy:haproxy curl:curl tcpdump:tcpdump python3:python3 ip:iproute2 ss:iproute2 \
    ethtool:ethtool openssl:openssl

# --- hosts -------------------------------------------------------------------------------------

# A client at 10.1.0.2 and a server at 10.1.0.1.
two_hosts() {
    host $client; host $server
    cable $client eth0 10.1.0.2 02:00:00:01:00:02  $server eth0 10.1.0.1 02:00:00:01:00:01
}

# A client at 10.1.0.2, a proxy at 10.1.0.1 and 10.2.0.1, an upstream server at 10.2.0.2.
three_hosts() {
    host $client; host $proxy; host $server
    cable $client eth0 10.1.0.2 02:00:00:01:00:02  $proxy eth0 10.1.0.1 02:00:00:01:00:01
    cable $proxy eth1 10.2.0.1 02:00:00:02:00:01  $server eth0 10.2.0.2 02:00:00:02:00:02
}

# --- programs ----------------------------------------------------------------------------------

# web HOST PORT 'CONFIGURATION OF THE SERVER' ['CONFIGURATION OF http']
web() {
    mkdir -p "$work/www"
    cat > "$work/nginx.conf" <<END
daemon off; pid $work/nginx.pid; worker_processes 1; error_log $work/error.log;
events { worker_connections 64; }
http {
    types { application/json json; text/html html; text/plain txt; }
    client_body_temp_path $work/body; proxy_temp_path $work/proxy; fastcgi_temp_path $work/fastcgi;
    uwsgi_temp_path $work/uwsgi; scgi_temp_path $work/scgi; access_log off;
    ${4:-}
    server { listen $2; root $work/www; $3 }
}
END
    start "$1" nginx -e "$work/error.log" -c "$work/nginx.conf"
    until_true listening "$1" "${2%% *}"
}

# odd HOST ADDRESS PORT ROLE
odd() {
    start "$1" python3 odd.py "$4" "$2" "$3" >> "$work/truth"
    until_true listening "$1" "$3"
}

# fetch [CURL OPTIONS] URL…: as a client whose port is 50000 or the next free one.
fetch() {
    local outputs=() word
    for word in "$@"; do [[ $word != http*://* ]] || outputs+=(-o /dev/null); done
    ip netns exec $client curl -sS --local-port 50000-50100 -H 'Host: shop.example' -H 'User-Agent: curl' \
        "${outputs[@]}" "$@" 2>>"$work/curl.log" || echo "curl ended with $?" >> "$work/curl.log"
}

# The same, and what curl saw of every exchange goes into the truth: for servers that keep none.
ask() {
    local said='%{local_ip}:%{local_port}\t%{remote_ip}:%{remote_port}\t%{method}\t%{url_effective}\t%{http_code}\t%{size_upload}\t%{size_download}\tyes\n'
    fetch -w "$said" "$@" | sed -E 's#\thttps?://[^/\t]*#\t#' >> "$work/truth"
}

# --- stories -----------------------------------------------------------------------------------

stories="hello keep-alive pipelining chunked-gzip 100-continue head-and-204 304-and-ranges post-upload
    http-1.0-close chunked-trailers websocket-upgrade connect-tunnel slow-response truncated-body
    reset-before-response 502-refused 502-keepalive-race 503-haproxy-refused 504-timeout
    proxy-both-sides retransmits-and-loss sll2-any tls-and-http2"

content() {
    mkdir -p "$work/www/items"
    echo '<!doctype html><title>shop.example</title><p>Hello.' > "$work/www/index.html"
    local item
    for item in 1 2 3; do
        printf '{"item":%d,"name":"lamp %d","price":"%d.50"}\n' $item $item $((item * 7)) > "$work/www/items/$item.json"
    done
    for item in $(seq 120); do echo "{\"row\":$item,\"sku\":\"LAMP-$item\",\"left\":$((item * 37 % 101))},"; done > "$work/www/stock.json"
    touch -d '2026-01-01 00:00:00 UTC' "$work"/www/*.* "$work"/www/items/*
}

story_hello() {
    two_hosts; web $server 80 ''
    capture $client eth0
    ask http://10.1.0.1/
}

story_keep-alive() {
    two_hosts; web $server 80 ''
    capture $client eth0
    ask http://10.1.0.1/ http://10.1.0.1/items/1.json http://10.1.0.1/items/2.json http://10.1.0.1/missing http://10.1.0.1/items/3.json
}

story_pipelining() {
    two_hosts; web $server 80 ''
    capture $client eth0
    ip netns exec $client python3 odd.py client-pipeline 10.1.0.1 80 >> "$work/truth"
}

story_chunked-gzip() {
    two_hosts; web $server 80 'gzip on; gzip_types application/json;'
    capture $client eth0
    ask -H 'Accept-Encoding: gzip' http://10.1.0.1/stock.json
}

story_100-continue() {
    two_hosts; web $server 80 'location /orders/ { dav_methods PUT; }'
    capture $client eth0
    mkdir "$work/www/orders"
    chmod 777 "$work/www/orders"
    head -c 1500 "$work/www/stock.json" > "$work/order"
    ask -H 'Expect: 100-continue' -H 'Content-Type: application/json' -T "$work/order" http://10.1.0.1/orders/42
}

story_head-and-204() {
    two_hosts; web $server 80 'location /cart/ { return 204; }'
    capture $client eth0
    ask -I http://10.1.0.1/stock.json
    ask -X DELETE http://10.1.0.1/cart/7
}

story_304-and-ranges() {
    two_hosts; web $server 80 ''
    capture $client eth0
    ask -H 'If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT' http://10.1.0.1/stock.json
    ask -H 'Range: bytes=100-299' http://10.1.0.1/stock.json
    ask -H 'Range: bytes=0-9,20-29' http://10.1.0.1/stock.json
    ask -H 'Range: bytes=999999-' http://10.1.0.1/stock.json
}

story_post-upload() {
    two_hosts; web $server 80 'location /forms { return 201 "stored\n"; }'
    capture $client eth0
    ask -H 'Expect:' -H 'Content-Type: application/json' --data-binary "@$work/www/stock.json" http://10.1.0.1/forms
    printf 'name=lamp&amount=3' > "$work/form"
    ask -d "@$work/form" http://10.1.0.1/forms
}

story_http-1.0-close() {
    # Python's own server speaks HTTP/1.0; a listing of a directory, then a file that is not there.
    two_hosts
    start $server python3 -m http.server --bind 10.1.0.1 --directory "$work/www/items" 8000 >/dev/null 2>&1
    until_true listening $server 8000
    capture $client eth0
    ask -0 http://10.1.0.1:8000/2.json
    ask http://10.1.0.1:8000/missing
}

story_chunked-trailers() {
    two_hosts; odd $server 10.1.0.1 80 trailers
    capture $client eth0
    fetch http://10.1.0.1/export
}

story_websocket-upgrade() {
    two_hosts; odd $server 10.1.0.1 80 websocket
    capture $client eth0
    ip netns exec $client python3 odd.py client-websocket 10.1.0.1 80
}

story_connect-tunnel() {
    # Seen before the proxy: the exchange in the tunnel is the tunnel's own affair.
    three_hosts; web $server 80 ''; odd $proxy 10.1.0.1 3128 tunnel
    capture $client eth0
    fetch -p -x http://10.1.0.1:3128 http://10.2.0.2/
}

story_slow-response() {
    two_hosts; odd $server 10.1.0.1 80 slow
    capture $client eth0
    fetch http://10.1.0.1/report
}

story_truncated-body() {
    two_hosts; odd $server 10.1.0.1 80 short
    capture $client eth0
    fetch http://10.1.0.1/export
}

story_reset-before-response() {
    two_hosts; odd $server 10.1.0.1 80 reset
    capture $client eth0
    fetch -d 'pay=now' http://10.1.0.1/payments
}

story_502-refused() {
    # Nobody listens at 10.2.0.2:9001.
    three_hosts; web $proxy 80 'location / { proxy_pass http://10.2.0.2:9001; }'
    capture $proxy any -y LINUX_SLL2
    ask http://10.1.0.1/orders/42
}

story_502-keepalive-race() {
    # The upstream resets a kept connection at the moment that the proxy uses it again.
    three_hosts; odd $server 10.2.0.2 9001 race
    web $proxy 80 'location / { proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://app; }' \
        'upstream app { server 10.2.0.2:9001; keepalive 4; }'
    capture $proxy any -y LINUX_SLL2
    ask -d 'lamp=1' http://10.1.0.1/orders
    ask -d 'lamp=2' http://10.1.0.1/orders
}

story_503-haproxy-refused() {
    # The same dead upstream as in 502-refused.
    three_hosts
    cat > "$work/haproxy.cfg" <<'END'
defaults
    mode http
    timeout connect 2s
    timeout client 5s
    timeout server 5s
    retries 1
frontend shop
    bind 10.1.0.1:80
    default_backend app
backend app
    server one 10.2.0.2:9001
END
    start $proxy haproxy -db -f "$work/haproxy.cfg" 2>"$work/haproxy.log"
    until_true listening $proxy 80
    capture $proxy any -y LINUX_SLL2
    ask http://10.1.0.1/orders/42
}

story_504-timeout() {
    three_hosts; odd $server 10.2.0.2 9001 stall
    web $proxy 80 'location / { proxy_read_timeout 1s; proxy_pass http://10.2.0.2:9001; }'
    capture $proxy any -y LINUX_SLL2
    ask http://10.1.0.1/reports/slow
}

story_proxy-both-sides() {
    three_hosts; odd $server 10.2.0.2 9001 'ok*3'
    web $proxy 80 'location / { proxy_set_header X-Request-ID $request_id; proxy_pass http://10.2.0.2:9001; }'
    capture $proxy any -y LINUX_SLL2
    ask http://10.1.0.1/octets/500 http://10.1.0.1/octets/3000
    ask -d 'a=1' http://10.1.0.1/octets/20
}

story_retransmits-and-loss() {
    # A bridge on the way loses a few of the server's segments; both stacks repair it. The
    # capture is the client's: it sees duplicate acknowledgements and what was sent again.
    host $client; host $proxy; host $server
    cable $client eth0 10.1.0.2 02:00:00:01:00:02  $proxy left - 02:00:00:0b:00:01
    cable $proxy right - 02:00:00:0b:00:02  $server eth0 10.1.0.1 02:00:00:01:00:01
    start $proxy python3 lossy_bridge.py left right drop=3,9,10,19 > "$work/bridge.log"
    until_true grep -q ready "$work/bridge.log"
    cat "$work"/www/stock.json "$work"/www/stock.json "$work"/www/stock.json "$work"/www/stock.json "$work"/www/stock.json > "$work/www/all.json"
    web $server 80 ''
    capture $client eth0
    ask http://10.1.0.1/all.json http://10.1.0.1/items/1.json
}

story_sll2-any() {
    # A host with a bridge, as for containers: `any` sees each packet come in and go out.
    host $client; host $proxy; host $server
    cable $client eth0 10.1.0.2 02:00:00:01:00:02  $proxy port1 - 02:00:00:0b:00:01
    cable $proxy port2 - 02:00:00:0b:00:02  $server eth0 10.1.0.1 02:00:00:01:00:01
    ip -n $proxy link add br0 type bridge
    ip -n $proxy link set port1 master br0
    ip -n $proxy link set port2 master br0
    ip -n $proxy link set br0 up
    web $server 80 ''
    capture $proxy any -y LINUX_SLL2
    ask http://10.1.0.1/ http://10.1.0.1/items/2.json
}

story_tls-and-http2() {
    # No HTTP/1 at all: a TLS handshake, and HTTP/2 with prior knowledge.
    two_hosts
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj /CN=shop.example \
        -keyout "$work/key.pem" -out "$work/certificate.pem" 2>>"$work/openssl.log"
    web $server '8080 http2' "listen 443 ssl; ssl_certificate $work/certificate.pem; ssl_certificate_key $work/key.pem;"
    capture $client eth0
    fetch -k --http1.1 --resolve shop.example:443:10.1.0.1 https://shop.example/
    fetch --http2-prior-knowledge http://10.1.0.1:8080/
}

# --- all of them -------------------------------------------------------------------------------

make() {
    local name=$1
    : > "$work/truth"
    rm -rf "$work/www"
    : > "$work/curl.log"
    content
    "story_$name"
    end_capture
    clean
    cp "$work/capture" "$name.pcap"
    touch expected.tsv
    {
        printf 'file\tclient\tserver\tmethod\ttarget\tstatus\trequest_body\tresponse_body\tcomplete\n'
        {
            awk -F'\t' -v file="$name.pcap" 'NR > 1 && $1 != file' expected.tsv
            sed "s/^/$name.pcap\t/" "$work/truth"
        } | LC_ALL=C sort -s -t "$(printf '\t')" -k 1,1
    } > "$work/expected.tsv"
    cp "$work/expected.tsv" expected.tsv
    printf '%-28s %6d octets %3d exchanges\n' "$name.pcap" "$(stat -c %s "$name.pcap")" "$(wc -l < "$work/truth")"
}

for name in ${*:-$stories}; do
    declare -F "story_$name" >/dev/null || { echo "make.sh: no sample is called $name; there are:" $stories >&2; exit 2; }
done
for name in ${*:-$stories}; do make "$name"; done
