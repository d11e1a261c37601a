#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A bad line between two machines: packets are lost, late, doubled and out of order, by a seed.

    relay.py HERE:PORT=THERE:PORT…

Each pair is an address of this machine and, at its other end, who may send to it; what comes at the first
of two neighbouring pairs goes to the other end of the second, and back. A line of JSON on standard input
says how bad it is from now on (names below); each is answered by a line with what happened until then.
"""

import heapq
import json
import random
import select
import socket
import sys
import time


class Line:
    """How bad it is; all of it per packet."""

    loss = 0.0  # share that never comes
    delay_ms = 20.0
    jitter_ms = 0.0  # mean of an exponential on top: who is later than the next one is out of order
    held_back = 0.0  # share that waits for another 30 ms
    doubled = 0.0

    def __init__(self, n_ways, seed=1, **words):
        # Of its own for each way, so that one does not depend on when packets of others come.
        self.randoms = [random.Random(f"{seed} {way}") for way in range(n_ways)]
        self.__dict__.update(words)

    def delays(self, way):
        """Of each copy, seconds; none when it is lost."""
        draw = self.randoms[way].random
        lost, held, doubled = draw() < self.loss, draw() < self.held_back, draw() < self.doubled
        ms = self.delay_ms + self.randoms[way].expovariate(1.0) * self.jitter_ms + 30.0 * held
        return [] if lost else [ms / 1000.0] * (1 + doubled)


def address(text):
    host, _, port = text.rpartition(":")
    return host, int(port)


def main():
    pairs = [tuple(address(end) for end in word.split("=")) for word in sys.argv[1:]]
    sockets = []
    for here, _ in pairs:
        sockets.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        sockets[-1].bind(here)
    line, due, figures, n = Line(len(pairs)), [], {"packets": 0, "lost": 0}, 0
    print("ready", flush=True)
    while True:
        wait = max(0.0, due[0][0] - time.monotonic()) if due else None
        for source in select.select([sys.stdin, *sockets], [], [], wait)[0]:
            if source is sys.stdin:
                text = sys.stdin.readline()
                if not text:
                    return
                line = Line(len(pairs), **json.loads(text))
                print(json.dumps({**figures, "waiting": len(due)}), flush=True)
                figures = {"packets": 0, "lost": 0}
                continue
            data = source.recv(4096)
            way = sockets.index(source)
            delays = line.delays(way)
            figures["packets"] += 1
            figures["lost"] += not delays
            for delay in delays:
                n += 1
                heapq.heappush(due, (time.monotonic() + delay, n, way ^ 1, data))
        while due and due[0][0] <= time.monotonic():
            _, _, to, data = heapq.heappop(due)
            sockets[to].sendto(data, pairs[to][1])


if __name__ == "__main__":
    main()
