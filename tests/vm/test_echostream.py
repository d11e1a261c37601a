# SPDX-License-Identifier: MIT
"""EchoStream's dialect on the simulated clock: ten minutes of talk under loss through the daemon, and
the times that the older system keeps. A server of our own speaks the other side."""

import json
import os
import pathlib
import socket
import statistics
import subprocess
import threading
import time
import urllib.request

import pytest

import witness
from echo import Driver
from echostream_server import EchoServer
from rig import Session, wait_until
from test_gpio import BCM, DEBOUNCE_NSEC, EdgeTimes, SimChip
from vm import in_guest

BUILD = pathlib.Path(os.environ["PARTYLINE_BUILD_DIR"])
KEY = bytes(range(32))
CHANNELS = ["555", "556", "557", "558"]
SECONDS = int(os.environ.get("PARTYLINE_ENDURANCE_SECONDS", "600"))
GUARD_SECONDS = 60
QUANTUM = 8192  # a cycle costs the guest system calls, a sample next to nothing

# Of talking, then nobody for a while, then the other station.
TALK_SECONDS, PAUSE_SECONDS = 9.0, 1.0
RATE = 48000
BLOCK = 4800  # tone-rows.c, as the rows
TONE_FRAMES = 24000
LEVEL_DB = -15.05  # RMS of a sine of amplitude 0.25


def gaps(events):
    return [b.t - a.t for a, b in zip(events, events[1:])]


def call(session, path, body=None):
    """One request; the JSON answer."""
    data = json.dumps(body).encode() if body is not None else None
    url = f"http://127.0.0.1:{session.http_port}{path}"
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=GUARD_SECONDS) as answer:
        return json.load(answer)


class Stations:
    """Two of four channels each in one daemon: what is said into channel n of one is to be heard on channel n
    of the other. Each has a connection of its own to the server."""

    def __init__(self, server):
        self.server = server
        opus = {"complexity": 0}
        gateway = [
            {
                "id": f"echo-{n + 1}",
                "endpoint": f"channel.{n + 1}",
                "protocol": "echostream",
                "opus": opus,
                "echostream": {"url": server.url + "/" * (n // 4), "channel_id": CHANNELS[n % 4], "user_name": f"Radio {n}"},
            }
            for n in range(8)
        ]
        self.session = Session(
            daemon=True,
            tablets=8,
            channels=8,
            quantum=QUANTUM,
            config={"gateway": {"streams": gateway}},
            drop_ins=witness.thrifty_drop_ins(),
        )

    def __enter__(self):
        self.session.start()
        straight = {c: {t: float(c == t) for t in range(1, 9)} for c in range(1, 9)}
        call(self.session, "/matrix", {"uplink": straight, "headroom_db": 0.0})
        for n in range(1, 9):
            self.session.check(["partylinectl", "mode", str(n), "momentary"])
        self.rows = subprocess.Popen(
            [BUILD / "tests/vm/partyline-tone-rows", "8"], env=self.session.env, stdout=subprocess.PIPE, text=True
        )
        self.lines = []
        self.reader = threading.Thread(target=self._read)
        self.reader.start()
        with self.session.graph() as graph:
            graph.wait_for(lambda g: g.node("partyline-tone-rows.hear"), "the rows")
        for n in range(1, 9):
            self._link(f"partyline-tone-rows.play:out_{n}", f"partyline.tablet.{n}:playback_MONO")
            self._link(f"partyline.channel.{n}:monitor_MONO", f"partyline-tone-rows.hear:in_{n}")
        for n in range(1, 9):
            wait_until(lambda n=n: self.status(n)["state"] == "running", f"stream {n}")
        return self

    def __exit__(self, *_):
        self.rows.terminate()
        self.reader.join()
        self.session.stop()

    def _link(self, output, to):
        wait_until(lambda: self.session.run(["pw-link", output, to]).returncode == 0, f"{output} to {to}")

    def _read(self):
        for line in self.rows.stdout:
            nsec, position, port, tone, level, share = line.split()
            self.lines.append((int(nsec) / 1e9, int(position), int(port), int(tone), float(level), float(share)))

    def status(self, n):
        return call(self.session, f"/api/streams/echo-{n}")["status"]

    def key(self, station, down):
        """All four keys of a station; the time before."""
        at = time.monotonic()
        for n in range(1, 5):
            n += 4 * station
            call(self.session, "/ptt/request" if down else "/ptt/release", {"tablet_id": n, "channel": n})
        return at

    def talk(self, station):
        """One talk, and the pause behind it; when it began and ended."""
        begin = self.key(station, True)
        time.sleep(TALK_SECONDS)  # its length is the test's, on the simulated clock
        end = self.key(station, False)
        time.sleep(PAUSE_SECONDS)
        return station, begin, end


def tone_at(port, position):
    return (position // TONE_FRAMES * 3 + (port - 1) * 2) % 8


def is_said(port, position, tone):
    """Whether the tone of a block was said up to 0.6 s ago by the port on the other side."""
    other = (port + 3) % 8 + 1
    return tone in {tone_at(other, position - BLOCK - late) for late in (0, 14400, 28800)}


def judge(stations, talks):
    """Each channel of the other station hears each talk: level and order, and nothing when nobody talks."""
    n_clear = []
    for station, begin, end in talks:
        for port in range(5 - 4 * station, 9 - 4 * station):
            where = (station, port, round(begin))
            blocks = [line for line in stations.lines if line[2] == port and begin < line[0] < end + PAUSE_SECONDS]
            clear = [line for line in blocks if line[5] > 0.9]
            # 100 ms are clear when none of three packets is lost and no tone ends within them.
            assert len(clear) >= 3 * TALK_SECONDS, (where, len(clear))
            n_clear.append(len(clear))
            wrong = [line for line in clear if not is_said(port, line[1], line[3])]
            assert not wrong, (where, wrong)
            assert len({line[3] for line in clear}) == 8, where
            level = statistics.median(line[4] for line in clear)
            assert abs(level - LEVEL_DB) < 0.5, (where, level)
            assert all(line[0] < end + 0.8 for line in blocks), (where, end, blocks[-5:])
    print(f"clear tenths of {TALK_SECONDS} s: {min(n_clear)} at least, {statistics.median(n_clear)} mostly")
    for t, _, port, *_ in stations.lines:
        station = 1 if port <= 4 else 0
        assert any(s == station and b < t < e + PAUSE_SECONDS for s, b, e in talks), (t, port)


@in_guest(simulated=True, memory="1G", guard_seconds=1800)
def test_ten_minutes_both_ways_under_loss():
    with EchoServer(key=KEY) as server, Stations(server) as stations:
        talks = [stations.talk(0), stations.talk(1)]  # with nothing lost
        judge(stations, talks)
        server.faults.loss = 0.05
        server.faults.replay = server.faults.truncate = server.faults.oversize = 0.01
        server.faults.foreign_channel = server.faults.foreign_source = server.faults.forge = 0.01
        while len(talks) * (TALK_SECONDS + PAUSE_SECONDS) < SECONDS:
            talks.append(stations.talk(len(talks) % 2))
            if len(talks) % 10 == 5:
                for text in ("", "{", "[1]", '{"udp_port":0,"udp_host":"x"}', '{"users_connected":7}', b"\x00\xff" * 999):
                    server.say(text)
                server.datagram(b"{" * 200)
                server.datagram(b"\xff" * 60000)
            if len(talks) % 20 == 10:
                server.stop()
                wait_until(lambda: "failed" in stations.status(1)["state"], "the loss of the server")
                server.start()
                for n in range(1, 9):
                    wait_until(lambda n=n: stations.status(n)["state"] == "running", f"stream {n}")
        time.sleep(1)  # the end of the last talk is heard as well; the clock is simulated
        judge(stations, talks)
        statuses = [stations.status(n) for n in range(1, 9)]
        counts = dict(server.counts)
        assert not server.datagrams("nonsense")
        for n, channel in enumerate(CHANNELS):
            said = [e for e in server.events if e.channel == channel and e.verb.startswith("transmit")]
            assert [e.verb for e in said] == ["transmit_started", "transmit_ended"] * len(talks), channel
            # At once: four requests, one after the other, and the way to the server.
            started = [e.t - begin for e, (_, begin, _) in zip(said[::2], talks)]
            print(f"channel {channel}: key to transmit_started {max(started) * 1000:.1f} ms at most")
            assert max(started) < 0.04, (n, started)

        n_received = sum(status["packets_received"] for status in statuses)
        n_lost = sum(status["lost"] for status in statuses)
        n_refused = sum(status["refused"] for status in statuses)
        print(f"{n_received} packets taken, {counts}, told missing {n_lost}, refused {n_refused}")
        assert n_received == counts["relayed"]
        # A loss shows by the time that passes; of those at the end of a talk nobody can know.
        assert 0.7 * counts["lost"] < n_lost < 1.3 * counts["lost"]


@in_guest(simulated=True)
def test_the_keys_of_a_raspberry_pi():
    """Edge of the pin to the WebSocket, and to the first packet of the audio."""
    quantum, frame = 128, 1920  # one is a part of the other
    chip = SimChip()
    streams = [
        {
            "id": f"echo-{n}",
            "endpoint": f"channel.{n}",
            "protocol": "echostream",
            "echostream": {"url": "", "channel_id": channel},
        }
        for n, channel in enumerate(CHANNELS, 1)
    ]
    with EchoServer(key=KEY) as server:
        for stream in streams:
            stream["echostream"]["url"] = server.url
        gateway = {"gpio": {"profile": "rpi-echostream"}, "streams": streams}
        with Session(
            daemon=True, tablets=4, channels=4, quantum=quantum, config={"gateway": gateway}, drop_ins=witness.thrifty_drop_ins()
        ) as session:
            for n in range(1, 5):
                wait_until(
                    lambda n=n: call(session, f"/api/streams/echo-{n}")["status"]["state"] == "running", f"stream {n}"
                )
            edges = EdgeTimes(chip)
            texts, packets = [], []
            for i in range(60):
                n = i % 4 + 1
                server.mark()
                at = edges.pull(BCM[n], 0)
                text = server.wait(lambda e: e.verb == "transmit_started")
                packet = server.wait(lambda e: e.kind == "audio")
                if at is not None:
                    edge = (at + DEBOUNCE_NSEC) / 1e9
                    texts.append(text.t - edge)
                    packets.append(packet.t - edge)
                time.sleep(0.05)  # how long the key is held
                edges.pull(BCM[n], 1)
                server.wait(lambda e: e.verb == "transmit_ended")
                heard = [e for e in server.events if e.kind == "audio" or e.verb.startswith("transmit")]
                assert {e.channel for e in heard} == {CHANNELS[n - 1]}
                time.sleep(0.0371 + i * 0.000173)  # every place within a quantum
            for what, waits in ("transmit_started", texts), ("the first packet", packets):
                ms = sorted(wait * 1000 for wait in waits)
                print(
                    f"edge and debounce to {what}: min {ms[0]:.2f}, median {statistics.median(ms):.2f}, "
                    f"max {ms[-1]:.2f} ms of {len(ms)}"
                )
            assert max(texts) < 0.002
            assert max(packets) < (quantum + frame) / RATE + 0.001


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
        time.sleep(3)  # some seconds into the connection: what follows is counted from its last word
        server.freeze()
        at = time.monotonic()
        end = at + 200
        while driver.status()["connected"] and time.monotonic() < end:
            time.sleep(0.5)  # how long it takes is what is tested
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
            wait_until(lambda: len(refuser.times) >= 9, "nine tries", seconds=600, interval=1)
            times = refuser.times[:9]
            refuser.close()
            delays = [b - a for a, b in zip([at, *times], times)]
            for delay, wanted in zip(delays, [1, 2, 4, 8, 16, 32, 60, 60, 60]):
                assert 0.8 * wanted - 0.05 <= delay <= wanted + 0.1, delays
            opened = driver.status()["opened"]
            server.start()
            at = time.monotonic()
            wait_until(lambda: driver.status()["opened"] > opened, "the server's return", seconds=200, interval=1)
            assert time.monotonic() - at < 62
            time.sleep(5)  # a connection that lasts: only then the next pause is the first again
