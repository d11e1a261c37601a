# SPDX-License-Identifier: MIT
"""The daemon's log from afar: the past, what comes, only for who may see it, also for slow readers."""

import os
import signal

import pytest
from access import Daemon
from schema import answer_schema, check
from wire import Connection, WebSocket


@pytest.fixture(scope="module")
def daemon():
    with Daemon() as running:
        yield running.start()


def read_until(ws, event_type, **data):
    """Records up to the one that is meant."""
    records = []
    while True:
        record = ws.read_json()
        check("LogRecord", record)
        records.append(record)
        if record["event_type"] == event_type and data.items() <= record["data"].items():
            return records


def say(daemon, name):
    assert daemon.ask("PUT", "/api/channel/1/name", {"name": name}).status == 200


def test_the_past_begins_with_the_start(daemon):
    answer = daemon.ask("GET", "/api/log")
    assert answer.status == 200
    check(answer_schema("GET", "/api/log", 200), answer.json())
    records = answer.json()["records"]
    assert "api.startup" in [r["event_type"] for r in records]
    assert [r["ts"] for r in records] == sorted(r["ts"] for r in records)
    # the same as in the file
    lines = (daemon.state / "system.log").read_text(encoding="utf-8")
    assert all(f'"message":"{r["message"]}"' in lines for r in records if '"' not in r["message"])


def test_every_record_comes_as_it_is_made(daemon):
    with WebSocket(daemon.port, "/ws/log?lines=0") as new, WebSocket(daemon.port, "/ws/log") as all_:
        for name in ("Gate", "Bühne"):
            say(daemon, name)
            record = read_until(new, "name.updated", name=name)[-1]
            assert record["level"] == "info" and record["service"] == "partyline"
        past = read_until(all_, "api.startup")
        assert read_until(all_, "name.updated", name="Bühne")[0]["ts"] >= past[-1]["ts"]


def test_as_many_and_as_grave_as_asked_for(daemon):
    for name in ("a", "b", "c"):
        say(daemon, name)
    with WebSocket(daemon.port, "/ws/log?lines=2") as ws:
        # the newest two, and then that somebody has come
        assert len(read_until(ws, "ws.log.connected")) <= 3
    with WebSocket(daemon.port, "/ws/log?lines=0&level=error") as ws:
        say(daemon, "not grave")
        daemon.config_path.write_text("{nonsense", encoding="utf-8")
        os.kill(daemon.process.pid, signal.SIGHUP)
        record = ws.read_json()
        assert (record["event_type"], record["level"]) == ("config.reload.error", "error")
        assert record["error"]
        daemon.write_config({})


def test_the_past_is_sorted_out(daemon):
    for name in ("d", "e", "f"):
        say(daemon, name)

    def named(query):
        answer = daemon.ask("GET", "/api/log?" + query)
        check(answer_schema("GET", "/api/log", 200), answer.json())
        return [r["data"].get("name") for r in answer.json()["records"]]

    assert named("event=name.updated&lines=2") == ["e", "f"]
    assert named("lines=3&level=info&event=name") == ["d", "e", "f"]
    assert named("event=nam") == named("lines=0") == named("event=name&level=warning") == []
    with WebSocket(daemon.port, "/ws/log?lines=1&event=name") as ws:
        assert ws.read_json()["data"]["name"] == "f"
        say(daemon, "g")
        assert ws.read_json()["data"]["name"] == "g"


BAD = ["lines=-1", "lines=1001", "lines=x", "lines=", "level=loud", "level=", "event=", "event=a b", "event=" + "x" * 64]


@pytest.mark.parametrize("query", BAD)
def test_bad_queries(daemon, query):
    answer = daemon.ask("GET", "/api/log?" + query.replace(" ", "%20"))
    assert answer.status == 422
    check("Detail", answer.json())
    assert answer.detail[0]["loc"] == ["query", query.split("=")[0]]
    query = query.replace(" ", "%20")
    with pytest.raises(WebSocket.Refused) as refused:
        WebSocket(daemon.port, "/ws/log?" + query)
    assert refused.value.answer.status == 422
    check("Detail", refused.value.answer.json())
    assert refused.value.answer.detail[0]["loc"] == ["query", query.split("=")[0]]


def test_a_slow_reader_is_told_what_it_missed():
    with Daemon({"log": {"level": "debug"}}) as daemon:
        daemon.start()
        with WebSocket(daemon.port, "/ws/log?lines=1000", receive_buffer=4096) as slow:
            # more than sockets hold and than is kept
            with Connection(daemon.port) as connection:
                for _ in range(5000):
                    assert connection.ask("GET", "/health").status == 200
            say(daemon, "the end")
            missed = n = 0
            while True:
                message = slow.read_json()
                n += "missed" not in message
                if "missed" in message:
                    check("LogGap", message)
                    missed += message["missed"]
                elif message["event_type"] == "name.updated":
                    break
            assert missed > 0 and n + missed > 5000


def test_only_admins_read_it(daemon):
    for role, status in (("view", 403), ("operate", 403), ("admin", 200)):
        token = daemon.token(f"log {role}", role)
        assert daemon.ask("GET", "/api/log", token=token).status == status
        header = {"Authorization": f"Bearer {token}"}
        if status == 200:
            with WebSocket(daemon.port, "/ws/log", header) as ws:
                check("LogRecord", ws.read_json())
            continue
        with pytest.raises(WebSocket.Refused) as refused:
            WebSocket(daemon.port, "/ws/log", header)
        assert refused.value.answer.status == 403
        assert 'the role "admin"' in refused.value.answer.detail
    verbs = [(r["event_type"], r["data"]["verb"], r["data"]["role"]) for r in daemon.audit()]
    assert ("audit.refused", "read_log", "view") in verbs
    assert ("audit.done", "read_log", "admin") in verbs


def test_it_ends_with_the_token(daemon):
    token = daemon.token("passing", "admin")
    with WebSocket(daemon.port, "/ws/log?lines=0", {"Authorization": f"Bearer {token}"}) as ws:
        assert daemon.ask("POST", "/api/tokens/remove", {"name": "passing"}).status == 200
        say(daemon, "the last straw")
        with pytest.raises(ConnectionError):
            while True:
                opcode, _ = ws.read_frame()
                if opcode == 8:
                    raise ConnectionError
