#!/usr/bin/env python3
"""proxies.py PROXY DIRECTORY writes the configuration of one proxy, or of the hops behind it, for all
the pools that it can have, at 10.1.0.1:80, into DIRECTORY. Where a proxy's own default matters to
a failure (retries, pooling, what it adds to requests), the default is kept.
"""
import math
import pathlib
import sys

from scenarios import POOLS

ADDRESS = "10.1.0.1:80"


def pools(proxy):
    return [(name, pool) for name, pool in POOLS.items() if proxy in pool.only]


def ms(seconds):
    return "%dms" % (seconds * 1000)


def nginx(directory):
    upstreams, locations = [], []
    for name, pool in pools("nginx"):
        lines = []
        if pool.local == "deny":
            locations.append("location /%s/ { return 503; }" % name)
            continue
        marks = "" if pool.marks else " max_fails=0"
        servers = "".join("server %s%s; " % (server, " down" if pool.local == "down" else marks) for server in pool.servers)
        upstreams.append("upstream %s { %s%s}" % (name, servers, "keepalive 32; " if pool.keep else ""))
        if pool.local == "limit":
            lines.append("limit_req zone=slow;")
        if pool.keep:
            lines.append('proxy_http_version 1.1; proxy_set_header Connection "";')
        if pool.rewrite:
            lines.append("proxy_set_header Host inside.example; proxy_set_header X-Request-ID $request_id;")
        lines.append("proxy_connect_timeout %s; proxy_read_timeout %s;" % (ms(pool.connect), ms(pool.read)))
        lines.append("proxy_pass http%s://%s%s;" % ("s" if pool.tls else "", name, "/" if pool.rewrite else ""))
        locations.append("location /%s/ { %s }" % (name, " ".join(lines)))
    (directory / "nginx.conf").write_text("""daemon off; pid %(d)s/nginx.pid; worker_processes 1; error_log %(d)s/error.log info;
events { worker_connections 256; }
http {
    client_body_temp_path %(d)s/body; proxy_temp_path %(d)s/proxy; fastcgi_temp_path %(d)s/fastcgi;
    uwsgi_temp_path %(d)s/uwsgi; scgi_temp_path %(d)s/scgi;
    log_format lab '$remote_addr:$remote_port "$request" $status upstream=[$upstream_addr] '
                   'upstream_status=[$upstream_status] upstream_time=[$upstream_response_time]';
    access_log %(d)s/access.log lab;
    limit_req_zone $server_port zone=slow:64k rate=1r/m;
    %(upstreams)s
    server { listen %(address)s; %(locations)s }
}
""" % {"d": directory, "address": ADDRESS, "upstreams": "\n    ".join(upstreams), "locations": "\n        ".join(locations)})


HAPROXY = """global
    log stdout format raw local0
defaults
    mode http
    log global
    option httplog
    timeout client 10s
    timeout connect 3s
    timeout server 3s
"""


def haproxy(directory):
    uses, backends = [], []
    for name, pool in pools("haproxy"):
        if pool.local == "deny":
            uses.append("    http-request deny deny_status 503 if { path_beg /%s/ }" % name)
            continue
        uses.append("    use_backend %s if { path_beg /%s/ }" % (name, name))
        lines = ["backend " + name, "    timeout connect " + ms(pool.connect), "    timeout server " + ms(pool.read)]
        if pool.again:
            # Every failure that HAProxy can try again; the first goes to the other server at once.
            lines += ["    retry-on all-retryable-errors", "    option redispatch 1", "    retries 2", "    balance first"]
        if pool.rewrite:
            lines += ["    http-request set-path %%[path,regsub(^/%s/,/)]" % name, "    http-request set-header Host inside.example",
                      "    http-request set-header X-Request-ID %[uuid]"]
        if pool.local == "queue":
            lines.append("    timeout queue 400ms")
        for nth, server in enumerate(pool.servers):
            options = " ssl verify none" if pool.tls else ""
            options += {"down": " disabled", "queue": " maxconn 1"}.get(pool.local, "")
            if pool.again:
                options += " maxconn 100"
            if pool.marks:
                options += " check port 9000 inter 60s rise 100 observe layer4 error-limit 1 on-error mark-down"
            lines.append("    server s%d %s%s" % (nth + 1, server, options))
        backends.append("\n".join(lines))
    (directory / "haproxy.cfg").write_text(HAPROXY + "frontend shop\n    bind %s\n" % ADDRESS + "\n".join(
        [use for use in uses if "deny" in use] + [use for use in uses if "deny" not in use]) + "\n" + "\n".join(backends) + "\n")


def hops(directory):
    """The second proxies: beside the first one, on the loopback, and on the way to the origin."""
    (directory / "hop.cfg").write_text(HAPROXY + """    retries 0
listen beside
    bind 127.0.0.1:8085
    server dead 10.2.0.2:9001
""")
    (directory / "chain.cfg").write_text(HAPROXY + """    retries 0
listen refused
    bind 10.2.0.2:8090
    server dead 10.4.0.2:9001
listen mute
    bind 10.2.0.2:8091
    timeout server 1s
    server mute 10.4.0.2:9009
listen healthy
    bind 10.2.0.2:8092
    server healthy 10.4.0.2:9000
""")


def apache(directory):
    blocks = []
    for name, pool in pools("apache"):
        if pool.local == "deny":
            blocks.append('RedirectMatch 503 "^/%s/"' % name)
            continue
        scheme = "https" if pool.tls else "http"
        # retry=0: without it, a server that failed once is not tried again for a minute.
        options = "connectiontimeout=%s timeout=%d" % (ms(pool.connect), math.ceil(pool.read)) + ("" if pool.marks else " retry=0")
        path = "/" if pool.rewrite else "/%s/" % name
        if pool.again or pool.local == "down":
            status = " status=+D" if pool.local == "down" else ""
            members = "\n".join("    BalancerMember %s://%s route=s%d %s%s" % (scheme, server, nth + 1, options, status)
                                for nth, server in enumerate(pool.servers))
            blocks.append("<Proxy balancer://%s>\n%s\n    ProxySet lbmethod=byrequests%s\n</Proxy>\nProxyPass /%s/ balancer://%s%s"
                          % (name, members, " forcerecovery=Off" if pool.marks else "", name, name, path))
        else:
            blocks.append("ProxyPass /%s/ %s://%s%s %s" % (name, scheme, pool.servers[0], path, options))
        if pool.rewrite:
            blocks.append('<Location /%s/>\n    RequestHeader set X-Request-ID "%%{UNIQUE_ID}e"\n    RequestHeader set Host inside.example\n'
                          '    ProxyPreserveHost On\n</Location>' % name)
    modules = "mpm_event authz_core alias unique_id headers slotmem_shm socache_shmcb ssl proxy proxy_http proxy_balancer lbmethod_byrequests"
    (directory / "apache.conf").write_text("""ServerRoot %(d)s
ServerName shop.example
PidFile %(d)s/apache.pid
DefaultRuntimeDir %(d)s
Mutex file:%(d)s default
Listen %(address)s
%(modules)s
User www-data
Group www-data
StartServers 1
ServerLimit 1
ThreadsPerChild 64
MaxRequestWorkers 64
ErrorLog %(d)s/error.log
ErrorLogFormat "[%%{cu}t] [%%-m:%%l] [client %%a] %%M"
LogLevel info
LogFormat "%%a:%%{remote}p \\"%%r\\" %%>s sent=%%B us=%%D worker=%%{BALANCER_WORKER_NAME}e" lab
CustomLog %(d)s/access.log lab
DocumentRoot %(d)s
SSLProxyEngine On
SSLProxyVerify none
SSLProxyCheckPeerName off
SSLProxyCheckPeerCN off
SSLProxyCheckPeerExpire off
%(blocks)s
""" % {"d": directory, "address": ADDRESS, "blocks": "\n".join(blocks),
       "modules": "\n".join("LoadModule %s_module /usr/lib/apache2/modules/mod_%s.so" % (m, m) for m in modules.split())})


def caddy(directory):
    handles = []
    for name, pool in pools("caddy"):
        if pool.local == "deny":
            handles.append('handle /%s/* {\n respond "no" 503\n}' % name)
            continue
        proxy = ["transport http {", " dial_timeout %s" % ms(pool.connect), " response_header_timeout %s" % ms(pool.read),
                 " read_timeout %s" % ms(pool.read), " max_response_header 8KiB"]
        proxy += [" tls", " tls_insecure_skip_verify"] if pool.tls else []
        proxy.append("}")
        if pool.again:
            proxy += ["lb_policy first", "lb_try_duration 500ms", "lb_try_interval 100ms", "fail_duration %s" % ("30s" if pool.marks else "400ms")]
        if pool.rewrite:
            proxy += ["header_up Host inside.example", "header_up X-Request-ID {http.request.uuid}"]
        handles.append("%s /%s/* {\nreverse_proxy %s {\n%s\n}\n}" % (
            "handle_path" if pool.rewrite else "handle", name, " ".join(pool.servers), "\n".join(proxy)))
    (directory / "Caddyfile").write_text("""{
 admin off
 auto_https off
}
:80 {
 bind 10.1.0.1
 log {
  output file %s/access.log
 }
%s
}
""" % (directory, "\n".join(handles)))


if __name__ == "__main__":
    globals()[sys.argv[1]](pathlib.Path(sys.argv[2]))
