#!/usr/bin/env python3
"""Servers that fail in known ways, one a port. upstreams.py LOG CERTIFICATE KEY ADDRESS… listens at
each address on every port of ROLES until it is stopped, and writes what it did to LOG: a JSON line
for each request or connection, with the proxy's own address of that connection.
"""
import json
import os
import pathlib
import select
import socket
import ssl
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../samples"))
from odd import Reader, name, reset, response  # noqa: E402

lock = threading.Lock()
log = None


class Connection:
    """One accepted connection: reads requests, sends octets, writes the log."""

    def __init__(self, raw, peer, server):
        self.raw, self.reader, self.peer, self.server = raw, Reader(raw), name(peer), name(server)
        self.nth, self.method, self.target = 0, None, None

    def request(self):
        read = self.reader.request()
        if read is None:
            return False
        self.method, self.target, self.fields, self.octets = read
        self.nth += 1
        return True

    def send(self, octets):
        if isinstance(octets, str):
            octets = octets.encode("latin-1")
        self.raw.sendall(octets)

    def did(self, what, status=None):
        with lock:
            log.write(json.dumps({"at": time.time(), "upstream": self.server, "from": self.peer, "nth": self.nth,
                                  "method": self.method, "target": self.target, "status": status, "did": what}) + "\n")
            log.flush()

    def drain(self):
        """Reads until the other side has closed, so that closing sends FIN and no RST."""
        while self.raw.recv(65536):
            pass


def body_for(target):
    return ("{\"target\":\"%s\",\"rows\":\"%s\"}\n" % (target, "x" * 200)).encode()


def ok(c):
    """Answers every request: /…/status/503… by that status, /…/slow/300… after 300 ms."""
    while c.request():
        path = c.target.split("?")[0].split("/")
        status = "200 OK"
        if "slow" in path:
            time.sleep(int(path[path.index("slow") + 1]) / 1000)
        if "status" in path:
            code = path[path.index("status") + 1]
            status = code + " " + {"500": "Internal Server Error", "502": "Bad Gateway",
                                   "503": "Service Unavailable", "504": "Gateway Timeout"}[code]
        c.send(response(status, body_for(c.target), "Content-Type: application/json"))
        c.did("answered", int(status[:3]))


def closes(c):
    c.request()
    time.sleep(0.02)
    c.did("read the request, closed")


def closes_at_once(c):
    c.did("accepted, closed without reading")


def resets(c):
    c.request()
    time.sleep(0.02)
    reset(c.raw)
    c.did("read the request, reset")


def mid_header(c):
    c.request()
    c.send("HTTP/1.1 200 OK\r\nServer: odd\r\nContent-Type: application/json\r\nX-Trace: 4af")
    time.sleep(0.02)
    c.did("closed inside the head")


def mid_header_reset(c):
    c.request()
    c.send("HTTP/1.1 200 OK\r\nServer: odd\r\nContent-Type: application/json\r\nX-Trace: 4af")
    time.sleep(0.1)
    reset(c.raw)
    c.did("reset inside the head")


LENGTH = "HTTP/1.1 200 OK\r\nServer: odd\r\nContent-Type: text/plain\r\nContent-Length: 4000\r\n\r\n"
CHUNKED = "HTTP/1.1 200 OK\r\nServer: odd\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"


def short(c):
    c.request()
    c.send(LENGTH + "0123456789" * 120)
    time.sleep(0.05)
    c.did("sent 1200 of 4000 octets, closed", 200)


def short_chunked(c):
    c.request()
    c.send(CHUNKED + "28\r\n" + "0123456789" * 4 + "\r\n28\r\n0123456789")
    time.sleep(0.05)
    c.did("closed inside the second chunk", 200)


def short_no_last_chunk(c):
    c.request()
    c.send(CHUNKED + "28\r\n" + "0123456789" * 4 + "\r\n")
    time.sleep(0.05)
    c.did("closed without the last chunk", 200)


def short_reset(c):
    c.request()
    c.send(LENGTH + "0123456789" * 120)
    time.sleep(0.1)
    reset(c.raw)
    c.did("sent 1200 of 4000 octets, reset", 200)


def mute(c):
    c.request()
    c.did("read the request, never answered")
    c.drain()


def late(c):
    """Answers after every proxy here has given up."""
    c.request()
    time.sleep(2.6)
    try:
        c.send(response("200 OK", body_for(c.target)))
        c.did("answered after 2.6 s", 200)
    except OSError as error:
        c.did("answer after 2.6 s failed: %s" % error)


def mute_in_head(c):
    c.request()
    c.send("HTTP/1.1 200 OK\r\nServer: odd\r\nContent-")
    c.did("silent inside the head")
    c.drain()


def mute_in_body(c):
    c.request()
    c.send(LENGTH + "0123456789" * 120)
    c.did("sent 1200 of 4000 octets, then silent", 200)
    c.drain()


def ssh(c):
    c.send("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")
    c.request()
    c.send("Invalid SSH identification string.\r\n")
    c.did("spoke SSH")


def redis(c):
    c.request()
    c.send("-ERR wrong number of arguments for 'get' command\r\n")
    c.did("spoke Redis")
    time.sleep(0.02)


def binary(c):
    c.request()
    c.send(bytes([0x4A, 0, 0, 0, 0x0A, 0x38, 0x2E, 0x30, 0x2E, 0x33, 0x36, 0, 9, 0, 0, 0]) * 4)
    c.did("sent binary octets")
    time.sleep(0.02)


def tls(c):
    """A TLS server of the system's own library; what it makes of plain HTTP is its own affair."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    try:
        c.raw = context.wrap_socket(c.raw, server_side=True)
    except (ssl.SSLError, OSError) as error:
        c.did("TLS handshake failed: %s" % (getattr(error, "reason", None) or error))
        return
    c.reader = Reader(c.raw)
    ok(c)


def tls_alert(c):
    """What many TLS servers say to plain HTTP: a fatal alert (unexpected_message), then FIN."""
    c.raw.recv(65536)
    c.send(bytes([0x15, 3, 3, 0, 2, 2, 10]))
    c.did("answered plain HTTP with a TLS alert")


def tls_says_400(c):
    """What nginx and Go do: they notice plain HTTP on a TLS port and say so in plain HTTP."""
    c.request()
    c.send("HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")
    c.did("answered plain HTTP with 400", 400)


def plain(c):
    """A plain server that gets a ClientHello: it answers 400 in plain HTTP."""
    first = c.raw.recv(65536)
    c.send("HTTP/1.1 400 Bad Request\r\nServer: odd\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    c.did("got octet 0x%02x, a TLS record; answered 400 in plain HTTP" % first[0])
    time.sleep(0.02)


def plain_closes(c):
    first = c.raw.recv(65536)
    c.did("got octet 0x%02x, a TLS record; closed" % first[0])


def answers(text, what):
    """A whole answer that a proxy may refuse; the connection stays open for a moment."""
    def role(c):
        c.request()
        c.send(text)
        c.did(what)
        time.sleep(0.3)
    return role


OK = "HTTP/1.1 200 OK\r\nServer: odd\r\n"
big_head = answers(OK + "X-Big: " + "b" * 18000 + "\r\nContent-Length: 3\r\n\r\nok\n", "head of 18 kB")
two_lengths = answers(OK + "Content-Length: 3\r\nContent-Length: 5\r\n\r\nok\n..", "two lengths, 3 and 5")
length_and_chunked = answers(OK + "Content-Length: 13\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nok\n\r\n0\r\n\r\n",
                             "length and chunked")
bad_header = answers(OK + "this line has no colon\r\nContent-Length: 3\r\n\r\nok\n", "header line without colon")
space_header = answers(OK + "X-Foo : bar\r\nContent-Length: 3\r\n\r\nok\n", "space before the colon")
nul_header = answers(OK + "X-Foo: b\0r\r\nContent-Length: 3\r\n\r\nok\n", "NUL in a header value")
bad_status = answers("HTTP/1.1 2OO OK\r\nServer: odd\r\nContent-Length: 3\r\n\r\nok\n", "status line with letters for digits")
bad_length = answers(OK + "Content-Length: 3x\r\n\r\nok\n", "length that is no number")
bad_coding = answers(OK + "Transfer-Encoding: zip\r\n\r\nok\n", "unknown transfer coding")
bad_chunk = answers(OK + "Transfer-Encoding: chunked\r\n\r\nzz\r\nok\n\r\n0\r\n\r\n", "chunk size that is no number")
bad_version = answers("HTTP/3.7 200 OK\r\nServer: odd\r\nContent-Length: 3\r\n\r\nok\n", "unknown version")


def race(action):
    """Answers the first request of a connection; at the next, without reading it, does this."""
    def role(c):
        c.request()
        c.send(response("200 OK", body_for(c.target)))
        c.did("answered", 200)
        # Nothing of the next request is read: an idle timer would not have looked either.
        if not c.reader.rest and not c.raw.recv(1, socket.MSG_PEEK):
            return
        c.nth, c.method, c.target = 2, None, None
        action(c)
    return role


def race_reset_now(c):
    reset(c.raw)
    c.did("reset the kept connection as the next request came")


def race_fin_now(c):
    c.raw.shutdown(socket.SHUT_WR)
    c.did("closed the kept connection as the next request came")
    time.sleep(0.05)


def idle(seconds):
    """Answers, and closes a connection that was idle for so long."""
    def role(c):
        while True:
            if not select.select([c.raw], [], [], seconds)[0]:
                c.raw.shutdown(socket.SHUT_WR)
                c.nth, c.method, c.target = c.nth + 1, None, None
                c.did("closed after %.1f s idle" % seconds)
                # What comes now is not read, so that closing answers it with a RST, as if closed at once.
                if select.select([c.raw], [], [], 2)[0] and c.raw.recv(1, socket.MSG_PEEK):
                    c.did("had closed when the next request came")
                return
            if not c.request():
                return
            c.send(response("200 OK", body_for(c.target)))
            c.did("answered", 200)
    return role


def second(action):
    """Answers the first request of a connection, reads the second, thinks, then does this."""
    def role(c):
        c.request()
        c.send(response("200 OK", body_for(c.target)))
        c.did("answered", 200)
        if c.request():
            time.sleep(0.3)
            action(c)
    return role


def second_resets(c):
    reset(c.raw)
    c.did("read the second request, thought for 0.3 s, reset")


def second_closes(c):
    c.did("read the second request, thought for 0.3 s, closed")


def full():
    """Never served: its queue is full from the start, so the kernel drops every SYN."""


def slow_accept():
    """Served once the kernel has dropped a SYN."""


ROLES = {
    9000: ok, 9002: full, 9003: closes, 9004: resets, 9005: mid_header, 9006: short, 9007: short_chunked,
    9008: short_reset, 9009: mute, 9010: late, 9011: mute_in_head, 9012: mute_in_body, 9013: ssh, 9014: redis,
    9015: tls, 9016: plain, 9017: big_head, 9018: two_lengths, 9019: length_and_chunked, 9020: bad_header,
    9021: bad_status, 9022: bad_chunk, 9023: nul_header, 9024: bad_length, 9025: bad_coding, 9026: space_header,
    9027: bad_version, 9028: short_no_last_chunk, 9029: mid_header_reset, 9030: race(race_reset_now),
    9031: race(race_fin_now), 9032: idle(0.4), 9033: second(second_closes), 9034: second(second_resets),
    9035: tls_alert, 9036: tls_says_400, 9037: plain_closes, 9038: binary, 9039: closes_at_once, 9040: slow_accept,
}


def overflows():
    """How many SYNs the kernel has dropped because a queue was full."""
    names, values = [line.split() for line in pathlib.Path("/proc/self/net/netstat").read_text().splitlines()
                     if line.startswith("TcpExt:")]
    return int(values[names.index("ListenOverflows")])


def fill(address, port):
    filler = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    filler.connect((address, port))
    return filler


def serve_slow_accept(listener, address, port):
    """Holds its queue full until a SYN was dropped, then accepts whatever comes, and fills it again."""
    while True:
        before = overflows()
        filler = fill(address, port)
        while overflows() == before:
            time.sleep(0.02)
        time.sleep(0.3)
        listener.accept()[0].close()
        filler.close()
        # The SYN may have been for another full queue: then nobody comes.
        listener.settimeout(1.5)
        try:
            raw, peer = listener.accept()
        except TimeoutError:
            continue
        finally:
            listener.settimeout(None)
        raw.settimeout(None)
        connection = Connection(raw, peer, raw.getsockname())
        connection.did("accepted at the second SYN")
        handle(ok, connection)


def handle(role, connection):
    try:
        connection.raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        role(connection)
    except OSError as error:
        connection.did("ended: %s" % error)
    finally:
        connection.raw.close()


def serve(role, listener):
    while True:
        raw, peer = listener.accept()
        connection = Connection(raw, peer, raw.getsockname())
        threading.Thread(target=handle, args=(role, connection), daemon=True).start()


def main():
    global log
    log = open(sys.argv[1], "w")
    fillers = []
    for address in sys.argv[4:]:
        for port, role in ROLES.items():
            listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address, port))
            listener.listen(0 if role in (full, slow_accept) else 128)
            if role is full:
                fillers.append((listener, fill(address, port)))
            elif role is slow_accept:
                if address == sys.argv[4]:
                    threading.Thread(target=serve_slow_accept, args=(listener, address, port), daemon=True).start()
                else:
                    listener.close()
            else:
                threading.Thread(target=serve, args=(role, listener), daemon=True).start()
    print("ready", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
