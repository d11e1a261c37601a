# SPDX-License-Identifier: MIT
"""The EchoStream dialect through the daemon: what it is told by its configuration and its verbs, against a
server of our own. What is heard and when is for the simulated clock: tests/vm/test_echostream.py."""

import base64
import json
import os
import pathlib
import subprocess
import urllib.request

import pytest

from echostream_server import EchoServer
from rig import Session, wait_until
from rig.confs import find_program
from rig.process import GUARD_SECONDS

KEY = bytes(range(32))
NAMES = ["channel_one", "channel_two", "channel_three", "channel_four"]
CHANNELS = ["555", "556", "557", "558"]


class Instance(Session):
    def ctl(self, *words):
        return self.check([find_program(self.build, "partylinectl"), *words])

    def refused(self, *words):
        done = self.run([find_program(self.build, "partylinectl"), *words])
        assert done.returncode != 0
        return done.stderr

    def http(self, path, body=None):
        data = json.dumps(body).encode() if body is not None else None
        url = f"http://127.0.0.1:{self.http_port}{path}"
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=GUARD_SECONDS) as answer:
            return json.load(answer)

    def status(self, name):
        return self.http(f"/api/streams/{name}")["status"]

    def wait_state(self, name, state):
        return self.wait_status(name, lambda status: status["state"] == state)

    def wait_status(self, name, is_so):
        def look():
            status = self.status(name)
            return status if is_so(status) else None

        return wait_until(look, lambda: f"{name}: {self.status(name)}")

    def key(self, n, down):
        self.http("/ptt/request" if down else "/ptt/release", {"tablet_id": n, "channel": n})


@pytest.fixture
def server():
    with EchoServer(key=KEY) as one:
        yield one


def seed_config():
    """~/.an/config.json as the older system has it."""
    channels = [{name: {"channel_id": channel, "tone_detect": False}} for name, channel in zip(NAMES, CHANNELS)]
    desired = {"unique_id": "dev1", "software_configuration": channels}
    return {"unique_id": "dev1", "shadow": {"state": {"desired": desired}}}


def imported(folder, url):
    """What `partylinectl import` makes of it."""
    path = folder / "config.json"
    path.write_text(json.dumps(seed_config()))
    program = find_program(pathlib.Path(os.environ["PARTYLINE_BUILD_DIR"]), "partylinectl")
    done = subprocess.run([program, "import", "echostream", path, url], check=True, stdout=subprocess.PIPE, text=True)
    return json.loads("{" + done.stdout + "}")


def test_an_imported_configuration_talks(server, tmp_path):
    config = imported(tmp_path, server.url)
    with Instance(tablets=4, channels=4, daemon=True, config=config) as session:
        for n, channel in enumerate(CHANNELS, 1):
            session.wait_state(f"echostream-{n}", "running")
            joined = server.wait(lambda e, c=channel: e.verb == "connect" and e.channel == c)
            assert joined.body["affiliation_id"] == "dev1"
        for n, channel in enumerate(CHANNELS, 1):
            server.mark()
            session.key(n, True)
            server.wait(lambda e: e.verb == "transmit_started")
            server.wait(lambda e, c=channel: e.kind == "audio" and e.channel == c)
            session.key(n, False)
            server.wait(lambda e: e.verb == "transmit_ended")
            # Nobody else has begun.
            assert {e.channel for e in server.events if e.verb.startswith("transmit")} == {channel}
            session.wait_status(f"echostream-{n}", lambda status: status["packets_sent"] > 0)
        server.faults.echo = server.faults.forge = 1.0
        session.key(1, True)
        session.wait_status("echostream-1", lambda status: status["refused"] >= 20)
        session.key(1, False)
        # Its own ones are no news.
        assert session.status("echostream-1")["packets_received"] == 0
        listing = session.ctl("stream", "list")
        table = session.ctl("gateway")
        for n, channel in enumerate(CHANNELS, 1):
            assert f"{server.url} {channel}" in listing
            assert f"echostream-{n}" in listing and f"echostream-{n}" in table


def test_streams_come_and_go_by_verbs(server):
    server.key = None
    with Instance(tablets=2, channels=2, daemon=True) as session:
        words = ["protocol=echostream", f"echostream.url={server.url}", "echostream.channel_id=555"]
        session.ctl("stream", "add", "radio", "channel.1", *words)
        trouble = session.wait_state("radio", "failed")["trouble"]
        assert "echostream.key" in trouble and trouble in session.ctl("stream", "list")
        session.ctl("stream", "remove", "radio")
        server.wait(lambda e: e.kind == "close")

        key = base64.b64encode(KEY).decode()
        assert "key" in session.refused("stream", "add", "radio", "channel.1", *words, "echostream.key=c2hvcnQ=")
        session.ctl("stream", "add", "radio", "channel.1", *words, f"echostream.key={key}")
        session.wait_state("radio", "running")
        for text in session.ctl("--json", "stream", "list"), json.dumps(session.http("/api/streams")):
            assert '"radio"' in text and key not in text
        server.mark()
        session.key(1, True)
        server.wait(lambda e: e.kind == "audio" and e.channel == "555")
        # Nonsense is passed over …
        for text in ("", "{", "[]", '{"udp_port":-1,"udp_host":"x"}', b"\x00\xff" * 99):
            server.say(text)
        server.datagram(b"{" * 99)
        # … a server that restarts is found again, and told that the key is still down.
        server.mark()
        server.stop()
        assert "it is tried again" in session.wait_state("radio", "failed")["trouble"]
        server.start()
        session.wait_state("radio", "running")
        server.wait(lambda e: e.verb == "transmit_started")
        server.wait(lambda e: e.kind == "audio")
        # Whoever goes says so.
        session.ctl("stream", "remove", "radio")
        server.wait(lambda e: e.verb == "transmit_ended")
        assert "radio" not in session.ctl("stream", "list")
