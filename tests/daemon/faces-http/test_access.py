# SPDX-License-Identifier: MIT
"""Tokens and roles on the loopback: what a token may, what none may, what is written down."""

import json
import os
import signal
import stat
import time

import pytest
from access import ADMIN, CHANGES, Daemon
from schema import check
from wire import WebSocket


@pytest.fixture(scope="module")
def open_daemon():
    """As on a desktop: whoever is on the loopback is admin."""
    with Daemon() as daemon:
        yield daemon.start()


@pytest.fixture(scope="module")
def closed():
    """As behind a proxy: nobody without a token. The first token is made before."""
    with Daemon() as daemon:
        daemon.start()
        daemon.admin = daemon.token("boss", "admin")
        daemon.process.stop()
        daemon.write_config({"http": {"port": 0, "local_role": "none"}})
        daemon.start()
        daemon.viewer = daemon.token("viewer", "view", daemon.admin)
        daemon.operator = daemon.token("operator", "operate", daemon.admin)
        yield daemon


def test_without_a_token_every_path_is_the_same_401(closed):
    seen = set()
    for method, path, body in [("GET", p, None) for p in
                               ("/", "/health", "/state", "/api/state", "/nope", "/openapi.json",
                                "/docs", "/sw.js", "/api/session", "/ws/vu", "/api/tokens")] + \
            CHANGES + ADMIN + [("PATCH", "/x", {}), ("DELETE", "/health", None),
                               ("OPTIONS", "/state", None), ("POST", "/matrix", b"{nonsense")]:
        answer = closed.ask(method, path, body)
        headers = {k: v for k, v in answer.headers.items() if k != "date"}
        seen.add((answer.status, tuple(sorted(headers.items())), answer.body))
        print(f"no token: {method} {path} -> {answer.status} {answer.body.decode()}")
    assert len(seen) == 1
    status, headers, body = seen.pop()
    assert status == 401 and json.loads(body) == {"detail": "Unauthorized"}
    assert dict(headers)["www-authenticate"] == "Bearer"
    assert not [name for name, _ in headers if name in ("server", "etag", "allow", "set-cookie")]


def test_streams_want_a_token_too(closed):
    for path in ("/ws/vu", "/ws/events", "/ws/log", "/ws/nope"):
        with pytest.raises(WebSocket.Refused) as refused:
            WebSocket(closed.port, path)
        assert refused.value.answer.status == 401
        assert refused.value.answer.json() == {"detail": "Unauthorized"}
    with WebSocket(closed.port, "/ws/vu", {"Authorization": f"Bearer {closed.viewer}"}) as ws:
        assert ws.read_json()


def test_a_browser_gets_the_form_and_nothing_else(closed):
    bodies = set()
    for path in ("/", "/docs", "/nope"):
        answer = closed.ask("GET", path, headers={"Accept": "text/html,*/*"})
        assert answer.status == 401
        assert answer.headers["content-type"].startswith("text/html")
        bodies.add(answer.body)
    assert len(bodies) == 1
    page = bodies.pop().decode()
    assert 'type="password"' in page
    for word in ("artyline", "0.1", "tablet", "/api/", "app.js"):
        assert word not in page, word
    for path in ("/login", "/login.js", "/login.css", "/favicon.svg"):
        assert closed.ask("GET", path).status == 200, path
    assert closed.ask("GET", "/ca.crt").status == 404  # no TLS here


def test_roles(closed):
    for method, path, body in CHANGES:
        refused = closed.ask(method, path, body, closed.viewer)
        print(f"view token: {method} {path} -> {refused.status} {refused.body.decode()}")
        assert refused.status == 403 and "operate" in refused.body.decode()
        assert closed.ask(method, path, body, closed.operator).status == 200
    for method, path, body in ADMIN:
        for token in (closed.viewer, closed.operator):
            refused = closed.ask(method, path, body, token)
            print(f"view/operate token: {method} {path} -> {refused.status}")
            assert refused.status == 403 and "admin" in refused.body.decode()
    for path in ("/health", "/state", "/api/state", "/", "/docs", "/openapi.json"):
        assert closed.ask("GET", path, None, closed.viewer).status == 200
    assert closed.ask("PUT", "/api/ramp", {"ramp_ms": 7}, closed.admin).status == 200


def test_a_shown_token_decides_also_where_none_is_needed(open_daemon):
    assert open_daemon.ask("GET", "/api/session").json() == {"role": "admin", "token": None}
    viewer = open_daemon.token("looker", "view")
    assert open_daemon.ask("GET", "/api/session", None, viewer).json() == \
        {"role": "view", "token": "looker"}
    assert open_daemon.ask(*CHANGES[0], viewer).status == 403
    assert open_daemon.ask(*CHANGES[0]).status == 200
    assert open_daemon.ask("GET", "/state", None, "pl_wrong").status == 401


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic dXNlcjpw", "bearer x y",
                                    "Bearer " + "a" * 3000, "Bearer pl_\u00e4", "Bearer a,b"])
def test_wrong_authorization(open_daemon, header):
    # each from an address of its own: the limit is not meant here
    answer = open_daemon.ask("GET", "/health", headers={"Authorization": header},
                             source=f"127.77.{len(header) % 251}.{sum(header.encode()) % 251}")
    assert answer.status == (200 if header == "" else 401), answer.body


def test_a_neighbours_name_will_do_with_a_token_only(closed, open_daemon):
    for host in ("neighbour.local", "neighbour"):
        assert closed.ask("GET", "/state", None, closed.viewer, {"Host": host}).status == 200
        assert closed.ask("GET", "/login", headers={"Host": host}).status == 200
        assert open_daemon.ask("GET", "/state", headers={"Host": host}).status == 421


def test_session_of_a_page(closed):
    login = closed.ask("POST", "/api/session", {"token": closed.operator})
    assert login.status == 200
    check("Session", login.json())
    assert login.json() == {"role": "operate", "token": "operator"}
    cookie = login.headers["set-cookie"]
    assert closed.operator not in cookie
    assert cookie.startswith("partyline=") and "Secure" not in cookie  # no TLS here
    for word in ("HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"):
        assert word in cookie, cookie
    cookie = {"Cookie": "other=1; " + cookie.split(";")[0]}
    assert closed.ask("GET", "/state", headers=cookie).status == 200
    assert closed.ask(*CHANGES[0], headers=cookie).status == 200
    assert closed.ask(*ADMIN[0], headers=cookie).status == 403
    with WebSocket(closed.port, "/ws/events", cookie) as ws:
        assert ws.read_json()["type"] == "state"
    # a page elsewhere may make the browser send it, if the browser is old: Origin tells
    assert closed.ask(*CHANGES[0], headers={**cookie, "Origin": "http://evil.example"}).status == 403
    renewed = closed.ask("GET", "/api/session", headers=cookie)
    assert renewed.json()["token"] == "operator" and "set-cookie" in renewed.headers
    end = closed.ask("POST", "/api/session/end", b"", headers=cookie)
    assert "Max-Age=0" in end.headers["set-cookie"]
    # one character changed is no session, and is taken back
    name, value = cookie["Cookie"].rsplit("=", 1)
    other = value[:-2] + ("A" if value[-2] != "A" else "B") + value[-1]
    answer = closed.ask("GET", "/state", headers={"Cookie": f"{name}={other}"})
    assert answer.status == 401 and "Max-Age=0" in answer.headers["set-cookie"]


def test_sessions_survive_the_daemon_and_end_with_the_token(closed):
    token = closed.token("passing", "view", closed.admin)
    cookie = {"Cookie": closed.ask("POST", "/api/session", {"token": token})
              .headers["set-cookie"].split(";")[0]}
    closed.kill()
    closed.process.wait()
    closed.start()
    assert closed.ask("GET", "/state", headers=cookie).status == 200
    with WebSocket(closed.port, "/ws/vu?hz=60", cookie) as stream:
        assert stream.read_json()
        gone = closed.ask("POST", "/api/tokens/remove", {"name": "passing"}, closed.admin)
        assert gone.status == 200
        stream.sock.settimeout(10)  # sooner than a connection that is only forgotten
        with pytest.raises(ConnectionError):
            while True:
                stream.read_json()
    assert closed.ask("GET", "/state", headers=cookie).status == 401
    assert closed.ask("GET", "/state", None, token).status == 401


def test_expiry(closed):
    until = int(time.time()) + 4
    token = closed.token("short", "view", closed.admin, expires=until)
    status = closed.ask("GET", "/state", None, token).status
    assert status == 200 or time.time() >= until
    while time.time() < until:  # the clock's word is what is tested
        time.sleep(0.1)
    assert closed.ask("GET", "/state", None, token).status == 401
    for wrong in (1, until, -1, 0):
        answer = closed.ask("POST", "/api/tokens", {"name": "p", "role": "view", "expires": wrong},
                            closed.admin)
        assert answer.status == 422, answer.body


@pytest.mark.parametrize("body", [
    {"name": "", "role": "view"}, {"name": "x" * 64, "role": "view"},
    {"name": "a\nb", "role": "view"}, {"name": "viewer", "role": "view"},
    {"name": "y", "role": "root"}, {"name": "y"}, {"role": "view"},
    {"name": "y", "role": "view", "expires": "never"}])
def test_bad_tokens_are_refused(closed, body):
    before = closed.ask("GET", "/api/tokens", None, closed.admin).json()
    answer = closed.ask("POST", "/api/tokens", body, closed.admin)
    assert answer.status == 422, answer.body
    assert closed.ask("GET", "/api/tokens", None, closed.admin).json() == before


def test_nothing_of_a_token_is_kept(closed):
    tokens = (closed.admin, closed.viewer, closed.operator)
    for path in closed.folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            text = path.read_bytes()
            for token in tokens:
                assert token.encode() not in text, path
                assert token[3:].encode() not in text, path
    for path in (closed.state / "tokens.json", closed.folder / "run/session.key"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    kept = json.loads((closed.state / "tokens.json").read_text(encoding="utf-8"))
    assert {t["name"] for t in kept["tokens"]} >= {"boss", "viewer", "operator"}
    listed = closed.ask("GET", "/api/tokens", None, closed.admin).json()
    check("Tokens", listed)


def test_audit(closed):
    closed.ask("GET", "/state")
    closed.ask("GET", "/state", None, "pl_guess")
    closed.ask(*CHANGES[0], closed.viewer)
    closed.ask(*ADMIN[0], closed.admin)
    closed.ask("POST", "/api/tokens", {"name": "viewer", "role": "view"}, closed.admin)
    closed.ask("PUT", "/api/channel/1/name", {"name": "Stage"}, closed.admin)
    closed.ask("PUT", "/api/channel/1/capture", {"device": "card:Desk"}, closed.viewer)
    done = [(r["event_type"], r["data"]["token"], r["data"]["verb"], r["data"]["from"])
            for r in closed.audit()[-7:]]
    assert done == [
        ("audit.refused", None, "GET /state", "127.0.0.1"),
        ("audit.refused", None, "GET /state", "127.0.0.1"),
        ("audit.refused", "viewer", "set_channel_mute", "127.0.0.1"),
        ("audit.done", "boss", "set_ramp", "127.0.0.1"),
        ("audit.failed", "boss", "add_token", "127.0.0.1"),
        ("audit.done", "boss", "set_channel_name", "127.0.0.1"),
        ("audit.refused", "viewer", "bind", "127.0.0.1"),
    ]
    assert "pl_guess" not in (closed.state / "audit.log").read_text(encoding="utf-8")


def test_too_many_wrong_tokens(closed):
    def wrong(address):
        return closed.ask("GET", "/health", None, "pl_wrong", source=address)

    # one more comes free each six seconds that a busy machine takes for this
    begin, n, answer = time.monotonic(), 0, wrong("127.66.0.1")
    while answer.status == 401:
        n += 1
        answer = wrong("127.66.0.1")
    assert answer.status == 429
    assert 10 <= n <= 10 + (time.monotonic() - begin) / 6
    assert answer.json() == {"detail": "Too Many Requests"}
    assert 1 <= int(answer.headers["retry-after"]) <= 6
    # not even the right one is looked at, nor at the login
    for method, path, body, token in (("GET", "/health", None, closed.viewer),
                                      ("POST", "/api/session", {"token": closed.viewer}, None)):
        for _ in range(10):  # a machine that is busy for six seconds here tries again
            while wrong("127.66.0.1").status == 401:
                pass
            answer = closed.ask(method, path, body, token, source="127.66.0.1")
            if answer.status == 429:
                break
        assert answer.status == 429 and int(answer.headers["retry-after"]) >= 1
    # others are not troubled
    assert closed.ask("GET", "/health", None, closed.viewer, source="127.66.0.2").status == 200
    # who shows nothing is told the same as ever
    assert closed.ask("GET", "/health", source="127.66.0.1").status == 401


def test_local_role():
    with Daemon({"http": {"port": 0, "local_role": "view"}}) as daemon:
        daemon.start()
        assert daemon.ask("GET", "/state").status == 200
        answer = daemon.ask(*CHANGES[0])
        assert answer.status == 403 and "operate" in answer.body.decode()
        daemon.write_config({"http": {"port": 0, "local_role": "operate"}})
        assert daemon.ask("POST", "/config/reload", b"").status == 403
        os.kill(daemon.process.pid, signal.SIGHUP)
        daemon.wait_record("config.reload")
        assert daemon.ask(*CHANGES[0]).status == 200
        assert daemon.ask(*ADMIN[0]).status == 403


def test_system_session_gives_local_users_a_look_and_no_more():
    with Daemon() as daemon:
        daemon.start("--system")
        assert daemon.ask("GET", "/state").status == 200
        for change in CHANGES:
            assert daemon.ask(*change).status == 403
        for change in ADMIN:
            assert daemon.ask(*change).status == 403


def test_damaged_tokens_let_nobody_in():
    with Daemon() as daemon:
        daemon.start()
        token = daemon.token("one", "view")
        daemon.process.stop()
        (daemon.state / "tokens.json").write_text('{"version":1,"tokens":[{}]}')
        daemon.start()
        assert daemon.ask("GET", "/state", None, token).status == 401
        level, record = daemon.wait_record("auth.error")
        assert level == "ERROR" and "tokens.json" in record["error"]
        assert list(daemon.state.glob("tokens.json.bad-*"))
        daemon.token("two", "view")


def test_a_token_that_cannot_be_kept_is_none():
    with Daemon() as daemon:
        daemon.start()
        (daemon.state / "tokens.json").mkdir()
        answer = daemon.ask("POST", "/api/tokens", {"name": "x", "role": "view"})
        assert answer.status == 503, answer.body
        assert daemon.ask("GET", "/api/tokens").json() == {"tokens": []}
