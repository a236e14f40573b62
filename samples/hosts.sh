# What scripts that capture real programs share: hosts (network namespaces of their own), cables
# between them, processes on them. Everything is removed when the script ends. To be sourced.

# needs COMMAND:PACKAGE…
needs() {
    local need missing=
    for need in "$@"; do
        command -v "${need%:*}" >/dev/null || missing+=" ${need#*:}"
    done
    [ -z "$missing" ] || { echo "$0: missing; run: apt-get install$missing" >&2; exit 1; }
    [ "$(id -u)" = 0 ] || { echo "$0: needs root, to make network namespaces and to capture" >&2; exit 1; }
}

work=$(mktemp -d)
chmod 755 "$work"
client=hw$$c proxy=hw$$p server=hw$$s
# Hosts beside these that a script makes, to be removed too.
others=
# Ports of clients, and how tcpdump keeps up; a script may set others before it makes hosts.
ports='51000 51100'
tcpdump_options='-U --immediate-mode -B 32768'

# Stops what this shell started and what still runs, and removes the hosts.
clean() {
    local pid host
    for pid in $(jobs -pr); do kill "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    for host in $client $proxy $server $others; do ip netns del $host 2>/dev/null || true; done
}
trap 'clean; rm -rf "$work"' EXIT

host() {
    ip netns add "$1"
    ip netns exec "$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv4.ip_local_port_range="$ports"
    ip -n "$1" link set lo up
}

# cable HOST INTERFACE ADDRESS MAC  HOST INTERFACE ADDRESS MAC; - is no address
cable() {
    ip link add "$2" netns "$1" address "$4" type veth peer name "$6" netns "$5" address "$8"
    local name interface address
    while [ $# -gt 0 ]; do
        name=$1 interface=$2 address=$3
        shift 4
        # What is captured is then what is on the wire: whole checksums, no segment over the MTU.
        ip netns exec "$name" ethtool -K "$interface" tx off rx off sg off tso off gso off gro off >/dev/null
        [ "$address" = - ] || ip -n "$name" addr add "$address/24" dev "$interface"
        ip -n "$name" link set "$interface" up
    done
}

# start HOST COMMAND…: in the background; its process is $pid
start() {
    local name=$1
    shift
    ip netns exec "$name" "$@" &
    pid=$!
}

until_true() {
    local tries
    for tries in $(seq 100); do
        "$@" && return
        sleep 0.05
    done
    echo "$0: in vain: $*" >&2
    exit 1
}

listening() { ip netns exec "$1" ss -Hltn "sport = :$2" | grep -q .; }

# capture HOST INTERFACE [TCPDUMP OPTIONS]: to $work/capture, or to $work/$into; several may run.
captures=()
capture() {
    local name=$1 interface=$2 file=$work/${into:-capture}
    shift 2
    start "$name" tcpdump -i "$interface" -n $tcpdump_options --time-stamp-precision=nano -Z root \
        -w "$file" "$@" 2>"$file.log"
    captures+=("$pid:$file")
    until_true grep -q listening "$file.log"
}

# When nothing has come for $quiet seconds, all is written: ends the captures.
quiet=1
end_capture() {
    local before now=-1 one
    while before=$now now=$(stat -c %s "${captures[@]#*:}"); [ "$now" != "$before" ]; do sleep $quiet; done
    for one in "${captures[@]}"; do kill -INT "${one%%:*}"; done
    for one in "${captures[@]}"; do
        wait "${one%%:*}" || true
        grep -q '^0 packets dropped' "${one#*:}.log" || { cat "${one#*:}.log" >&2; exit 1; }
    done
    captures=()
}
