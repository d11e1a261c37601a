# SPDX-License-Identifier: MIT
"""The EchoStream dialect on real sockets: WebSocket and UDP against a server of our own."""

import os
import ssl
import subprocess
import time

import pytest

from echo import Driver
from echostream_server import EchoServer
from rig import wait_until

KEY = bytes(range(32))
CHANNELS = ["555", "556", "557", "558"]


@pytest.fixture
def server():
    with EchoServer(key=KEY) as s:
        yield s


def payload(channel, number):
    return bytes([channel, number >> 8, number & 255]) * 20


def settle(server, *drivers):
    """Everybody is known to the relay."""
    for driver in drivers:
        driver.wait_ready()
    wait_until(lambda: len({e.address for e in server.datagrams("keep_alive")}) >= len(drivers), "all drivers")


def talk(sender, receiver, count, n=0):
    """In order and whole, whatever else is on its way."""
    before = len(receiver.audio[n])
    for i in range(count):
        assert sender.send(n, payload(n, i)) == 0
        # one at a time: a socket's buffer does not hold any number of oversized ones
        receiver.wait_audio(n, before + i + 1)
    assert receiver.wait_audio(n, before + count)[before:] == [payload(n, i) for i in range(count)]


def test_what_is_said_at_first(server):
    with Driver(server.url, *CHANNELS) as driver:
        settle(server, driver)
        opened = server.wait(lambda e: e.kind == "open")
        assert opened.verb == "audio-protocol"
        for channel in CHANNELS:
            event = server.wait(lambda e: e.verb == "connect" and e.channel == channel)
            assert event.body.pop("time") == pytest.approx(time.time(), abs=120)
            assert event.body == {
                "affiliation_id": "12345",
                "user_name": "Driver",
                "agency_name": "Test",
                "channel_id": channel,
            }
        connects = server.texts("connect")
        # the order of their definition, half a second after the connection and a tenth apart
        assert [e.channel for e in connects[:4]] == CHANNELS
        assert connects[0].t - opened.t > 0.45
        assert all(b.t - a.t > 0.05 for a, b in zip(connects[:3], connects[1:4]))
        assert server.wait(lambda e: e.kind == "keep_alive").size == 21
        # one connection and one socket for all of them
        assert [e.connection for e in connects[:4]] == [1] * 4
        driver.wait_status(lambda s: s["users"] == 1)


def test_four_channels_both_ways(server):
    with Driver(server.url, *CHANNELS) as a, Driver(server.url, *CHANNELS) as b:
        settle(server, a, b)
        count = 50
        for n in range(4):
            a.transmit(n, True)
            b.transmit(n, True)
        for i in range(count):
            for n in range(4):
                assert a.send(n, payload(n, i)) == 0
                assert b.send(n, payload(n + 4, i)) == 0
            # as in life, not all at once: a socket that nobody has time to read drops
            for n in range(4):
                a.wait_audio(n, i + 1)
                b.wait_audio(n, i + 1)
        for n in range(4):
            assert b.wait_audio(n, count) == [payload(n, i) for i in range(count)]
            assert a.wait_audio(n, count) == [payload(n + 4, i) for i in range(count)]
            a.transmit(n, False)
            b.transmit(n, False)
        for n, channel in enumerate(CHANNELS):
            for connection in (1, 2):
                verbs = ["transmit_started", "transmit_ended"]
                mine = lambda e: e.connection == connection and e.channel == channel
                server.wait(lambda e: mine(e) and e.verb == "transmit_ended")
                assert [e.verb for e in list(server.events) if mine(e) and e.verb in verbs] == verbs
            a.wait_status(lambda s: s["users"] == 2, n)
            assert all(a.status(n)[name] == 0 for name in ("replayed", "foreign", "not_authentic", "malformed"))


@pytest.mark.parametrize(
    "fault, count, counted",
    [
        ("replay", "replayed", "replayed"),
        ("truncate", "truncated", "truncated"),
        ("oversize", "oversized", "oversized"),
        ("foreign_channel", "foreign_channel", "foreign"),
        ("foreign_source", "foreign_source", "foreign"),
        ("forge", "forged", "not_authentic"),
    ],
)
def test_what_is_counted_and_dropped(server, fault, count, counted):
    with Driver(server.url, "555") as a, Driver(server.url, "555") as b:
        settle(server, a, b)
        setattr(server.faults, fault, 1.0)
        talk(a, b, 40)
        status = b.wait_status(lambda s: s[counted] == 40)
        assert server.counts[count] == 40
        assert status["received"] == 40
        for name in {"replayed", "truncated", "oversized", "foreign", "not_authentic", "malformed"} - {counted}:
            assert status[name] == 0, name


def test_own_packets_that_come_back_are_not_heard(server):
    with Driver(server.url, "555") as a:
        settle(server, a)
        server.faults.echo = True
        for i in range(20):
            assert a.send(0, payload(0, i)) == 0
        assert a.wait_status(lambda s: s["replayed"] == 20)["received"] == 0
        assert a.audio[0] == []


def test_a_replay_on_another_channel_is_one_too(server):
    with Driver(server.url, "555", "556") as a, Driver(server.url, "555", "556") as b:
        settle(server, a, b)
        talk(a, b, 5)
        caught = []
        relay = server._relay
        server._relay = lambda data, message, address: (caught.append(data), relay(data, message, address))
        talk(a, b, 1)
        server.datagram(caught[0].replace(b'"555"', b'"556"'))
        assert b.wait_status(lambda s: s["replayed"] == 1, n=1)["received"] == 0


def test_noise_of_every_kind(server):
    with Driver(server.url, "555") as a, Driver(server.url, "555") as b:
        settle(server, a, b)
        for data in (b" ", b"\xff" * 100, b"{}", b"[]", b"null", b"{" * 8000, os.urandom(500)):
            server.datagram(data)
            server.datagram(data, foreign=True)
        nonsense = ["", "x", "[]", "{}", '{"udp_port":1}', '{"udp_host":5,"udp_port":5}', "{" * 5000, "x" * 200000]
        nonsense += ['{"users_connected":7}', '{"a":1,"a":2}', b"\x00\xff", '{"udp_host":"127.0.0.1","udp_port":70000}']
        for text in nonsense:
            server.say(text)
        # {} and a port alone are messages of a kind that is not known
        assert b.wait_status(lambda s: s["nonsense"] == len(nonsense) - 2)["connected"]
        status = b.wait_status(lambda s: s["foreign"] == 7 and s["truncated"] + s["malformed"] == 7)
        assert status["opened"] == 1
        talk(a, b, 20)
        talk(b, a, 20)


def test_a_server_that_restarts(server):
    with Driver(server.url, "555") as a, Driver(server.url, "555") as b:
        settle(server, a, b)
        a.transmit(0, True)
        server.wait(lambda e: e.verb == "transmit_started")
        talk(a, b, 5)
        server.stop()
        for driver in (a, b):
            assert "lost" in driver.wait_status(lambda s: not s["connected"])["trouble"]
        # what is going on goes on
        talk(a, b, 5)
        server.mark()
        server.key = bytes(reversed(KEY))
        server.start()
        a.wait_status(lambda s: s["opened"] == 2 and s["connected"])
        b.wait_status(lambda s: s["opened"] == 2 and s["connected"])
        # the key is still held, and the new server is told so after it is told who that is
        server.wait(lambda e: e.verb == "transmit_started")
        assert len(server.texts("transmit_started")) == 1
        assert server.events.index(server.texts("connect")[0]) < server.events.index(server.texts("transmit_started")[0])
        # a KEEP_ALIVE from a new socket each: they have the new key
        settle(server, a, b)
        assert a.status()["trouble"] == ""
        talk(a, b, 5)
        talk(b, a, 5)


def test_a_server_that_is_not_there_yet():
    with EchoServer(key=KEY) as server:
        server.stop()
        with Driver(server.url, "555") as driver:
            assert "127.0.0.1" in driver.wait_status(lambda s: s["trouble"])["trouble"]
            assert driver.send(0, b"1") < 0
            driver.transmit(0, True)
            server.start()
            driver.wait_ready()
            server.wait(lambda e: e.verb == "transmit_started")
            assert driver.send(0, b"1") == 0
            server.wait(lambda e: e.kind == "audio")


def test_a_server_without_a_config_at_first(server):
    server.sends_config = False
    with Driver(server.url, "555") as driver:
        driver.transmit(0, True)
        server.wait(lambda e: e.verb == "transmit_started")
        assert driver.send(0, b"1") < 0
        server.say(f'{{"udp_host":"127.0.0.1","udp_port":{server.udp_port},"aes_key":"{"A" * 43}="}}')
        driver.wait_ready()
        assert driver.send(0, b"1") == 0
        server.wait(lambda e: e.kind == "audio")


@pytest.mark.parametrize("none", [None, "", "N/A"])
def test_the_key_is_ours_when_the_server_has_none(none):
    with EchoServer(key=none, string_id=none is None) as server:
        with Driver(server.url, "555") as keyless:
            status = keyless.wait_status(lambda s: s["connected"])
            status = keyless.wait_status(lambda s: "no key" in s["trouble"])
            assert not status["has_key"]
            assert keyless.send(0, b"1") < 0
            with Driver(server.url, "555", key=KEY) as a, Driver(server.url, "555", key=KEY) as b:
                settle(server, a, b)
                server.wait(lambda e: len({e.address for e in server.datagrams("keep_alive")}) == 3)
                talk(a, b, 5)
                # and one without it hears nothing
                assert keyless.wait_status(lambda s: s["not_authentic"] == 5)["received"] == 0


def test_streams_come_and_go(server):
    with Driver(server.url, "555", "556") as a:
        settle(server, a)
        a.transmit(0, True)
        server.wait(lambda e: e.verb == "transmit_started" and e.channel == "555")
        a.say("leave", 0)
        server.wait(lambda e: e.verb == "transmit_ended" and e.channel == "555")
        assert a.status(1)["connected"]
        a.say("join", 0)
        server.mark()
        server.wait(lambda e: e.verb == "connect" and e.channel == "555")
        a.transmit(0, True)
        server.wait(lambda e: e.verb == "transmit_started" and e.channel == "555")
    # who ends says that the transmission has, too
    server.wait(lambda e: e.verb == "transmit_ended" and e.channel == "555")
    server.wait(lambda e: e.kind == "close")


def certificate(folder, name, address):
    """Of itself, for that address."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        + ["-subj", f"/CN={name}", "-addext", f"subjectAltName={address}"]
        + ["-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem"],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    return context, {"SSL_CERT_FILE": str(folder / f"{name}.pem")}


def test_wss(tmp_path):
    context, trusted = certificate(tmp_path, "right", "IP:127.0.0.1,DNS:localhost")
    with EchoServer(key=KEY, ssl=context) as server:
        with Driver(server.url, "555", env=trusted) as a, Driver(server.url, "555", env=trusted) as b:
            settle(server, a, b)
            talk(a, b, 5)
        server.mark()
        with Driver(server.url, "555") as stranger:
            status = stranger.wait_status(lambda s: s["trouble"])
            assert "cert" in status["trouble"] and not status["connected"]
        assert not server.texts("connect")


def test_wss_of_another_name(tmp_path):
    context, trusted = certificate(tmp_path, "other", "DNS:elsewhere.example")
    with EchoServer(key=KEY, ssl=context) as server:
        with Driver(server.url, "555", env=trusted) as driver:
            status = driver.wait_status(lambda s: s["trouble"])
            assert "cert" in status["trouble"] and not status["connected"]
        assert not server.texts("connect")
