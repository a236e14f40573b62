#!/usr/bin/env python3
"""A bridge between two interfaces that loses and delays frames, for kernels without netem.

lossy_bridge.py LEFT RIGHT drop=3,9 : loses the 3rd and the 9th frame with TCP payload that goes
from RIGHT to LEFT. lossy_bridge.py LEFT RIGHT loss=0.005 late=0.01 seed=1 : loses and delays such
shares of all frames. It runs until it is terminated and then says what it did.
"""
import heapq
import random
import select
import signal
import socket
import sys
import time

LATE_SECONDS = 0.003


def payload_octets(frame):
    """TCP payload of an IPv4 frame on Ethernet."""
    if frame[12:14] != b"\x08\x00" or frame[23] != 6:
        return 0
    header = (frame[14] & 15) * 4
    total = int.from_bytes(frame[16:18], "big")
    return total - header - (frame[14 + header + 12] >> 4) * 4


def main(left, right, *options):
    options = dict(option.split("=") for option in options)
    drop = {int(number) for number in options.get("drop", "").split(",") if number}
    loss, late = float(options.get("loss", 0)), float(options.get("late", 0))
    choose = random.Random(int(options.get("seed", 1)))
    ends = []
    for interface in (left, right):
        end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        end.bind((interface, 0))
        ends.append(end)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with_payload, lost, delayed, passed, waiting = 0, 0, 0, 0, []
    print("ready", flush=True)
    try:
        while True:
            timeout = max(0, waiting[0][0] - time.monotonic()) if waiting else None
            for end in select.select(ends, [], [], timeout)[0]:
                frame, (_, _, kind, *_) = end.recvfrom(65536)
                if kind == socket.PACKET_OUTGOING:
                    continue
                to = ends[1 - ends.index(end)]
                if end is ends[1] and payload_octets(frame) > 0:
                    with_payload += 1
                    if with_payload in drop:
                        lost += 1
                        continue
                chance = choose.random()
                if chance < loss:
                    lost += 1
                elif chance < loss + late:
                    delayed += 1
                    heapq.heappush(waiting, (time.monotonic() + LATE_SECONDS, delayed, to, frame))
                else:
                    passed += 1
                    to.send(frame)
            while waiting and waiting[0][0] <= time.monotonic():
                _, _, to, frame = heapq.heappop(waiting)
                to.send(frame)
    finally:
        print("passed", passed, "lost", lost, "delayed", delayed, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
