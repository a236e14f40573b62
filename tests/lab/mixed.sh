#!/bin/bash
# The held-out part of the lab: mixed.py's clients behind proxies that are set otherwise than in
# run.sh, on other ports and addresses, over IPv6 too, and behind two proxies in a row.
#
#   tests/lab/mixed.sh [DIRECTORY] [SEED] [CELL…]
#
# DIRECTORY (default: target/lab-mixed) gets CELL/SEED.any.pcap, CELL/SEED.both.pcapng and
# CELL/SEED.client.pcap, each with its truth. Needs root; makes network namespaces of its own.
set -euo pipefail

lab=$(cd "$(dirname "$0")" && pwd)
. "$lab/../../samples/hosts.sh"
needs tcpdump:tcpdump python3:python3 ip:iproute2 ss:iproute2 ethtool:ethtool openssl:openssl mergecap:wireshark-common
out=${1:-$lab/../../target/lab-mixed}
seed=${2:-1}
shift $(($# < 2 ? $# : 2))
cells=${*:-nginx10 nginx11 nginx6 haproxy varnish squid chain}
mkdir -p "$out"
out=$(cd "$out" && pwd)
export PYTHONDONTWRITEBYTECODE=1
ports='32768 60999'
quiet=0.4

host $client; host $proxy; host $server
for name in $client $proxy $server; do ip netns exec $name sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.default.disable_ipv6=0; done
cable $client eth0 10.7.1.2 02:00:00:07:01:02  $proxy eth0 10.7.1.1 02:00:00:07:01:01
cable $proxy eth1 10.7.2.1 02:00:00:07:02:01  $server eth0 10.7.2.2 02:00:00:07:02:02
ip -n $client addr add fd07:1::2/64 dev eth0 nodad
ip -n $proxy addr add fd07:1::1/64 dev eth0 nodad
ip -n $proxy addr add fd07:2::1/64 dev eth1 nodad
ip -n $server addr add fd07:2::2/64 dev eth0 nodad
ip netns exec $server sysctl -qw net.ipv4.ip_forward=1 net.ipv4.icmp_ratelimit=0
ip -n $server route add unreachable 10.7.3.0/24
ip -n $proxy route add 10.7.3.0/24 via 10.7.2.2

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj /CN=api.shop.example \
    -keyout "$work/key.pem" -out "$work/certificate.pem" 2>>"$work/openssl.log"
start $server python3 "$lab/upstreams.py" "$work/upstreams.jsonl" "$work/certificate.pem" "$work/key.pem" 10.7.2.2 fd07:2::2 \
    > "$work/upstreams.ready"
until_true grep -q ready "$work/upstreams.ready"

start_nginx() { start "$1" nginx -e "$logs/error.log" -c "$logs/nginx.conf"; }
start_varnish() {
    start $proxy varnishd -F -n "$logs/varnish" -a "10.7.1.1:$1" -f "$logs/default.vcl" -s malloc,16m > "$logs/start.log" 2>&1
}

for cell in $cells; do
    logs=$work/$cell.d
    mkdir -p "$logs" "$out/$cell"
    chmod 777 "$logs"
    "$lab/mixed.py" configure "$cell" "$logs"
    pids=
    case $cell in
        nginx*) start_nginx $proxy; pids=$pid; case $cell in nginx10) port=8088;; nginx11) port=8089;; *) port=80;; esac;;
        haproxy) start $proxy haproxy -db -f "$logs/haproxy.cfg" > "$logs/log" 2>&1; pids=$pid port=8000;;
        varnish) port=6081; start_varnish $port; pids=$pid;;
        squid) start $proxy squid -N -f "$logs/squid.conf" > "$logs/start.log" 2>&1; pids=$pid port=3128;;
        chain) port=8090; start_varnish $port; pids=$pid; start_nginx $server; pids+=" $pid"; until_true listening $server 8091;;
    esac
    until_true listening $proxy $port || { tail -5 "$logs"/*log >&2; exit 1; }
    into=any.pcap; capture $proxy any -y LINUX_SLL2
    into=client.pcap; capture $proxy eth0
    into=upstream.pcap; capture $proxy eth1
    if ip netns exec $client python3 "$lab/mixed.py" play "$cell" "$seed" "$work/truth.jsonl"; then
        end_capture
        mergecap -F pcapng -w "$work/both.pcapng" "$work/client.pcap" "$work/upstream.pcap"
        to=$out/$cell/$seed
        cp "$work/any.pcap" "$to.any.pcap"; cp "$work/truth.jsonl" "$to.any.jsonl"
        cp "$work/both.pcapng" "$to.both.pcapng"; cp "$work/truth.jsonl" "$to.both.jsonl"
        cp "$work/client.pcap" "$to.client.pcap"
        "$lab/mixed.py" client "$work/truth.jsonl" "$to.client.jsonl"
        echo "$cell: $(head -1 "$work/truth.jsonl")"
    else
        end_capture
        echo "$cell: failed" >&2
        tail -5 "$logs"/*log >&2 || true
    fi
    rm -f "$work"/*.pcap*
    for pid in $pids; do kill "$pid"; wait "$pid" 2>/dev/null || true; done
done
