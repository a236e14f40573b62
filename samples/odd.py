#!/usr/bin/env python3
"""Servers and clients that real programs will not play, for make.sh.

odd.py ROLE ADDRESS PORT serves one story and ends; roles of clients connect to ADDRESS PORT. What
was exchanged goes to standard output, a line an exchange, in the columns of expected.tsv behind
the file's name: client, server, method, target, status, octets of the request's body, octets of
the response's body, whether both messages were sent whole.
"""
import base64
import hashlib
import os
import socket
import struct
import sys
import time


def name(address):
    return "%s:%d" % address[:2]


def exchange(client, server, method, target, status, request=0, response=0, whole="yes"):
    print(client, server, method, target, status, request, response, whole, sep="\t", flush=True)


class Reader:
    """Reads heads and bodies from a socket."""

    def __init__(self, connection):
        self.connection, self.rest = connection, b""

    def more(self):
        octets = self.connection.recv(65536)
        self.rest += octets
        return bool(octets)

    def head(self):
        while b"\r\n\r\n" not in self.rest:
            if not self.more():
                return None
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        fields = {}
        for line in lines[1:]:
            key, value = line.split(":", 1)
            fields[key.strip().lower()] = value.strip()
        return lines[0].split(" ", 2), fields

    def exactly(self, octets):
        while len(self.rest) < octets and self.more():
            pass
        body, self.rest = self.rest[:octets], self.rest[octets:]
        return body

    def request(self):
        read = self.head()
        if read is None:
            return None
        (method, target, _), fields = read
        body = self.exactly(int(fields.get("content-length", 0)))
        return method, target, fields, len(body)


def response(status, body=b"", *fields):
    lines = ["HTTP/1.1 " + status, "Server: odd", *fields, "Content-Length: %d" % len(body)]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def reset(connection):
    """Closes with a RST instead of a FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def until_closed(connection):
    while connection.recv(65536):
        pass


def serve_reset(connection, client, server):
    """Reads the request and resets: an application that crashed."""
    method, target, _, octets = Reader(connection).request()
    time.sleep(0.15)
    reset(connection)
    exchange(client, server, method, target, "-", octets, "-")


def serve_short(connection, client, server):
    """Promises 4000 octets, sends 1200 and closes."""
    method, target, _, octets = Reader(connection).request()
    body = (b"0123456789" * 120)[:1200]
    promise = "HTTP/1.1 200 OK\r\nServer: odd\r\nContent-Type: text/plain\r\nContent-Length: 4000\r\n\r\n"
    connection.sendall(promise.encode() + body)
    connection.close()
    exchange(client, server, method, target, 200, octets, len(body), "no")


def serve_slow(connection, client, server):
    """Thinks for 1.2 s."""
    reader = Reader(connection)
    method, target, _, octets = reader.request()
    time.sleep(1.2)
    body = b'{"report":"ready"}\n'
    connection.sendall(response("200 OK", body, "Content-Type: application/json"))
    exchange(client, server, method, target, 200, octets, len(body))
    until_closed(connection)


def serve_stall(connection, client, server):
    """Reads the request and never answers."""
    method, target, _, octets = Reader(connection).request()
    exchange(client, server, method, target, "-", octets, "-")
    until_closed(connection)


def serve_race(connection, client, server):
    """Answers one request and resets at the next: an idle time-out shorter than the proxy's."""
    reader = Reader(connection)
    method, target, _, octets = reader.request()
    body = b"first\n"
    connection.sendall(response("200 OK", body))
    exchange(client, server, method, target, 200, octets, len(body))
    method, target, _, octets = reader.request()
    reset(connection)
    exchange(client, server, method, target, "-", octets, "-")


def serve_trailers(connection, client, server):
    """Sends three chunks, one with an extension, and two trailer fields."""
    method, target, _, octets = Reader(connection).request()
    chunks = [b"first chunk\n", b"second chunk, somewhat longer\n", b"end\n"]
    head = ("HTTP/1.1 200 OK\r\nServer: odd\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n"
            "Trailer: Server-Timing, Content-MD5\r\n\r\n")
    connection.sendall(head.encode())
    for number, chunk in enumerate(chunks):
        extension = b";note=hi" if number == 1 else b""
        connection.sendall(b"%x%s\r\n%s\r\n" % (len(chunk), extension, chunk))
        time.sleep(0.05)
    digest = base64.b64encode(hashlib.md5(b"".join(chunks)).digest())
    connection.sendall(b"0\r\nServer-Timing: db;dur=53\r\nContent-MD5: " + digest + b"\r\n\r\n")
    exchange(client, server, method, target, 200, octets, sum(map(len, chunks)))
    until_closed(connection)


def serve_ok(connection, client, server):
    """Answers every request with what its path asks for: /N makes N octets."""
    reader = Reader(connection)
    while request := reader.request():
        method, target, _, octets = request
        body = b"x" * int(target.rsplit("/", 1)[1])
        connection.sendall(response("200 OK", body))
        exchange(client, server, method, target, 200, octets, len(body))


WEBSOCKET_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 1.3


def frame(opcode, payload, mask=b""):
    head = bytes([0x80 | opcode, (0x80 if mask else 0) | len(payload)]) + mask
    if mask:
        payload = bytes(octet ^ mask[index % 4] for index, octet in enumerate(payload))
    return head + payload


def serve_websocket(connection, client, server):
    """Switches protocols, greets, answers what it hears, closes."""
    reader = Reader(connection)
    method, target, fields, octets = reader.request()
    accept = base64.b64encode(hashlib.sha1(fields["sec-websocket-key"].encode() + WEBSOCKET_GUID).digest())
    connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
    exchange(client, server, method, target, 101, octets, 0)
    connection.sendall(frame(1, b"welcome to shop.example"))
    while True:
        head = reader.exactly(6)
        payload = bytes(o ^ head[2 + i % 4] for i, o in enumerate(reader.exactly(head[1] & 0x7F)))
        opcode = head[0] & 0x0F
        # A ping (9) is answered by a pong (10), a close (8) by a close.
        connection.sendall(frame(10 if opcode == 9 else opcode, payload))
        if opcode == 8:
            return connection.close()


def client_websocket(connection):
    connection.sendall(b"GET /live HTTP/1.1\r\nHost: shop.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                       b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
    reader = Reader(connection)
    reader.head()
    for opcode, payload in [(1, b"price of 42?"), (9, b"still there?"), (8, struct.pack("!H", 1000))]:
        time.sleep(0.05)
        connection.sendall(frame(opcode, payload, b"\x11\x22\x33\x44"))
    until_closed(connection)


def client_pipeline(connection):
    """Sends four requests in two writes before it reads anything."""
    targets = ["/items/1.json", "/items/2.json", "/missing", "/items/3.json"]
    client, server = name(connection.getsockname()), name(connection.getpeername())
    asked = [("GET %s HTTP/1.1\r\nHost: shop.example\r\n%s\r\n"
              % (target, "Connection: close\r\n" if target == targets[-1] else "")).encode() for target in targets]
    connection.sendall(asked[0] + asked[1] + asked[2][:20])
    connection.sendall(asked[2][20:] + asked[3])
    reader = Reader(connection)
    for target in targets:
        (_, status, _), fields = reader.head()
        body = reader.exactly(int(fields["content-length"]))
        exchange(client, server, "GET", target, status, 0, len(body))
    until_closed(connection)


def serve_tunnel(connection, client, server):
    """A CONNECT proxy for one tunnel, to wherever the client asks in 10.0.0.0/8."""
    method, target, _, octets = Reader(connection).request()
    host, port = target.rsplit(":", 1)
    assert host.startswith("10."), host
    with socket.create_connection((host, int(port))) as far:
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        exchange(client, server, method, target, 200, octets, 0)
        if os.fork() == 0:
            while octets := far.recv(65536):
                connection.sendall(octets)
            os._exit(0)
        while octets := connection.recv(65536):
            far.sendall(octets)
        far.shutdown(socket.SHUT_WR)
        os.wait()


def main(role, address, port):
    if role.startswith("client-"):
        with socket.create_connection((address, int(port)), source_address=("", 50000)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return globals()[role.replace("-", "_")](connection)
    connections = 1
    if "*" in role:
        role, connections = role.split("*")
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, int(port)))
        listener.listen()
        for _ in range(int(connections)):
            connection, client = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            server = name(connection.getsockname())
            globals()["serve_" + role](connection, name(client), server)
            connection.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
