#!/bin/bash
# Captures of real programs to measure with: nginx and wrk or curl, on hosts of their own.
#
#   benches/workloads.sh DIR [MEGABYTES [keep-alive|large|short|lossy …]]
#
# makes DIR/keep-alive.pcap and so on, 100 MB each unless told, and beside each what nginx logged:
#   NAME.log         a line an exchange: time, client, connection, its nth request, method, target,
#                    status, octets of the body as sent, octets of the request
#   NAME.truth.tsv   how many exchanges, connections and exchanges of each status that makes
#
#   keep-alive   32 connections, up to 1000 small exchanges on each, also HEAD
#   large        bodies of 1 to 20 MiB, four at a time
#   short        one connection an exchange
#   lossy        as keep-alive, through a bridge that loses 0.5 % of all frames and delays 1 %
#
# It needs root. For captures without root: cargo bench --bench captures.
#
# What counts in a capture to measure with: frames no longer than on a wire (offloads off), stamps of
# nanoseconds, a capture that runs before the traffic does, and no packet dropped, else it fails. In
# lossy, nginx also logs what the bridge lost in the last moment: wrk is stopped in the midst.
set -euo pipefail

[ $# -gt 0 ] || { sed -n '2,22s/^# \{0,1\}//p' "$0" >&2; exit 2; }
mkdir -p "$1"
folder=$(cd "$1" && pwd)
megabytes=${2:-100}
shift $(($# > 2 ? 2 : $#))
workloads=${*:-keep-alive large short lossy}

benches=$(cd "$(dirname "$0")" && pwd)
. "$benches/../samples/hosts.sh"
needs nginx:nginx curl:curl wrk:wrk tcpdump:tcpdump python3:python3 ip:iproute2 ss:iproute2 ethtool:ethtool
ports='1024 65535'
# The ring takes packets in while tcpdump writes; it is most of what this needs of memory.
tcpdump_options='-B 262144'

content() {
    mkdir -p "$work/www/items" "$work/www/large"
    python3 - "$work/www" <<'END'
import json, os, random, sys
folder, choose = sys.argv[1], random.Random(7)
for number in range(400):
    item = {"id": number, "name": "item-%d" % number, "rows": []}
    size = choose.randint(200, 2000)
    while len(json.dumps(item)) < size:
        item["rows"].append({"key": "%08x" % choose.getrandbits(32), "left": choose.randint(0, 10**6)})
    path = "%s/items/%d.json" % (folder, number)
    with open(path, "w") as file:
        json.dump(item, file)
    os.utime(path, (1767225600, 1767225600))  # the requests' If-Modified-Since
for number in range(12):
    with open("%s/large/%d.bin" % (folder, number), "wb") as file:
        file.write(choose.randbytes(choose.randint(1 << 20, 20 << 20)))
END
    cat > "$work/nginx.conf" <<END
daemon off; pid $work/nginx.pid; worker_processes 1; error_log $work/error.log; worker_rlimit_nofile 65536;
events { worker_connections 16384; }
http {
    types { application/json json; } default_type application/octet-stream;
    client_body_temp_path $work/body; proxy_temp_path $work/proxy; fastcgi_temp_path $work/fastcgi;
    uwsgi_temp_path $work/uwsgi; scgi_temp_path $work/scgi;
    log_format exchange '\$msec\t\$remote_addr:\$remote_port\t\$connection\t\$connection_requests\t\$request_method\t\$request_uri\t\$status\t\$body_bytes_sent\t\$request_length';
    access_log $work/access.log exchange;
    keepalive_requests 1000; sendfile on; open_file_cache max=1000;
    server {
        listen 80 backlog=4096; root $work/www;
        location /compressed/ { alias $work/www/items/; gzip on; gzip_min_length 1; gzip_types application/json; }
        location = /orders { add_header Location /orders/991; return 201 '{"order":991}'; }
        location /cart/ { return 204; }
        location /fails/500 { return 500 '{"error":"internal"}'; }
        location /fails/502 { return 502 '{"error":"bad gateway"}'; }
        location /fails/503 { add_header Retry-After 30 always; return 503 '{"error":"unavailable"}'; }
    }
}
END
}

two_hosts() {
    host $client; host $server
    cable $client eth0 10.77.0.2 02:00:00:4d:00:02  $server eth0 10.77.0.1 02:00:00:4d:00:01
}

hosts_behind_a_lossy_bridge() {
    host $client; host $proxy; host $server
    cable $client eth0 10.77.0.2 02:00:00:4d:00:02  $proxy left - 02:00:00:0b:00:01
    cable $proxy right - 02:00:00:0b:00:02  $server eth0 10.77.0.1 02:00:00:4d:00:01
    start $proxy python3 "$benches/../samples/lossy_bridge.py" left right loss=0.005 late=0.01 seed=42 > "$work/bridge.log"
    until_true grep -q ready "$work/bridge.log"
}

begin() {
    ip netns exec $client sysctl -qw net.ipv4.tcp_tw_reuse=1
    ip netns exec $server sysctl -qw net.core.somaxconn=4096
    : > "$work/access.log"
    start $server nginx -e "$work/error.log" -c "$work/nginx.conf"
    until_true listening $server 80
    capture $client eth0 tcp port 80
}

# wrk_until_full CONNECTIONS [VARIABLE=VALUE]
wrk_until_full() {
    local connections=$1 pause=0.1
    shift
    start $client env "$@" wrk -t1 -c"$connections" -d1h -s "$benches/requests.lua" http://10.77.0.1/ > "$work/wrk.log"
    local wrk=$pid
    while kill -0 "$wrk" && [ "$(stat -c %s "$work/capture")" -lt $((megabytes * 1000000)) ]; do sleep $pause; done
    kill -INT "$wrk"
    wait "$wrk" || true
}

workload_keep-alive() {
    two_hosts; begin
    ip netns exec $client curl -sS -I 'http://10.77.0.1/items/[0-399].json' > /dev/null
    wrk_until_full 32
}

workload_short() {
    two_hosts; begin
    wrk_until_full 32 WRK_CLOSE=1
}

workload_lossy() {
    hosts_behind_a_lossy_bridge; begin
    wrk_until_full 64
}

workload_large() {
    two_hosts; begin
    # Two files a connection, four connections at a time, no faster than the capture can follow.
    python3 - "$work/www/large" $megabytes <<'END' > "$work/urls"
import os, random, sys
folder, left, choose = sys.argv[1], int(sys.argv[2]) * 950000, random.Random(3)
while left > 0:
    name = choose.choice(sorted(os.listdir(folder)))
    left -= os.path.getsize(folder + "/" + name)
    print("http://10.77.0.1/large/%s -o /dev/null" % name)
END
    ip netns exec $client xargs -a "$work/urls" -P4 -n6 curl -sS --limit-rate 30M
}

make() {
    local name=$1
    "workload_$name"
    end_capture
    clean
    mv "$work/capture" "$folder/$name.pcap"
    cp "$work/access.log" "$folder/$name.log"
    awk -F'\t' '
        { connections[$3]; statuses[$7]++ }
        END {
            print "exchanges\t" NR; print "connections\t" length(connections)
            for (status in statuses) print "status_" status "\t" statuses[status]
        }' "$folder/$name.log" | LC_ALL=C sort > "$folder/$name.truth.tsv"
    echo "$name: $(stat -c %s "$folder/$name.pcap") octets, $(tr '\t\n' ' ,' < "$folder/$name.truth.tsv")"
    [ "$name" != lossy ] || tail -1 "$work/bridge.log"
}

for name in $workloads; do
    declare -F "workload_$name" >/dev/null || { echo "$0: no workload is called $name" >&2; exit 2; }
done
content
for name in $workloads; do make "$name"; done
