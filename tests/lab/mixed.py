#!/usr/bin/env python3
"""The mixed lab, the held-out part: every failure at the same time, from several clients that ask for
the same things, behind proxies that are set otherwise than in `scenarios.py`.

    mixed.py configure CELL DIRECTORY   writes the proxy's configuration
    mixed.py play CELL SEED OUTPUT      plays the clients, writes the truth of a capture of both legs
    mixed.py client TRUTH OUTPUT        of that, the truth of a capture of the client's leg alone
"""
import json
import pathlib
import random
import socket
import sys
import threading
import time

from client import Answer

UP, UP6 = "10.7.2.2", "fd07:2::2"
PORT = {"nginx10": 8088, "nginx11": 8089, "nginx6": 80, "haproxy": 8000, "varnish": 6081, "squid": 3128, "chain": 8090}

# kind: port of the upstream (see upstreams.py), cause, what follows in the path
KINDS = {
    "ok": (9000, None, ""), "lag": (9000, None, "/slow/150"),
    "refused": (9001, "upstream-refused", ""), "closes": (9003, "upstream-closed-before-response", ""),
    "resets": (9004, "upstream-reset", ""), "midhead": (9005, "upstream-closed-mid-header", ""),
    "short": (9006, "upstream-truncated-body", ""), "mute": (9009, "upstream-timeout", ""),
    "stops": (9012, "upstream-timeout", ""), "bighead": (9017, "upstream-response-rejected", ""),
    "badhead": (9020, "upstream-response-rejected", ""), "err": (9000, "upstream-error-relayed", "/status/500"),
    "busy": (9000, "upstream-error-relayed", "/slow/80/status/503"), "plain": (9037, "upstream-spoke-tls", ""),
    "noroute": (9000, "upstream-unreachable", ""), "deny": (None, "no-upstream-attempt", ""),
    "leaves": (9000, "client-gave-up", "/slow/700"), "backup": (9001, "retry-hidden", ""),
}
# What a cell cannot show, or shows as another failure.
WITHOUT = {
    "nginx10": {"backup"}, "nginx11": set(), "nginx6": {"backup", "noroute"}, "haproxy": {"backup"},
    # For 0.25 s behind a refusal Varnish does not ask again (backend_remote_error_holddown).
    "varnish": {"backup", "plain", "refused"}, "squid": {"backup", "plain", "deny"}, "chain": {"backup", "deny", "leaves", "plain"},
}


def kinds(cell):
    return [kind for kind in KINDS if kind not in WITHOUT[cell]]


def address(cell, kind):
    host = "10.7.3.1" if kind == "noroute" else UP6 if cell == "nginx6" else UP
    return "[%s]:%d" % (host, KINDS[kind][0]) if ":" in host else "%s:%d" % (host, KINDS[kind][0])


def nginx(cell, directory, listen, prefix="/api/v2"):
    upstreams, locations = [], []
    for kind in kinds(cell):
        if kind == "deny":
            locations.append("location %s/deny/ { return 502; }" % prefix)
            continue
        servers = "server %s max_fails=0; " % address(cell, kind)
        if kind == "backup":
            servers += "server %s:9000 backup; " % UP
        kept = cell == "nginx11"
        upstreams.append("upstream %s { %s%s}" % (kind, servers, "keepalive 4; " if kept else ""))
        lines = 'proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header X-Request-ID $request_id; ' if kept else ""
        scheme = "https" if kind == "plain" else "http"
        path = "" if kept else "/inner"
        locations.append("location %s/%s/ { %sproxy_pass %s://%s%s/%s/; }" % (prefix, kind, lines, scheme, kind, path, kind))
    (directory / "nginx.conf").write_text("""daemon off; pid %(d)s/nginx.pid; worker_processes 1; error_log %(d)s/error.log info;
events { worker_connections 256; }
http {
    client_body_temp_path %(d)s/body; proxy_temp_path %(d)s/proxy; fastcgi_temp_path %(d)s/fastcgi;
    uwsgi_temp_path %(d)s/uwsgi; scgi_temp_path %(d)s/scgi; access_log %(d)s/access.log;
    proxy_read_timeout 900ms; proxy_connect_timeout 2s;
    %(upstreams)s
    server { listen %(listen)s; %(locations)s }
}
""" % {"d": directory, "listen": listen, "upstreams": "\n    ".join(upstreams), "locations": "\n        ".join(locations)})


def haproxy(cell, directory):
    out = ["defaults", "    mode http", "    timeout client 10s", "    timeout connect 2s", "    timeout server 700ms",
           "    retries 1", "    option forwardfor", "frontend f", "    bind 10.7.1.1:%d" % PORT[cell],
           "    http-request deny deny_status 503 if { path_beg /api/v2/deny/ }"]
    backends = []
    for kind in kinds(cell):
        if kind == "deny":
            continue
        out.append("    use_backend %s if { path_beg /api/v2/%s/ }" % (kind, kind))
        backends += ["backend " + kind, "    http-reuse always", "    http-request set-header Host %s.svc.local" % kind,
                     "    server s %s%s" % (address(cell, kind), " ssl verify none" if kind == "plain" else "")]
    (directory / "haproxy.cfg").write_text("\n".join(out + backends) + "\n")


def varnish(cell, directory):
    backends, uses = [], []
    for kind in kinds(cell):
        if kind == "deny":
            uses.append('if (req.url ~ "^/api/v2/deny/") { return (synth(503, "closed")); }')
            continue
        host, port = (("10.7.2.2", 8091) if cell == "chain" else address(cell, kind).split(":"))
        backends.append('backend %s { .host = "%s"; .port = "%s"; .first_byte_timeout = 1100ms; '
                        '.between_bytes_timeout = 800ms; .connect_timeout = 2s; }' % (kind, host, port))
        uses.append('if (req.url ~ "^/api/v2/%s/") { set req.backend_hint = %s; }' % (kind, kind))
    (directory / "default.vcl").write_text("vcl 4.0;\n%s\nsub vcl_recv {\n%s\n return (pass); }\n" % ("\n".join(backends), "\n".join(uses)))


def squid(cell, directory):
    out = ["http_port 10.7.1.1:%d accel vhost allow-direct" % PORT[cell], "pid_filename %s/squid.pid" % directory,
           "access_log stdio:%s/access.log" % directory, "cache_log %s/cache.log" % directory, "cache deny all", "cache_mem 8 MB",
           "read_timeout 1300 milliseconds", "connect_timeout 2 seconds", "forward_timeout 4 seconds", "shutdown_lifetime 0 seconds",
           "never_direct allow all", "connect_retries 0", "forward_max_tries 2", "pinger_enable off", "visible_hostname edge",
           "coredump_dir %s" % directory]
    for kind in kinds(cell):
        host, port = address(cell, kind).split(":")
        out += ["cache_peer %s parent %s 0 no-query originserver no-digest no-netdb-exchange name=%s connect-timeout=2 connect-fail-limit=1000" % (host, port, kind),
                "acl %s urlpath_regex ^/api/v2/%s/" % (kind, kind), "cache_peer_access %s allow %s" % (kind, kind),
                "cache_peer_access %s deny all" % kind]
    out += ["http_access allow all"]
    (directory / "squid.conf").write_text("\n".join(out) + "\n")


def configure(cell, directory):
    directory = pathlib.Path(directory)
    if cell.startswith("nginx"):
        nginx(cell, directory, "[fd07:1::1]:80" if cell == "nginx6" else "10.7.1.1:%d" % PORT[cell])
    elif cell == "chain":
        varnish(cell, directory)
        nginx(cell, directory, "10.7.2.2:8091")
    else:
        globals()[cell](cell, directory)


def play(cell, seed, output):
    proxy = ("fd07:1::1" if cell == "nginx6" else "10.7.1.1", PORT[cell])
    saw, lock = [], threading.Lock()

    def client(number):
        chance = random.Random("%s %s %d" % (cell, seed, number))
        todo = [kind for kind in kinds(cell)] + ["ok"] * 5 + ["lag"] * 4
        chance.shuffle(todo)
        connection = None
        for nth, kind in enumerate(todo):
            time.sleep(chance.random() * 0.1)
            if connection is None:
                connection = socket.create_connection(proxy)
            client = "%s:%d" % connection.getsockname()[:2]
            if ":" in client.rsplit(":", 1)[0]:
                client = "[%s]:%d" % connection.getsockname()[:2]
            method = "POST" if kind in ("resets", "mute") and number % 2 else "GET"
            # The same for all clients; on a connection each is asked for once.
            target = "/api/v2/%s%s/item/%d" % (kind, KINDS[kind][2], todo[:nth].count(kind))
            body = b"a=%d&b=2" % number if method == "POST" else b""
            head = "%s %s HTTP/1.1\r\nHost: api.shop.example\r\nUser-Agent: app/%d\r\n" % (method, target, number % 2)
            if body:
                head += "Content-Length: %d\r\n" % len(body)
            connection.settimeout(0.25 if kind == "leaves" else 30)
            status, answer, gone = None, None, True
            try:
                connection.sendall(head.encode() + b"\r\n" + body)
                answer = Answer(connection, method)
                status, gone = answer.status, answer.close or not answer.whole
            except (TimeoutError, ConnectionError):
                pass
            if gone:
                connection.close()
                connection = None
            with lock:
                saw.append((kind, client, method, target, status, bool(answer and answer.whole)))
        if connection:
            connection.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    records = []
    for kind, client, method, target, status, whole in saw:
        port, cause, _ = KINDS[kind]
        if cause is None:
            assert status == 200 and whole, "healthy %s failed: %s %s" % (kind, target, status)
            continue
        failed = status is None or status >= 500 or not whole
        upstream = None if kind == "deny" else address(cell, kind)
        if cell == "chain":
            # The first proxy is told by the second, or gets half of a response.
            cause = "upstream-truncated-body" if kind in ("short", "stops") else "upstream-error-relayed"
            upstream = UP + ":8091"
        records.append({"type": "failing" if failed or cause == "retry-hidden" else "passed", "client": client,
                        "method": method, "target": target, "status": status, "cause": cause, "upstream": upstream, "whole": whole})
    # The second hop's own exchanges are not looked at.
    write(output, {"type": "capture", "scenario": "mixed", "proxy": cell, "point": "chain" if cell == "chain" else "any",
                   "failing": sum(one["type"] == "failing" for one in records)}, records)


def client(truth, output):
    head, *records = [json.loads(line) for line in open(truth)]
    for one in records:
        if one["cause"] == "retry-hidden":
            one["type"] = "passed"
        elif one["cause"] != "client-gave-up":
            one["really"], one["cause"], one["upstream"] = one["cause"], "upstream-leg-not-captured", None
    head.update(point="client", failing=sum(one["type"] == "failing" for one in records))
    write(output, head, records)


def write(output, head, records):
    with open(output, "w") as file:
        for one in [head, *records]:
            file.write(json.dumps(one) + "\n")


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
