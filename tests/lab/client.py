#!/usr/bin/env python3
"""client.py SCENARIO OUTPUT [PID…] plays one scenario against the proxy at 10.1.0.1:80 and writes what
the client saw: a JSON line for each exchange. The PIDs are the proxy's: they are stopped for a
moment where a step asks for it.
"""
import json
import os
import pathlib
import re
import signal
import socket
import sys
import threading
import time

import scenarios

PROXY = ("10.1.0.1", 80)
lock = threading.Lock()
saw = []


class Answer:
    """The status and what became of the body; a reader of its own, which takes what proxies send."""

    def __init__(self, connection, method):
        self.connection, self.rest = connection, b""
        self.status, self.whole, self.octets, self.close, self.odd = None, False, 0, True, None
        head = self.head()
        if head is None:
            return
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split(" ")[1])
        fields = {key.strip().lower(): value.strip() for key, _, value in (line.partition(":") for line in lines[1:])}
        self.close = fields.get("connection", "").lower() == "close"
        if fields.get("transfer-encoding", "").lower() == "chunked":
            self.whole = self.chunks()
        elif "content-length" in fields:
            self.whole = self.exactly(int(fields["content-length"]))
        else:
            self.close = True
            while self.more():
                pass
            self.octets, self.whole = len(self.rest), True

    def more(self):
        """Reads more; false at the end of the connection, or of patience with what is no HTTP."""
        try:
            octets = self.connection.recv(65536)
        except TimeoutError:
            if self.odd is None:
                raise
            return False
        self.rest += octets
        return bool(octets)

    def head(self):
        """None where there is no answer, or one without a status line (nginx relays such octets)."""
        while len(self.rest) < 13 and b"HTTP/1".startswith(self.rest[:6]):
            if not self.more():
                return None
        if not re.match(rb"HTTP/1\.[01] [0-9]{3} ", self.rest):
            self.connection.settimeout(0.5)
            self.odd = self.rest[:40].decode("latin-1")
            while self.more():
                pass
            return None
        return self.until(b"\r\n\r\n")

    def until(self, end):
        while end not in self.rest:
            if not self.more():
                return None
        part, self.rest = self.rest.split(end, 1)
        return part

    def exactly(self, octets):
        while len(self.rest) < octets:
            if not self.more():
                self.octets += len(self.rest)
                return False
        self.rest = self.rest[octets:]
        self.octets += octets
        return True

    def chunks(self):
        while (size := self.until(b"\r\n")) is not None:
            octets = int(size, 16)
            if octets == 0:
                return self.exactly(2)
            if not self.exactly(octets) or self.until(b"\r\n") is None:
                return False
        return False


def freeze(pids, seconds, stopped):
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    for thread in [thread for pid in pids for thread in pathlib.Path("/proc/%d/task" % pid).iterdir()]:
        while (thread / "stat").read_text().rsplit(")", 1)[1].split()[0] != "T":
            time.sleep(0.001)
    stopped.set()
    time.sleep(seconds)
    for pid in pids:
        os.kill(pid, signal.SIGCONT)


def play(number, thread, pids):
    connection = None
    for nth, step in enumerate(thread):
        time.sleep(step.wait)
        if step.new and connection:
            connection.close()
            connection = None
        if connection is None:
            connection = socket.create_connection(PROXY, source_address=("10.1.0.2", 0))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client = "%s:%d" % connection.getsockname()
        head = "%s %s HTTP/1.1\r\nHost: shop.example\r\nUser-Agent: curl\r\nAccept: */*\r\n" % (step.method, step.target)
        if step.body:
            head += "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n" % len(step.body)
        if step.frozen:
            stopped = threading.Event()
            threading.Thread(target=freeze, args=(pids, step.frozen, stopped)).start()
            stopped.wait()
        connection.settimeout(step.gives_up or 30)
        began, status, answer, ended = time.time(), None, None, "answered"
        try:
            connection.sendall(head.encode() + b"\r\n" + step.body)
            answer = Answer(connection, step.method)
            status = answer.status
            if answer.odd is not None:
                ended = "answered without a status line: %r" % answer.odd
            elif not answer.whole:
                ended = "closed by the proxy"
        except TimeoutError:
            ended = "gave up"
        except ConnectionError:
            ended = "reset by the proxy"
        with lock:
            saw.append({"step": [number, nth], "client": client, "proxy": "%s:%d" % PROXY, "method": step.method, "target": step.target,
                        "status": status, "whole": bool(answer and answer.whole), "octets": answer.octets if answer else None,
                        "ended": ended, "began": began, "took": round(time.time() - began, 4)})
        if ended != "answered" or answer.close:
            connection.close()
            connection = None
    if connection:
        connection.close()


def main(name, output, *pids):
    threads = [threading.Thread(target=play, args=(number, thread, [int(pid) for pid in pids]))
               for number, thread in enumerate(scenarios.SCENARIOS[name].threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with open(output, "w") as file:
        for one in sorted(saw, key=lambda one: one["began"]):
            file.write(json.dumps(one) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
