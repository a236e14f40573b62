#!/usr/bin/env python3
"""What the lab plays: POOLS, the upstreams that each proxy knows, one under each first path segment;
SCENARIOS, what the client does and why it fails. Data only; `proxies.py` makes configurations of
the pools, `client.py` plays the scenarios, `truth.py` writes down what came of them.
"""
import shutil
import sys

UP, UP2 = "10.2.0.2", "10.2.0.3"
ALL = ("nginx", "haproxy", "apache", "caddy")


def at(*ports):
    return ["%s:%d" % (UP, port) for port in ports]


class Pool:
    """servers: where it sends requests, in order of preference. keep: nginx keeps connections (the
    others always do). connect, read: seconds until the proxy gives up. tls: speaks TLS to them.
    rewrite: takes the first path segment off and sets another Host and an X-Request-ID. again:
    whether a failed attempt goes on to the next server, and, where the proxy can, which failures.
    local: the proxy answers without asking a server: deny, limit, down, queue. only: proxies that
    can do this."""

    def __init__(self, servers=(), keep=False, connect=2.5, read=1.2, tls=False, rewrite=False, again=False,
                 local=None, marks=False, only=ALL):
        self.servers, self.keep, self.connect, self.read, self.tls = list(servers), keep, connect, read, tls
        self.rewrite, self.again, self.local, self.marks, self.only = rewrite, again, local, marks, only


POOLS = {
    "ok": Pool(at(9000), keep=True, read=5),
    "refused": Pool(at(9001)),
    "filtered": Pool(["10.3.3.1:9000"]),
    "full": Pool(at(9002)),
    "noroute": Pool(["10.3.2.1:9000"]),
    "prohibited": Pool(["10.3.1.1:9000"]),
    "rejected-port": Pool(at(9100)),
    "away": Pool(["10.2.0.99:9000"], connect=4),
    "closes": Pool(at(9003)),
    "closes-at-once": Pool(at(9039)),
    "resets": Pool(at(9004)),
    "mid-header": Pool(at(9005)),
    "mid-header-reset": Pool(at(9029)),
    "short": Pool(at(9006)),
    "short-chunked": Pool(at(9007)),
    "short-no-last-chunk": Pool(at(9028)),
    "short-reset": Pool(at(9008)),
    "mute": Pool(at(9009)),
    "late": Pool(at(9010)),
    "mute-in-head": Pool(at(9011)),
    "mute-in-body": Pool(at(9012)),
    "ssh": Pool(at(9013)),
    "redis": Pool(at(9014)),
    "binary": Pool(at(9038)),
    "tls-port": Pool(at(9015)),
    "tls-alert": Pool(at(9035)),
    "tls-says-400": Pool(at(9036)),
    "plain-port": Pool(at(9016), tls=True),
    "plain-port-closes": Pool(at(9037), tls=True),
    "tls-healthy": Pool(at(9015), tls=True),
    "big-head": Pool(at(9017)),
    "two-lengths": Pool(at(9018)),
    "length-and-chunked": Pool(at(9019)),
    "bad-header": Pool(at(9020)),
    "bad-status": Pool(at(9021)),
    "bad-chunk": Pool(at(9022)),
    "nul-header": Pool(at(9023)),
    "bad-length": Pool(at(9024)),
    "bad-coding": Pool(at(9025)),
    "space-header": Pool(at(9026)),
    "bad-version": Pool(at(9027)),
    "relay": Pool(at(9000)),
    "rewritten": Pool(at(9003), rewrite=True),
    "rewritten-ok": Pool(at(9000), rewrite=True, keep=True),
    "race-reset": Pool(at(9030), keep=True),
    "race-fin": Pool(at(9031), keep=True),
    "race-idle": Pool(at(9032), keep=True),
    "pooled-closes": Pool(at(9033), keep=True),
    "pooled-resets": Pool(at(9034), keep=True),
    "slow-accept": Pool(at(9040), connect=4),
    "second-refused": Pool([UP + ":9001", UP2 + ":9000"], again=True),
    "second-resets": Pool([UP + ":9004", UP2 + ":9000"], again=True),
    "second-mute": Pool([UP + ":9009", UP2 + ":9000"], again=True),
    "second-503": Pool([UP + ":9001", UP2 + ":9000"], again=True),
    "all-refused": Pool([UP + ":9001", UP2 + ":9001"], again=True),
    "all-fail": Pool([UP + ":9001", UP2 + ":9004"], again=True),
    # A port of its own: Caddy remembers a failed address for every pool that has it.
    "marked-down": Pool([UP + ":9101", UP2 + ":9101"], again=True, marks=True),
    "hop": Pool(["127.0.0.1:8085"], read=9, connect=9),
    "chain": Pool(at(8090), read=9, connect=9),
    "chain-mute": Pool(at(8091), read=9, connect=9),
    "chain-ok": Pool(at(8092), read=9, connect=9),
    "deny": Pool(local="deny"),
    "limit": Pool(at(9000), local="limit", only=("nginx",)),
    "down": Pool(at(9000), local="down", only=("haproxy", "apache", "nginx")),
    "queue": Pool(at(9000), local="queue", only=("haproxy",), read=5),
}


class Step:
    """One request. fails: the cause it is to fail with, None for a healthy one. upstream: the one
    to blame, by default the pool's first. wait: seconds before it. gives_up: seconds after which
    the client closes. frozen: seconds that the proxy is stopped when the request is sent, so that
    what the upstream does meanwhile crosses with it. new: on a connection of its own."""

    def __init__(self, method, target, fails=None, upstream="first", wait=0.0, gives_up=None, frozen=None, new=False,
                 body=None, attempts=None, note=None):
        self.method, self.target, self.fails, self.wait, self.new = method, target, fails, wait, new
        self.gives_up, self.frozen, self.note, self.attempts = gives_up, frozen, note, attempts
        pool = POOLS[target.split("/")[1]]
        self.upstream = (pool.servers[0] if pool.servers else None) if upstream == "first" else upstream
        self.body = body if body is not None else (b"item=42&amount=3" if method == "POST" else b"")


def get(target, *args, **named):
    return Step("GET", target, *args, **named)


def post(target, *args, **named):
    return Step("POST", target, *args, **named)


class Scenario:
    """threads: clients that run at once, each a list of steps on one kept connection. ship: which
    captures are shipped, of any, client, upstream, both, chain."""

    def __init__(self, *threads, only=ALL, ship=("any",)):
        self.threads, self.only, self.ship = threads, only, ship


def beside(*steps, **named):
    """The steps on one connection, before and after a healthy one, beside another healthy client."""
    other = [post("/ok/carts/7"), get("/ok/items/3", wait=0.01)]
    return Scenario([get("/ok/items/1"), *steps, get("/ok/items/2")], other, **named)


def alone(*steps, **named):
    return Scenario(list(steps), **named)


def simple(pool, cause, **named):
    """The failing one is the first on its connection: HAProxy treats later ones otherwise."""
    return beside(get("/%s/orders/42" % pool, cause, new=True), **named)


def crowd(seed):
    """20 clients at once, 6 requests each on kept connections; of 120, some fail in 8 ways."""
    ways = [("refused", "upstream-refused"), ("closes", "upstream-closed-before-response"), ("resets", "upstream-reset"),
            ("short", "upstream-truncated-body"), ("mute", "upstream-timeout"), ("ssh", "upstream-invalid-response"),
            ("relay", "upstream-error-relayed"), ("mid-header", "upstream-closed-mid-header")]
    threads = []
    for client in range(20):
        steps = []
        for nth in range(6):
            number = client * 6 + nth
            # Failing ones share the path of a healthy one elsewhere: /ok/orders/N and /refused/orders/N.
            pool, cause = ways[(number // 7 + seed) % len(ways)] if number % 7 == seed % 7 else ("ok", None)
            path = "status/503/orders" if pool == "relay" else "orders"
            make = post if number % 3 == 1 and cause is None else get
            steps.append(make("/%s/%s/%d" % (pool, path, number // 2), cause))
        threads.append(steps)
    return Scenario(*threads, ship=("any",) if seed == 1 else ())


LEGS = ("any", "client", "upstream", "both")
SCENARIOS = {
    "healthy": Scenario([get("/ok/items/%d" % n) for n in range(3)], [post("/ok/carts/%d" % n) for n in range(3)],
                        [get("/rewritten-ok/items/%d" % n) for n in range(2)], ship=LEGS),
    "healthy-slow": Scenario([get("/ok/slow/700/reports/1")], [get("/ok/slow/300/reports/2"), get("/ok/items/5")]),
    "healthy-tls": beside(get("/tls-healthy/orders/42")),
    "healthy-crowd": Scenario(*[[get("/ok/slow/%d/items/%d" % (n * 7 % 40, n % 5)) for _ in range(3)] for n in range(20)]),
    "healthy-same": Scenario(*[[get("/ok/slow/30/items/1") for _ in range(2)] for _ in range(6)]),
    "healthy-idle-closes": alone(*[get("/race-idle/items/%d" % n, wait=0.6 if n else 0) for n in range(5)]),
    "refused": simple("refused", "upstream-refused", ship=LEGS),
    "refused-post": beside(post("/refused/orders", "upstream-refused", new=True)),
    "filtered": simple("filtered", "upstream-connect-timeout", ship=("any", "client")),
    "queue-full": simple("full", "upstream-connect-timeout"),
    "no-route": simple("noroute", "upstream-unreachable"),
    "prohibited": simple("prohibited", "upstream-unreachable"),
    "port-rejected": simple("rejected-port", "upstream-unreachable"),
    "no-such-host": simple("away", "upstream-unreachable"),
    "closed": simple("closes", "upstream-closed-before-response", ship=LEGS),
    "closed-post": beside(post("/closes/orders", "upstream-closed-before-response", new=True)),
    "closed-second-request": beside(get("/closes/orders/42", "upstream-closed-before-response")),
    "closed-at-once": simple("closes-at-once", "upstream-closed-before-response"),
    "reset": simple("resets", "upstream-reset"),
    "reset-second-request": beside(get("/resets/orders/42", "upstream-reset")),
    "closed-mid-header": simple("mid-header", "upstream-closed-mid-header"),
    "reset-mid-header": simple("mid-header-reset", "upstream-closed-mid-header"),
    "truncated-length": simple("short", "upstream-truncated-body", ship=("any", "client")),
    "truncated-chunk": simple("short-chunked", "upstream-truncated-body"),
    "no-last-chunk": simple("short-no-last-chunk", "upstream-truncated-body"),
    "truncated-reset": simple("short-reset", "upstream-truncated-body"),
    "timeout": simple("mute", "upstream-timeout", ship=LEGS),
    "timeout-post": beside(post("/mute/orders", "upstream-timeout", new=True)),
    "timeout-late-answer": beside(get("/late/orders/42", "upstream-timeout", new=True), get("/ok/items/4", wait=1.7)),
    "timeout-mid-header": simple("mute-in-head", "upstream-timeout"),
    "timeout-mid-body": simple("mute-in-body", "upstream-timeout"),
    "spoke-ssh": simple("ssh", "upstream-invalid-response"),
    "spoke-redis": simple("redis", "upstream-invalid-response"),
    "spoke-binary": simple("binary", "upstream-invalid-response"),
    "plain-to-tls": simple("tls-port", "upstream-spoke-tls"),
    "plain-to-tls-alert": simple("tls-alert", "upstream-spoke-tls"),
    "plain-to-tls-400": simple("tls-says-400", "upstream-spoke-tls"),
    "tls-to-plain": simple("plain-port", "upstream-spoke-tls"),
    "tls-to-plain-closes": simple("plain-port-closes", "upstream-spoke-tls"),
    "big-head": simple("big-head", "upstream-response-rejected"),
    "two-lengths": simple("two-lengths", "upstream-response-rejected"),
    "length-and-chunked": simple("length-and-chunked", "upstream-response-rejected"),
    "header-without-colon": simple("bad-header", "upstream-response-rejected"),
    "header-space-colon": simple("space-header", "upstream-response-rejected"),
    "header-nul": simple("nul-header", "upstream-response-rejected"),
    "bad-status-line": simple("bad-status", "upstream-response-rejected"),
    "bad-version": simple("bad-version", "upstream-response-rejected"),
    "bad-length": simple("bad-length", "upstream-response-rejected"),
    "unknown-coding": simple("bad-coding", "upstream-response-rejected"),
    "bad-chunk": simple("bad-chunk", "upstream-response-rejected"),
    "relayed": beside(*[get("/relay/status/%d/orders/%d" % (code, code), "upstream-error-relayed")
                        for code in (500, 502, 503, 504)]),
    "relayed-slow": beside(get("/relay/slow/600/status/504/orders/1", "upstream-error-relayed")),
    "race-reset": alone(get("/race-reset/orders/1"), post("/race-reset/orders", "stale-keepalive", wait=0.1),
                        ship=("any", "upstream")),
    "race-fin": alone(get("/race-fin/orders/1"), post("/race-fin/orders", "stale-keepalive", wait=0.1)),
    "race-idle": alone(get("/race-idle/orders/1"), post("/race-idle/orders", "stale-keepalive", wait=0.2, frozen=0.35)),
    "race-reset-get": alone(get("/race-reset/orders/1"), get("/race-reset/orders/2", "stale-keepalive", wait=0.1)),
    "race-idle-get": alone(get("/race-idle/orders/1"), get("/race-idle/orders/2", "stale-keepalive", wait=0.2, frozen=0.35)),
    # Another client's first request on the proxy's kept connection.
    "race-reset-new-client": alone(get("/race-reset/orders/1"), post("/race-reset/orders", "stale-keepalive", wait=0.1, new=True)),
    # Reused, but the upstream read the request and thought: no race.
    "pooled-closed": alone(get("/pooled-closes/orders/1"),
                           post("/pooled-closes/orders", "upstream-closed-before-response", wait=0.1)),
    "pooled-reset": alone(get("/pooled-resets/orders/1"), post("/pooled-resets/orders", "upstream-reset", wait=0.1)),
    "answered-locally": beside(get("/deny/orders/42", "no-upstream-attempt"), ship=("any", "client")),
    "rate-limited": Scenario([get("/limit/orders/1"), get("/limit/orders/2", "no-upstream-attempt", upstream=None)],
                             [get("/ok/items/3")], only=("nginx",)),
    "all-down": beside(get("/down/orders/42", "no-upstream-attempt", upstream=None), only=("haproxy", "apache", "nginx")),
    "marked-down": alone(get("/marked-down/orders/1", "upstream-refused", upstream=UP2 + ":9101"),
                         get("/marked-down/orders/2", "no-upstream-attempt", upstream=None, wait=0.1), get("/ok/items/2")),
    "queue-timeout": Scenario([get("/queue/slow/900/orders/1")],
                              [get("/queue/orders/2", "no-upstream-attempt", upstream=None, wait=0.1)], only=("haproxy",)),
    # The other client stays until the proxy, too, is done: some go on without their client.
    "gave-up": Scenario([get("/ok/items/1"), get("/ok/items/2", wait=2.5, new=True)], [get("/mute/orders/42", "client-gave-up", gives_up=0.5)], ship=("any", "client")),
    "gave-up-slow": Scenario([get("/ok/slow/800/orders/42", "client-gave-up", gives_up=0.4)],
                             [get("/ok/items/1"), get("/ok/items/2", wait=1, new=True)]),
    "gave-up-connecting": Scenario([get("/filtered/orders/42", "client-gave-up", gives_up=0.5)],
                                   [get("/ok/items/1"), get("/ok/items/2", wait=10.5, new=True)]),
    "retry-refused": beside(get("/second-refused/orders/42", "retry-hidden", new=True)),
    "retry-reset": beside(get("/second-resets/orders/42", {"apache": "upstream-reset", "*": "retry-hidden"}, new=True)),
    "retry-mute": beside(get("/second-mute/orders/42", {"apache": "upstream-timeout", "caddy": "upstream-timeout",
                                                        "*": "retry-hidden"}, new=True)),
    "all-refused": beside(get("/all-refused/orders/42", "upstream-refused", new=True,
                              upstream={"haproxy": UP + ":9001", "*": UP2 + ":9001"})),
    # What the client got is what the last attempt came to; HAProxy then asks the first server again.
    "all-fail": beside(get("/all-fail/orders/42", {"haproxy": "upstream-refused", "*": "upstream-reset"},
                           upstream={"haproxy": UP + ":9001", "*": UP2 + ":9004"}, new=True)),
    "slow-accept": beside(get("/slow-accept/orders/42", "slow-accept")),
    "rewritten": beside(post("/rewritten/orders", "upstream-closed-before-response", new=True),
                        get("/rewritten-ok/orders/9"), get("/rewritten/orders/9", "upstream-closed-before-response", new=True)),
    "hop": beside(get("/hop/orders/42", "upstream-error-relayed")),
    "chain-refused": beside(get("/chain/orders/42", "upstream-error-relayed"), ship=("any", "chain")),
    "chain-timeout": beside(get("/chain-mute/orders/42", "upstream-error-relayed"), get("/chain-ok/orders/9"),
                            ship=("any", "chain")),
    "crowd-1": crowd(1), "crowd-2": crowd(2), "crowd-3": crowd(3),
}


# What the second proxy behind the first one makes of its own upstream: its address, the cause, who
# is to blame, and the points where both its legs are captured.
HOPS = {
    "hop": ("127.0.0.1:8085", "upstream-refused", UP + ":9001", ("any",)),
    "chain-refused": (UP + ":8090", "upstream-refused", "10.4.0.2:9001", ("chain",)),
    "chain-timeout": (UP + ":8091", "upstream-timeout", "10.4.0.2:9009", ("chain",)),
}


def points(name):
    """Where a scenario is captured: the two legs of `hop` are not all of it."""
    return ("any",) if name == "hop" else LEGS + ("chain",) if name in HOPS else LEGS


def main(proxy, scenario=None):
    """Prints the scenarios that this proxy, with what is installed, can play; or the points at which
    one is captured, those that are shipped marked by `+`."""
    if scenario:
        for point in points(scenario):
            print(point + ("+" if point in SCENARIOS[scenario].ship else ""))
        return
    for name, scenario in SCENARIOS.items():
        needs = ["haproxy"] if name in HOPS else ["iptables"] if name == "port-rejected" else []
        if proxy in scenario.only and all(map(shutil.which, needs)):
            print(name)


if __name__ == "__main__":
    main(*sys.argv[1:])
