# SPDX-License-Identifier: MIT
"""The gateway over HTTP: definitions are added, shown without secrets, kept, and removed."""

import contextlib
import http.client
import json
import pathlib

import pytest
from rig import Session, wait_until
from schema import answer_schema, check
from wire import WebSocket, ask

KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKis="
STREAM = {
    "id": "mill", "endpoint": "channel.2", "name": "Old mill",
    "remote": {"host": "192.0.2.7", "port": 5004}, "local": {"port": 5004}, "srtp": {"key": KEY},
}  # fmt: skip
PAGE = {"id": "crew-7", "source": "channel.1", "a_hz": 1000, "b_hz": 1500, "a_length_s": 1,
        "b_length_s": 3, "record_length_s": 30, "passthrough_channel": 2}  # fmt: skip


def call(port, method, path, body=None, status=200, route=None):
    answer = ask(port, method, path, body if body is not None or method == "GET" else b"")
    assert answer.status == status, (answer.status, answer.body)
    check(answer_schema(method, route or path, status), answer.json())
    return answer.json()


@pytest.fixture(autouse=True)
def empty(port):
    yield
    for stream in ask(port, "GET", "/api/streams").json()["streams"]:
        ask(port, "DELETE", f"/api/streams/{stream['id']}", b"")
    for page in ask(port, "GET", "/api/pages").json()["pages"]:
        ask(port, "DELETE", f"/api/pages/{page['id']}", b"")


def test_a_stream_is_added_shown_and_removed(port):
    added = call(port, "POST", "/api/streams", STREAM)
    assert added["origin"] == "added" and added["way"] == "both"
    assert added["srtp"] == {"cipher": "aes_256_gcm"}
    shown = call(port, "GET", "/api/streams/mill", route="/api/streams/{id}")
    assert {**shown, "status": 0} == {**added, "status": 0}
    assert [s["id"] for s in call(port, "GET", "/api/streams")["streams"]] == ["mill"]
    whole = call(port, "GET", "/api/gateway")
    assert [s["id"] for s in whole["streams"]] == ["mill"]
    assert KEY not in json.dumps(whole)
    jitter = call(port, "PUT", "/api/streams/mill/jitter", {"safety": 0.9},
                  route="/api/streams/{id}/jitter")
    assert jitter["jitter"]["safety"] == 0.9
    call(port, "DELETE", "/api/streams/mill", route="/api/streams/{id}")
    assert call(port, "GET", "/api/streams")["streams"] == []
    for method in ("GET", "DELETE"):
        call(port, method, "/api/streams/mill", status=404, route="/api/streams/{id}")
    assert ask(port, "GET", "/api/streams/mill.sdp").status == 404


def test_a_page_is_added_listened_for_and_removed(port):
    added = call(port, "POST", "/api/pages", PAGE)
    assert added["a_tolerance"] == 1.2 and added["origin"] == "added"
    tones = call(port, "GET", "/api/gateway")["tones"]
    assert [i["endpoint"] for i in tones["inputs"]] == ["channel.1"]
    assert call(port, "GET", "/api/pages")["pages"] == [added]
    call(port, "DELETE", "/api/pages/crew-7", route="/api/pages/{id}")
    assert call(port, "GET", "/api/gateway")["tones"] == {"inputs": [], "pages": []}
    call(port, "DELETE", "/api/pages/crew-7", status=404, route="/api/pages/{id}")


@pytest.mark.parametrize("change,place,words", [
    ({"id": "Mill"}, ["id"], "a to z"),
    ({"endpoint": "channel.9"}, ["endpoint"], "channels are 1 to 4"),
    ({"srtp": {}}, ["srtp", "key"], "partylinectl stream key"),
    ({"srtp": {"key": "AAAA"}}, ["srtp", "key"], "44"),
    ({"srtp": {"key_file": "/etc/passwd"}}, ["srtp", "key_file"], "configuration file"),
    ({"more": 1}, ["more"], "unknown"),
    ({"opus": {"ptime_ms": 3}}, ["opus", "ptime_ms"], "2.5"),
    ({"dscp": 64}, ["dscp"], "0 to 63"),
])
def test_a_bad_stream_changes_nothing(port, change, place, words):
    answer = call(port, "POST", "/api/streams", {**STREAM, **change}, status=422)
    assert answer["detail"][0]["loc"] == ["body", *place]
    assert words in answer["detail"][0]["msg"]
    assert call(port, "GET", "/api/streams")["streams"] == []


def test_what_is_there_is_not_added_again(port):
    call(port, "POST", "/api/streams", STREAM)
    call(port, "POST", "/api/streams", STREAM, status=409)
    answer = call(port, "POST", "/api/streams", {**STREAM, "id": "other"}, status=422)
    assert answer["detail"][0]["loc"] == ["body", "local", "port"]
    call(port, "POST", "/api/pages", PAGE)
    call(port, "POST", "/api/pages", PAGE, status=409)
    call(port, "POST", "/api/pages/from-record", {"message_id": "x", "id": "y"}, status=422)


def test_events_tell_of_the_gateway(port):
    with WebSocket(port, "/ws/events") as ws:
        ws.read_json()
        call(port, "POST", "/api/pages", PAGE)
        event = ws.read_json()
        check("Event", event)
        assert event["type"] == "gateway" and event["actor"]["face"] == "http"


def test_no_clip_of_that_name(port):
    for name in ("nothing.wav", "..", "..%2F..%2Fetc%2Fpasswd", "%2e%2e"):
        assert ask(port, "GET", f"/api/clips/{name}").status in (400, 404)


def test_clips_come_whole_and_in_parts(tmp_path):
    name, clip = "two_tone_1.wav", bytes(range(256)) * 1024 + b"end"
    record = {"message_id": "11111111-2222-4333-8444-555555555555", "ts_usec": 1, "page": "p",
              "type": "page", "channel": 1, "a_hz": 1, "b_hz": 2, "a_length_s": 1, "b_length_s": 1,
              "level_db": -20, "clip": name, "clip_length_s": 1, "clip_complete": True,
              "clip_uploaded": True}  # fmt: skip
    with Session(module=None, profile=None, daemon=True) as session:
        session.processes["partyline"].kill()
        session.processes["partyline"].wait()
        state = session.folder / "state/partyline"
        (state / "clips").mkdir(exist_ok=True)
        (state / "clips" / name).write_bytes(clip)
        (state / "pages.jsonl").write_text(json.dumps(record) + "\n", encoding="utf-8")
        session.start_daemon()
        port, path = session.http_port, f"/api/clips/{name}"
        history = call(port, "GET", "/api/pages/history")["history"]
        assert [(r["clip"], r["clip_complete"]) for r in history] == [(name, True)]
        whole = ask(port, "GET", path)
        assert (whole.status, whole.body) == (200, clip)
        assert whole.headers["content-type"] == "audio/wav"
        assert whole.headers["accept-ranges"] == "bytes"
        assert ask(port, "HEAD", path).headers["content-length"] == str(len(clip))
        for text, part in (("0-99", clip[:100]), ("200000-", clip[200000:]), ("-3", b"end")):
            answer = ask(port, "GET", path, headers={"Range": f"bytes={text}"})
            assert (answer.status, answer.body) == (206, part)
            assert answer.headers["content-range"].endswith(f"/{len(clip)}")
        answer = ask(port, "GET", path, headers={"Range": "bytes=9999999-"})
        assert answer.status == 416
        assert answer.headers["content-range"] == f"bytes */{len(clip)}"
        # one connection goes on behind a file
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
            for _ in range(3):
                connection.request("GET", path)
                assert connection.getresponse().read() == clip


def make_clip(session, name, content, *records):
    """As if it had been recorded before the daemon starts."""
    state = session.folder / "state/partyline"
    (state / "clips").mkdir(exist_ok=True)
    (state / "clips" / name).write_bytes(content)
    with (state / "pages.jsonl").open("a", encoding="utf-8") as history:
        for ts, message, page in records:
            history.write(json.dumps({
                "message_id": f"{message * 8}-2222-4333-8444-555555555555", "ts_usec": ts,
                "page": page, "type": "page", "channel": 1, "a_hz": 1, "b_hz": 2, "a_length_s": 1,
                "b_length_s": 1, "level_db": -20, "clip": name, "clip_length_s": 12.5,
                "clip_complete": True, "clip_uploaded": False}) + "\n")  # fmt: skip


def clips_of(session):
    return call(session.http_port, "GET", "/api/clips")["clips"]


def wait_clips(session, n):
    """The directory is looked at by a thread of its own."""
    wait_until(lambda: len(clips_of(session)) == n, lambda: f"{n} clips: {clips_of(session)}")
    return clips_of(session)


def test_clips_are_listed_and_deleted():
    with Session(module=None, profile=None, daemon=True) as session:
        session.processes["partyline"].kill()
        session.processes["partyline"].wait()
        make_clip(session, "1_tone_a.wav", b"x" * 1000, (1_000_000, "1", "gate"), (2_000_000, "2", "crew"))
        make_clip(session, "2_tone_b.opus", b"y" * 10, (5_000_000, "3", "gate"))
        make_clip(session, "3_tone_gone.wav", b"", (6_000_000, "4", "gate"))
        (session.folder / "state/partyline/clips/3_tone_gone.wav").unlink()
        session.start_daemon()
        port = session.http_port
        newest, oldest = wait_clips(session, 2)
        assert oldest == {"name": "1_tone_a.wav", "ts": 1, "length_s": 12.5, "bytes": 1000,
                          "endpoint": "channel.1", "page_ids": ["crew", "gate"], "uploaded": False}
        assert (newest["name"], newest["page_ids"]) == ("2_tone_b.opus", ["gate"])
        assert json.loads(session.check(["partylinectl", "--json", "page", "clips"])) == [newest, oldest]
        table = session.check(["partylinectl", "page", "clips"]).splitlines()
        assert "2_tone_b.opus  gate" in table[0] and "1_tone_a.wav  crew, gate" in table[1]

        with WebSocket(port, "/ws/events") as ws:
            ws.read_json()
            call(port, "DELETE", "/api/clips/1_tone_a.wav", route="/api/clips/{name}")
            events = [ws.read_json(), ws.read_json()]
        assert {e["page"]["page_id"] for e in events} == {"gate", "crew"}
        assert all(e["type"] == "page" and e["page"]["clip"] == "" for e in events)
        assert [c["name"] for c in clips_of(session)] == ["2_tone_b.opus"]
        assert ask(port, "GET", "/api/clips/1_tone_a.wav").status == 404
        for name in ("1_tone_a.wav", "3_tone_gone", "..%2Fpages.jsonl"):
            assert ask(port, "DELETE", f"/api/clips/{name}", b"").status in (400, 404)
        session.check(["partylinectl", "page", "remove-clip", "2_tone_b.opus"])
        assert clips_of(session) == []
        refused = session.run(["partylinectl", "page", "remove-clip", "2_tone_b.opus"])
        assert refused.returncode != 0 and "there is no clip" in refused.stderr
        wait_gone(session.folder / "state/partyline/clips/2_tone_b.opus")
        assert len(call(port, "GET", "/api/pages/history")["history"]) == 4


def wait_gone(path):
    wait_until(lambda: not path.exists(), f"the end of {path}")


def test_a_clip_that_waits_for_its_upload_is_not_deleted():
    s3 = {"enabled": True, "endpoint": "http://127.0.0.1:9", "bucket": "clips", "access_key": "x",
          "secret_key": "y"}  # fmt: skip
    with Session(module=None, profile=None, daemon=True, config={"gateway": {"s3": s3}}) as session:
        session.processes["partyline"].kill()
        session.processes["partyline"].wait()
        make_clip(session, "1_tone_a.wav", b"x", (1_000_000, "1", "gate"))
        session.start_daemon()
        answer = call(session.http_port, "DELETE", "/api/clips/1_tone_a.wav", status=409,
                      route="/api/clips/{name}")
        assert "waits for its upload" in answer["detail"][0]["msg"]
        assert (session.folder / "state/partyline/clips/1_tone_a.wav").exists()


def test_what_was_added_outlives_the_daemon():
    with Session(module=None, profile=None, daemon=True) as session:
        call(session.http_port, "POST", "/api/streams", STREAM)
        call(session.http_port, "POST", "/api/pages", PAGE)
        before = call(session.http_port, "GET", "/api/gateway")
        (kept,) = pathlib.Path(session.folder).rglob("gateway.json")
        assert kept.stat().st_mode & 0o777 == 0o600
        assert KEY in kept.read_text(encoding="utf-8")
        session.processes["partyline"].kill()
        session.processes["partyline"].wait()
        session.start_daemon()
        after = call(session.http_port, "GET", "/api/gateway")
        assert after["tones"] == before["tones"]
        assert [{**s, "status": 0} for s in after["streams"]] == [
            {**s, "status": 0} for s in before["streams"]]
