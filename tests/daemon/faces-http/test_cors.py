# SPDX-License-Identifier: MIT
"""Pages of configured origins may come in, others may not."""

import pytest
from rig import Session, free_port
from wire import WebSocket, ask

ORIGIN = "http://panel.example.com:5173"


def daemon(**http):
    free = free_port()
    config = {"http": {"address": "127.0.0.1", "port": free, **http}}
    return Session(module=None, profile=None, daemon=True, config=config, http_port=free)


@pytest.fixture(scope="module")
def port():
    with daemon(cors_origins=[ORIGIN]) as session:
        yield session.http_port


def test_configured_origin(port):
    origin = {"Origin": ORIGIN}
    answer = ask(port, "POST", "/channel/1/mute", {"mute": True}, origin)
    assert answer.status == 200
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["vary"] == "Origin"
    WebSocket(port, "/ws/vu", origin).close()


def test_preflight(port):
    answer = ask(port, "OPTIONS", "/api/uplink/1/1", None,
                 {"Origin": ORIGIN, "Access-Control-Request-Method": "PUT"})
    assert answer.status == 204
    assert "PUT" in answer.headers["access-control-allow-methods"]
    # of a path that is not there the answer tells no more
    other = ask(port, "OPTIONS", "/nope", None, {"Origin": ORIGIN})
    assert (other.status, other.headers) == (answer.status, answer.headers)
    assert answer.headers["access-control-allow-headers"] == "authorization, content-type, if-match"


@pytest.mark.parametrize("origin", [ORIGIN + "0", ORIGIN.upper(), "http://panel.example.com", "null"])
def test_other_origins(port, origin):
    answer = ask(port, "OPTIONS", "/api/uplink/1/1", None, {"Origin": origin})
    assert "access-control-allow-origin" not in answer.headers
    assert ask(port, "POST", "/channel/1/mute", {"mute": True}, {"Origin": origin}).status == 403


def test_a_configured_origins_host_is_ours(port):
    assert ask(port, "GET", "/state", None, {"Host": "panel.example.com"}).status == 200
    assert ask(port, "GET", "/state", None, {"Host": "other.example.com"}).status == 421
