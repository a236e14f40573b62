#!/bin/bash
# Runs real proxies before upstreams that fail in known ways, captures both legs, and writes down
# beside each capture what really took place, from the client, the upstreams and the proxies' own logs.
#
#   tests/lab/run.sh [DIRECTORY] [PROXY | SCENARIO | PROXY/SCENARIO …]
#
# DIRECTORY (default: target/lab) gets PROXY/SCENARIO.POINT.pcap (or .pcapng) and .jsonl. SHIP=1
# puts what is worth shipping into captures/ beside this script, too. Needs root; makes network
# namespaces of its own, stops only what it started, removes everything at the end.
#
#     client 10.1.0.2 ── 10.1.0.1 proxy 10.2.0.1 ── 10.2.0.2 upstreams 10.4.0.1 ── 10.4.0.2 origin
#                        eth0          eth1         10.2.0.3; routes 10.3.0.0/16 to nowhere
set -euo pipefail

lab=$(cd "$(dirname "$0")" && pwd)
. "$lab/../../samples/hosts.sh"
needs curl:curl tcpdump:tcpdump python3:python3 ip:iproute2 ss:iproute2 ethtool:ethtool openssl:openssl pgrep:procps
out=${1:-$lab/../../target/lab}
shift || true
mkdir -p "$out"
out=$(cd "$out" && pwd)
export PYTHONDONTWRITEBYTECODE=1
ports='32768 60999'
quiet=0.4

proxies=
for known in nginx:nginx haproxy:haproxy apache:apache2 caddy:caddy; do
    if command -v "${known#*:}" >/dev/null; then proxies+=" ${known%:*}"
    else echo "run.sh: no ${known%:*}; going on without it (apt-get install ${known#*:})" >&2; fi
done
command -v mergecap >/dev/null || echo "run.sh: no mergecap; no captures of two interfaces (apt-get install wireshark-common)" >&2
command -v iptables >/dev/null || echo "run.sh: no iptables; without the scenario port-rejected (apt-get install iptables)" >&2

# --- hosts -------------------------------------------------------------------------------------

origin=hw$$o
others=$origin
host $client; host $proxy; host $server; host $origin
cable $client eth0 10.1.0.2 02:00:00:01:00:02  $proxy eth0 10.1.0.1 02:00:00:01:00:01
cable $proxy eth1 10.2.0.1 02:00:00:02:00:01  $server eth0 10.2.0.2 02:00:00:02:00:02
cable $server eth1 10.4.0.1 02:00:00:04:00:01  $origin eth0 10.4.0.2 02:00:00:04:00:02
ip -n $server addr add 10.2.0.3/24 dev eth0
# Behind the upstreams' host: 10.3.1 is forbidden and 10.3.2 unreachable, as ICMP says; 10.3.3 is a
# hole. Every error is told, however many there are.
ip netns exec $server sysctl -qw net.ipv4.ip_forward=1 net.ipv4.icmp_ratelimit=0 net.ipv4.icmp_msgs_per_sec=100000
ip -n $server route add prohibit 10.3.1.0/24
ip -n $server route add unreachable 10.3.2.0/24
ip -n $server route add blackhole 10.3.3.0/24
ip -n $proxy route add 10.3.0.0/16 via 10.2.0.2
! command -v iptables >/dev/null || ip netns exec $server iptables -A INPUT -p tcp --dport 9100 -j REJECT

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj /CN=shop.example \
    -keyout "$work/key.pem" -out "$work/certificate.pem" 2>>"$work/openssl.log"
start $server python3 "$lab/upstreams.py" "$work/upstreams.jsonl" "$work/certificate.pem" "$work/key.pem" 10.2.0.2 10.2.0.3 \
    > "$work/upstreams.ready"
start $origin python3 "$lab/upstreams.py" "$work/origin.jsonl" "$work/certificate.pem" "$work/key.pem" 10.4.0.2 > "$work/origin.ready"
until_true grep -q ready "$work/upstreams.ready"
until_true grep -q ready "$work/origin.ready"

touch "$work/hop.log" "$work/chain.log"
if command -v haproxy >/dev/null; then
    "$lab/proxies.py" hops "$work"
    start $proxy haproxy -db -f "$work/hop.cfg" > "$work/hop.log" 2>&1
    start $server haproxy -db -f "$work/chain.cfg" > "$work/chain.log" 2>&1
    until_true listening $proxy 8085
    until_true listening $server 8092
fi

# --- proxies -----------------------------------------------------------------------------------

start_nginx() { start $proxy nginx -e "$logs/error.log" -c "$logs/nginx.conf"; }
start_haproxy() { start $proxy haproxy -db -f "$logs/haproxy.cfg" > "$logs/access.log" 2>"$logs/error.log"; }
start_apache() { start $proxy apache2 -DFOREGROUND -f "$logs/apache.conf" > "$logs/start.log" 2>&1; }
start_caddy() {
    start $proxy env HOME="$logs" caddy run --config "$logs/Caddyfile" --adapter caddyfile > "$logs/start.log" 2>"$logs/error.log"
}
version_nginx() { nginx -v 2>&1 | sed 's/.*nginx.//'; }
version_haproxy() { haproxy -v | awk 'NR == 1 { print $3 }'; }
version_apache() { apache2 -v | sed -n 's/.*Apache.\([0-9.]*\).*/\1/p'; }
version_caddy() { caddy version; }

# --- scenarios ---------------------------------------------------------------------------------

# play PROXY SCENARIO: captures it at every point, and its truth
play() {
    local name=$1 scenario=$2 to=$work/$1/$2 file point
    mkdir -p "$to" "$out/$name"
    local -A before=()
    for file in "$logs/error.log" "$logs/access.log" "$work/hop.log" "$work/chain.log"; do
        [ ! -e "$file" ] || before[$file]=$(wc -l < "$file")
    done
    ip -n $proxy neigh flush dev eth1
    into=any.pcap; capture $proxy any -y LINUX_SLL2
    into=client.pcap; capture $proxy eth0
    into=upstream.pcap; capture $proxy eth1
    [[ $scenario != chain* ]] || { into=far.pcap; capture $server any -y LINUX_SLL2; }
    ip netns exec $client python3 "$lab/client.py" "$scenario" "$to/client.jsonl" $(pgrep -P "$proxy_pid") "$proxy_pid"
    end_capture
    rm -f "$to"/log.*
    for file in "$logs/error.log" "$logs/access.log"; do
        [ ! -e "$file" ] || tail -n "+$((${before[$file]:-0} + 1))" "$file" > "$to/log.$(basename "$file" .log)"
    done
    for file in "$work/hop.log" "$work/chain.log"; do tail -n "+$((${before[$file]} + 1))" "$file"; done > "$to/hops"
    cat "$work/upstreams.jsonl" "$work/origin.jsonl" > "$to/upstreams.jsonl"
    echo "$name/$scenario"
    python3 "$lab/truth.py" "$scenario" "$name" "$version" "$to" || { wrong+=" $name/$scenario"; return 0; }
    rm -f "$out/$name/$scenario".*
    if command -v mergecap >/dev/null; then
        mergecap -F pcapng -w "$work/both.pcapng" "$work/client.pcap" "$work/upstream.pcap"
        [ ! -e "$work/far.pcap" ] || mergecap -F pcapng -w "$work/chain.pcapng" "$work/any.pcap" "$work/far.pcap"
    fi
    for point in $("$lab/scenarios.py" "$name" "$scenario"); do
        file=$(ls "$work/${point%+}".pcap* 2>/dev/null | grep -v log) || continue
        cp "$file" "$out/$name/$scenario.${file##*/}"
        cp "$to/truth.${point%+}.jsonl" "$out/$name/$scenario.${point%+}.jsonl"
        [ -n "${SHIP:-}" ] && [ "${point%+}" != "$point" ] || continue
        mkdir -p "$lab/captures/$name"
        gzip -9nc "$file" > "$lab/captures/$name/$scenario.${file##*/}.gz"
        cp "$to/truth.${point%+}.jsonl" "$lab/captures/$name/$scenario.${point%+}.jsonl"
    done
    rm -f "$work"/*.pcap*
}

wanted() {
    local name=$1 scenario=$2 word
    shift 2
    [ $# -gt 0 ] || return 0
    for word in "$@"; do
        case $word in "$name"|"$scenario"|"$name/$scenario") return 0;; esac
    done
    return 1
}

wrong=
for name in $proxies; do
    all=
    for scenario in $("$lab/scenarios.py" "$name"); do ! wanted "$name" "$scenario" "$@" || all+=" $scenario"; done
    [ -n "$all" ] || continue
    logs=$work/$name.d
    mkdir -p "$logs"
    chmod 777 "$logs"
    "$lab/proxies.py" "$name" "$logs"
    version=$("version_$name")
    "start_$name"
    proxy_pid=$pid
    until_true listening $proxy 80
    for scenario in $all; do play "$name" "$scenario"; done
    kill "$proxy_pid"
    wait "$proxy_pid" || true
done
[ -z "$wrong" ] || { echo "run.sh: not as it was meant:$wrong" >&2; exit 1; }
