# SPDX-License-Identifier: MIT
"""Browsers are told the STUN and TURN servers that the configuration names, and nobody else is."""

import os
import subprocess

import pytest
from access import Daemon
from plain_daemon import PROGRAM
from rig import wait_until
from rig.offer import webrtc_offer
from schema import answer_schema, check

SDP = {"Content-Type": "application/sdp"}
ORIGIN = "http://panel.example.com:5173"
HUSH = 'hush"b\\c d'  # has what is quoted in a header
# Nobody answers there.
SERVERS = [
    {"urls": "stun:127.0.0.1:9"},
    {"urls": "turn:[::1]:9", "username": "u", "credential": HUSH},
]
TOLD = [SERVERS[0], {**SERVERS[1], "urls": "turn:[::1]:9?transport=udp"}]
LINKS = [
    '<stun:127.0.0.1:9>; rel="ice-server"',
    '<turn:[::1]:9?transport=udp>; rel="ice-server"; username="u"; '
    'credential="hush\\"b\\\\c d"; credential-type="password"',
]
HAS_LIBNICE = os.environ["PARTYLINE_LIBNICE"] == "1"


def config(role, servers):
    return {
        "http": {"port": 0, "local_role": role, "cors_origins": [ORIGIN]},
        "listen": {"address": "127.0.0.1", "port": 0, "ice_servers": servers},
    }


@pytest.fixture(scope="module")
def daemon():
    """Nobody without a token; the tokens are made before."""
    with Daemon(config("admin", [])) as running:
        running.start()
        running.viewer = running.token("viewer", "view")
        running.operator = running.token("operator", "operate")
        running.process.stop()
        running.write_config(config("none", SERVERS if HAS_LIBNICE else []))
        yield running.start()


def open_session(daemon, path, token, direction):
    """201: at once, or as soon as the way is ready."""

    def answer():
        got = daemon.ask("POST", path, webrtc_offer(direction).encode(), token, {**SDP, "Origin": ORIGIN})
        if got.status != 503:
            return got
        assert got.headers["retry-after"] == "1" and got.detail[0]["msg"]
        return None

    return wait_until(answer, "a session")


def test_who_has_a_role_is_told(daemon):
    answer = daemon.ask("GET", "/api/ice_servers", token=daemon.viewer)
    assert (answer.status, answer.json()) == (200, TOLD if HAS_LIBNICE else [])
    check(answer_schema("GET", "/api/ice_servers", 200), answer.json())
    assert answer.headers["cache-control"] == "no-store"
    for path, token, direction in (
        ("/whep", daemon.viewer, "recvonly"),
        ("/whip?tablet=1", daemon.operator, "sendonly"),
    ):
        opened = open_session(daemon, path, token, direction)
        assert opened.status == 201, opened.body
        assert [value for name, value in opened.fields if name == "link"] == (LINKS if HAS_LIBNICE else [])
        assert opened.headers["access-control-expose-headers"] == "Location, ETag, Link"
        assert daemon.ask("DELETE", opened.headers["location"], token=token).status == 200


def test_nobody_else_is(daemon):
    """Not by a refusal, not by what the daemon tells of itself, not by its logs."""
    strangers = [
        daemon.ask("GET", "/api/ice_servers"),
        daemon.ask("GET", "/api/ice_servers", token="nonsense"),
        daemon.ask("POST", "/whep", webrtc_offer().encode(), headers=SDP),
        daemon.ask("OPTIONS", "/whep", headers={"Origin": ORIGIN}),
    ]
    assert [answer.status for answer in strangers] == [401, 401, 401, 204]
    told = [daemon.ask("GET", path, token=daemon.viewer)
            for path in ("/health", "/state", "/api/state", "/api/system", "/api/listeners")]  # fmt: skip
    for answer in strangers + told:
        assert b"hush" not in answer.body and not any("hush" in value for _, value in answer.fields)
    logs = [path for path in daemon.folder.rglob("*.log")]
    assert len(logs) >= 2
    assert not [path for path in logs if "hush" in path.read_text(encoding="utf-8")]


def test_a_bad_one_is_refused_by_its_place():
    with Daemon(config("admin", [*SERVERS, {"urls": "stuns:127.0.0.1"}])) as broken:
        done = subprocess.run([PROGRAM], env=broken.env, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0 and "hush" not in done.stderr
    if HAS_LIBNICE:
        assert '/listen/ice_servers/2/urls: "stuns:" is not supported' in done.stderr
    else:
        assert "/listen/ice_servers: this Partyline is built without libnice" in done.stderr
