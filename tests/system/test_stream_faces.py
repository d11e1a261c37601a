# SPDX-License-Identifier: MIT
"""A stream is added, runs, is changed and removed: over HTTP, D-Bus and by partylinectl with one result."""

import base64
import json
import os
import pathlib
import queue
import socket
import sys
import threading
import urllib.error
import urllib.request

import pytest

from rig import Session, wait_until
from rig.process import GUARD_SECONDS

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "web"))
from wire import WebSocket  # noqa: E402

NAME, ROOT = "org.partyline.Partyline1", "/org/partyline/Partyline1"


class Refused(Exception):
    """A face's no: the words."""


class Http:
    """Paths below /api."""

    name = "http"

    def __init__(self, session):
        self.url = f"http://127.0.0.1:{session.http_port}/api/streams"

    def call(self, path="", body=None, method="GET"):
        request = urllib.request.Request(
            self.url + path, json.dumps(body).encode() if body else None,
            {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=GUARD_SECONDS) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise Refused(error.read().decode()) from None

    def add(self, stream):
        self.call(body=stream, method="POST")

    def streams(self):
        return self.call()["streams"]

    def jitter(self, name, safety):
        self.call(f"/{name}/jitter", {"safety": safety}, "PUT")

    def remove(self, name):
        self.call(f"/{name}", method="DELETE")


class Dbus:
    """Members of the interface Gateway."""

    name = "dbus"

    def __init__(self, session):
        self.session = session

    def call(self, member, *arguments):
        done = self.session.run(["busctl", "--user", "--json=short", "call", NAME, ROOT, f"{NAME}.Gateway",
                                 member, *arguments])
        if done.returncode != 0:
            raise Refused(done.stderr)
        return json.loads(done.stdout)["data"] if done.stdout.strip() else []

    def add(self, stream):
        self.call("AddStream", "s", json.dumps(stream))

    def streams(self):
        return json.loads(self.call("GetGateway")[0])["streams"]

    def jitter(self, name, safety):
        self.call("SetJitter", "sd", name, str(safety))

    def remove(self, name):
        self.call("RemoveStream", "s", name)


class Ctl:
    """The command; a client of D-Bus."""

    name = "dbus"

    def __init__(self, session):
        self.session = session

    def call(self, *words):
        done = self.session.run(["partylinectl", "--json", "stream", *words])
        if done.returncode != 0:
            raise Refused(done.stderr)
        return json.loads(done.stdout)

    def add(self, stream):
        words = []
        for name, value in stream.items():
            if isinstance(value, dict):
                words += [f"{name}.{member}={item}" for member, item in value.items()]
            elif name not in ("id", "endpoint"):
                words.append(f"{name}={value}")
        self.call("add", stream["id"], stream["endpoint"], *words)

    def streams(self):
        return self.call("list")

    def jitter(self, name, safety):
        self.call("jitter", name, str(safety))

    def remove(self, name):
        self.call("remove", name)


FACES = {"http": Http, "dbus": Dbus, "partylinectl": Ctl}


class Events:
    """What /ws/events tells, as it comes."""

    def __init__(self, port):
        self.socket = WebSocket(port, "/ws/events")
        self.queue = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        try:
            while True:
                self.queue.put(self.socket.read_json())
        except (OSError, EOFError, ValueError, AssertionError):
            return

    def until(self, matches):
        """Wait for an event that fits; what came before it is left aside."""
        while True:
            event = self.queue.get(timeout=GUARD_SECONDS)
            if matches(event):
                return event


def own_port():
    """An even UDP port whose next one is free too."""
    for _ in range(1000):
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as one, \
                socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as two:
            one.bind(("::", 0))
            port = one.getsockname()[1]
            if port % 2 == 0 and port < 65534:
                try:
                    two.bind(("::", port + 1))
                    return port
                except OSError:
                    pass
    raise AssertionError("no two free ports")


KEY = base64.b64encode(os.urandom(44)).decode()


@pytest.fixture(name="ports", scope="module")
def fixture_ports():
    return own_port(), own_port()


@pytest.fixture(name="session", scope="module")
def fixture_session(ports):
    """A machine with the other end of the stream, on channel 1."""
    here, there = ports
    far = {"id": "far", "endpoint": "channel.1", "remote": {"host": "127.0.0.1", "port": here},
           "local": {"port": there}, "srtp": {"key": KEY}}  # fmt: skip
    with Session(daemon=True, tablets=2, channels=2, quantum=1024,
                 config={"gateway": {"streams": [far]}}) as session:  # fmt: skip
        yield session


def is_free(port):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("::", port))
            return True
        except OSError:
            return False


def definition(stream):
    """Without what moves by itself."""
    return {name: value for name, value in stream.items() if name != "status"}


def find(face, name):
    found = [stream for stream in face.streams() if stream["id"] == name]
    return found[0] if found else None


@pytest.mark.parametrize("which", FACES)
def test_a_streams_life(session, ports, which):
    face, others = FACES[which](session), [kind(session) for kind in FACES.values()]
    events = Events(session.http_port)
    here, there = ports
    stream = {"id": "mill", "endpoint": "channel.2", "name": "Old mill", "dscp": 34,
              "remote": {"host": "127.0.0.1", "port": there}, "local": {"port": here},
              "srtp": {"key": KEY}, "opus": {"ptime_ms": 10}}  # fmt: skip

    face.add(stream)
    added = events.until(lambda event: event["type"] == "gateway")
    assert added["actor"]["face"] == face.name
    running = events.until(lambda event: event["type"] == "stream" and event["stream"]["id"] == "mill"
                           and event["stream"]["status"]["state"] == "running")
    shown = [definition(find(other, "mill")) for other in others]
    assert shown == [definition(running["stream"])] * len(others)
    assert {"endpoint": "channel.2", "origin": "added", "name": "Old mill", "dscp": 34}.items() <= shown[0].items()
    assert KEY not in json.dumps(shown)
    for other in others:
        wait_until(lambda o=other: find(o, "mill")["status"]["packets_received"] > 0, "packets")
        with pytest.raises(Refused, match="mill"):
            other.add(stream)

    face.jitter("mill", 0.875)
    changed = events.until(lambda event: event["type"] in ("gateway", "stream")
                           and event["actor"]["face"] == face.name)
    assert changed["actor"]["face"] == face.name
    assert [find(other, "mill")["jitter"]["safety"] for other in others] == [0.875] * len(others)
    with pytest.raises(Refused, match="0 to 1|0 and 1"):
        face.jitter("mill", 1.5)

    face.remove("mill")
    events.until(lambda event: event["type"] == "gateway" and event["actor"]["face"] == face.name)
    assert [find(other, "mill") for other in others] == [None] * len(others)
    for other in others:
        with pytest.raises(Refused, match="mill"):
            other.remove("mill")
    wait_until(lambda: is_free(here), "the stream's port")
    events.socket.close()
