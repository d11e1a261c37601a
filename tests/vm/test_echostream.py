# SPDX-License-Identifier: MIT
"""EchoStream's dialect on the simulated clock: the times that the older system keeps. A server of
our own speaks the other side."""

import socket
import threading
import time

import pytest

from echo import Driver
from echostream_server import EchoServer
from vm import in_guest

KEY = bytes(range(32))
CHANNELS = ["555", "556", "557", "558"]


def gaps(events):
    return [b.t - a.t for a, b in zip(events, events[1:])]


@in_guest(simulated=True)
def test_times_of_keep_alive():
    with EchoServer(key=KEY) as server, Driver(server.url, *CHANNELS) as driver:
        driver.wait_ready()
        time.sleep(100)  # the clock is what is tested
        for channel in CHANNELS:
            connects = server.texts("connect", channel)
            assert len(connects) == 10 or len(connects) == 11
            assert all(gap == pytest.approx(10.0, abs=0.1) for gap in gaps(connects))
        first = server.texts("connect")[:4]
        assert all(gap == pytest.approx(0.1, abs=0.05) for gap in gaps(first))
        opened = server.wait(lambda e: e.kind == "open")
        assert first[0].t - opened.t == pytest.approx(0.5, abs=0.05)
        alive = server.datagrams("keep_alive")
        assert alive[0].t - first[0].t < 0.1
        assert all(gap == pytest.approx(10.0, abs=0.1) for gap in gaps(alive)) and len(alive) >= 10

        # A key waits for none of these.
        for n in range(4):
            server.mark()
            at = time.monotonic()
            driver.transmit(n, True)
            assert server.wait(lambda e: e.verb == "transmit_started").t - at < 0.04
            driver.transmit(n, False)
            server.wait(lambda e: e.verb == "transmit_ended")


@in_guest(simulated=True)
def test_a_server_that_no_longer_answers():
    with EchoServer(key=KEY) as server, Driver(server.url, "555") as driver:
        driver.wait_ready()
        time.sleep(3)
        server.freeze()
        at = time.monotonic()
        end = at + 200
        while driver.status()["connected"] and time.monotonic() < end:
            time.sleep(0.5)
        # a ping after 20 s without a word, 20 s for its answer
        assert 30 < time.monotonic() - at < 50
        driver.wait_status(lambda s: s["opened"] == 2 and s["connected"])


class Refuser:
    """Takes connections at a port, and closes them without a word."""

    def __init__(self, port):
        self.listener = socket.create_server(("127.0.0.1", port), reuse_port=False)
        self.times = []
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.times.append(time.monotonic())
            connection.close()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()


@in_guest(simulated=True)
def test_times_of_reconnecting():
    with EchoServer(key=KEY) as server, Driver(server.url, "555") as driver:
        driver.wait_ready()
        for _ in range(2):  # and from the beginning again once it was up
            server.stop()
            at = time.monotonic()
            refuser = Refuser(server.port)
            while len(refuser.times) < 9:
                time.sleep(1)
            times = refuser.times[:9]
            refuser.close()
            delays = [b - a for a, b in zip([at, *times], times)]
            for delay, wanted in zip(delays, [1, 2, 4, 8, 16, 32, 60, 60, 60]):
                assert 0.8 * wanted - 0.05 <= delay <= wanted + 0.1, delays
            opened = driver.status()["opened"]
            server.start()
            at = time.monotonic()
            while driver.status()["opened"] == opened:
                time.sleep(1)
            assert time.monotonic() - at < 62
            time.sleep(5)
