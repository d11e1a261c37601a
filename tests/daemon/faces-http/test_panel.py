# SPDX-License-Identifier: MIT
"""/ws/panel: who has which tablet, and that nobody's key outlives the one who holds it.

Nothing here depends on how quick the machine is: a key may go up earlier than a test thinks,
because the test itself was silent for 0.75 s, so what is looked at is what is told, in its order.
test-claims.c has the times.
"""

import fcntl
import json
import os
import signal
import struct
import termios
import time

import pytest
from panel import Panel
from rig import wait_until
from schema import check
from wire import WebSocket, ask

GUARD_SECONDS = 60


class Events(WebSocket):
    """/ws/events, until something has happened."""

    def __init__(self, port):
        super().__init__(port, "/ws/events")
        self.state = self.read_json()["state"]

    def until(self, wanted):
        """Every event up to the first that is wanted."""
        seen = []
        while not seen or not wanted(seen[-1]):
            seen.append(self.read_json())
            check("Event", seen[-1])
        return seen


def step(event):
    return event.get("step")


def keys(port, tablet):
    return ask(port, "GET", "/api/state").json()["tablets"][tablet - 1]["keys"]


@pytest.fixture(autouse=True)
def nobody_has_a_tablet(port):
    for held in ask(port, "GET", "/api/claims").json()["claims"]:
        ask(port, "DELETE", f"/api/claims/{held['tablet']}", b"")
    ask(port, "POST", "/api/release", b"")


def test_claim_and_talk(port):
    with Events(port) as events, Panel(port) as panel:
        assert events.state["tablets"][2]["claim"] is None
        mine = panel.claim(3, label="Ännas Tablet")
        assert (mine["tablet"], mine["keys"]) == (3, [])
        told = events.until(step)[-1]
        assert (told["type"], told["step"], told["actor"]["face"]) == ("claim", "taken", "ws")
        (tablet,) = told["tablets"]
        assert (tablet["id"], tablet["claim"]["label"]) == (3, "Ännas Tablet")
        assert tablet["claim"]["peer"] == "127.0.0.1"
        assert abs(tablet["claim"]["since"] - time.time()) < 600
        panel.press(2)
        talks = events.until(lambda e: e["type"] == "ptt.request")[-1]
        assert (talks["actor"]["face"], talks["actor"]["name"]) == ("ws", "127.0.0.1")
        assert [(t["id"], t["keys"]) for t in talks["tablets"]] == [(3, [2])]
        assert talks["channels"][0]["active_tablets"] == [3]
        panel.say("up", channel=2)
        assert panel.hear_until("keys")["keys"] == []
        panel.say("ping", id=4294967295)
        assert panel.hear_until("pong")["id"] == 4294967295
        panel.say("leave")
        lost = panel.hear_until("lost")
        assert (lost["tablet"], lost["reason"]) == (3, "left")
        free = events.until(lambda e: step(e) == "left")[-1]
        assert free["tablets"][0]["claim"] is None
    history = ask(port, "GET", "/api/ptt/history").json()["history"]
    assert [(e["tablet_id"], e["channel"], e["state"]) for e in history[-2:]] == [
        (3, 2, "ACTIVE"), (3, 2, "IDLE")]


def test_listed_and_freed_by_an_administrator(port):
    assert ask(port, "GET", "/api/claims").json() == {"claims": []}
    with Panel(port) as panel, Panel(port) as other:
        panel.claim(2, label="desk")
        other.claim(5)
        panel.press(1)
        listed = ask(port, "GET", "/api/claims").json()
        check("Claims", listed)
        assert [(c["tablet"], c["label"]) for c in listed["claims"]] == [(2, "desk"), (5, "")]
        answer = ask(port, "DELETE", "/api/claims/2", b"")
        assert answer.status == 200 and [c["tablet"] for c in answer.json()["claims"]] == [5]
        seen = []
        lost = panel.hear_until("lost", seen)
        assert lost["reason"] == "released" and "administrator" in lost["detail"]
        assert [m["keys"] for m in seen if m["type"] == "keys"][-1] == []
        assert keys(port, 2) == []
        refused = panel.refused("down", channel=1)
        assert "claim a tablet first" in refused["detail"][0]["msg"]
    assert ask(port, "DELETE", "/api/claims/2", b"").status == 200  # nobody has it: nothing to do
    assert ask(port, "DELETE", "/api/claims/17", b"").status == 422
    assert ask(port, "DELETE", "/api/claims/x", b"").status == 422


def test_next_free(port):
    ask(port, "PUT", "/api/tablet/2/capture", {"device": "card:Desk"})
    panels = [Panel(port) for _ in range(15)]
    try:
        got = [panel.claim()["tablet"] for panel in panels]
        assert got == [1, *range(3, 17)]
        with Panel(port) as late:
            refused = late.refused("claim")
            assert "by its number" in refused["detail"][0]["msg"] and "taken_by" not in refused
            assert late.claim(2)["tablet"] == 2
    finally:
        for panel in panels:
            panel.close()


def test_taken_and_taken_over(port):
    with Panel(port) as panel, Panel(port) as other:
        panel.claim(1, label="Anna")
        panel.press(1)
        refused = other.refused("claim", tablet=1)
        assert refused["request"] == "claim"
        assert refused["taken_by"]["label"] == "Anna"
        assert '"Anna" at 127.0.0.1' in refused["detail"][0]["msg"]
        assert refused["detail"][0]["loc"] == ["body", "tablet"]
        other.claim(1, label="Bert", take_over=True)
        seen = []
        lost = panel.hear_until("lost", seen)
        assert lost["reason"] == "taken_over" and "Bert at 127.0.0.1" in lost["detail"]
        assert [m["keys"] for m in seen if m["type"] == "keys"][-1] == []
        assert "claim" in panel.refused("down", channel=1)["detail"][0]["msg"]
        other.press(2)
        panel.close()
        other.press(3)  # the old one's end is none of its business
        # and the other one's change of tablet frees the first
        assert other.claim(4)["tablet"] == 4
        assert [c["tablet"] for c in ask(port, "GET", "/api/claims").json()["claims"]] == [4]
        assert keys(port, 1) == []


@pytest.mark.parametrize("how", ["fin", "reset", "close", "silence"])
def test_keys_end_with_the_connection(port, how):
    """Its own; not those of other hands, on its tablet or elsewhere."""
    with Events(port) as events, Panel(port) as panel:
        panel.claim(1)
        panel.press(1)
        panel.press(2)
        ask(port, "POST", "/ptt/request", {"tablet_id": 1, "channel": 3})
        ask(port, "POST", "/ptt/request", {"tablet_id": 2, "channel": 1})
        if how == "fin":
            panel.close()
        elif how == "reset":
            panel.sock.setsockopt(1, 13, struct.pack("ii", 1, 0))  # SO_LINGER: RST
            panel.close()
        elif how == "close":
            panel.send_frame(8, struct.pack(">H", 1001))
        seen = events.until(lambda e: step(e) == ("silent" if how == "silence" else "away"))
        assert seen[-1]["tablets"][0]["claim"]["present"] is False
        assert seen[-1]["tablets"][0]["keys"] == [3]
        ups = [c for e in seen if e["type"] == "ptt.release" for c in e["channels"]]
        assert {c["id"] for c in ups} == {1, 2}
        assert keys(port, 1) == [3] and keys(port, 2) == [1]


def test_come_back_with_the_secret(port):
    with Panel(port) as panel, Panel(port) as other:
        secret = panel.claim(1, label="Anna")["secret"]
        with Panel(port) as again:  # the first connection is not known to be dead
            mine = again.claim(1, secret=secret)
            assert mine["secret"] == secret
            assert panel.hear_until("lost")["reason"] == "back"
        refused = other.refused("claim", tablet=1)  # kept, for who knows the secret
        assert refused["taken_by"]["label"] == "Anna"
        with Panel(port) as again:
            assert again.claim(secret=secret)["tablet"] == 1
            assert again.claim(1)["tablet"] == 1  # its own tablet once more
        assert other.claim(2, secret="0" * 32)["tablet"] == 2  # fits nothing: as none


def test_nobody_comes_back(port):
    """Ten seconds after the end of one and the last word of the other."""
    with Events(port) as events, Panel(port) as mute:
        with Panel(port) as panel:
            panel.claim(1)
        mute.claim(2)
        free = {}
        while set(free) != {1, 2}:
            (tablet,) = events.until(lambda e: step(e) == "expired")[-1]["tablets"]
            free[tablet["id"]] = tablet["claim"]
        assert free == {1: None, 2: None}
        assert mute.hear_until("lost")["reason"] == "expired"
        assert mute.claim(1)["tablet"] == 1


def arrived(sock):
    """Until the other end's kernel has everything."""
    wait_until(lambda: struct.unpack("i", fcntl.ioctl(sock, termios.TIOCOUTQ, b"\0" * 4))[0] == 0,
               "an empty queue", interval=0.001)


def test_a_daemon_that_stood_still_takes_nobody_for_silent(port, session):
    """What came meanwhile is read before anybody is judged."""
    pid = session.processes["partyline"].pid
    guard = time.monotonic() + GUARD_SECONDS
    with Panel(port) as panel:
        panel.claim(1)
        while True:
            panel.press(1)
            begin = time.monotonic()
            panel.say("ping", id=1)
            panel.hear_until("pong")
            os.kill(pid, signal.SIGSTOP)
            try:
                stopped_in_time = time.monotonic() - begin < 0.5
                time.sleep(1.0)  # longer than the silence that is allowed
                panel.say("ping", id=2)
                arrived(panel.sock)
            finally:
                os.kill(pid, signal.SIGCONT)
            seen = []
            panel.hear_until("pong", seen)
            if stopped_in_time:  # else it was this test that stood still, and was silent
                break
            assert time.monotonic() < guard, "the machine stands still too often"
            panel.say("up", channel=1)
            panel.hear_until("keys")
        assert seen == []


def test_bad_messages_change_nothing(port):
    with Panel(port) as panel:
        panel.claim(1)
        for text, word in (
            (b"", "Field required"),
            (b"x", "JSON decode error"),
            (b"[]", "an object"),
            (b"{}", "'claim', 'leave', 'down', 'up' or 'ping'"),
            (b'{"type":7}', "'claim', 'leave'"),
            (b'{"type":"Down","channel":1}', "'claim', 'leave'"),
            (b'{"type":"down"}', "Field required"),
            (b'{"type":"down","channel":null}', "integer"),
            (b'{"type":"down","channel":"1"}', "integer"),
            (b'{"type":"down","channel":1.5}', "integer"),
            (b'{"type":"down","channel":0}', "no channel 0; channels are 1 to 4"),
            (b'{"type":"down","channel":5}', "no channel 5"),
            (b'{"type":"down","channel":-1}', "no such id"),
            (b'{"type":"down","channel":1,"tablet":2}', "no such field"),
            (b'{"type":"down","type":"up","channel":1}', "JSON decode error"),
            (b'{"type":"up","channel":9}', "no channel 9"),
            (b'{"type":"claim","tablet":0}', "count from 1"),
            (b'{"type":"claim","tablet":17}', "no tablet 17"),
            (b'{"type":"claim","tablet":2,"label":"a\\u0007"}', "control characters"),
            (b'{"type":"claim","tablet":2,"label":"' + b"x" * 64 + b'"}', "at most 63 bytes"),
            (b'{"type":"claim","take_over":true}', "number of a tablet"),
            (b'{"type":"claim","take_over":1}', "true or false"),
            (b'{"type":"ping","id":4294967296}', "no such id"),
            (b'{"type":"down","channel":1\xff}', "JSON decode error"),
        ):  # fmt: skip
            panel.send_frame(1, text)
            refused = panel.hear_until("refused")
            assert any(word in d["msg"] for d in refused["detail"]), (text, refused)
        assert [c["tablet"] for c in ask(port, "GET", "/api/claims").json()["claims"]] == [1]
        assert keys(port, 1) == []
        panel.send_frame(9, b"are you there")  # a ping of the protocol is no message
        panel.send_frame(1, b'{"type":"pi', final=False)  # in pieces is as well
        panel.send_frame(0, b'ng","id":3}')
        assert panel.hear_until("pong")["id"] == 3


@pytest.mark.parametrize("opcode,payload,code", [
    (2, b'{"type":"ping"}', 1003),
    (1, b'{"type":"ping","id":' + b" " * 2000 + b"1}", 1009),
    (1, b"x" * 100_000, 1009),
], ids=["binary", "long", "huge"])
def test_what_is_no_message_ends_it(port, opcode, payload, code):
    with Events(port) as events, Panel(port) as panel:
        panel.claim(1)
        panel.press(1)
        panel.send_frame(opcode, payload)
        try:
            while True:
                kind, data = panel.read_frame()
                if kind == 8:
                    assert struct.unpack(">H", data[:2])[0] == code
                    break
        except ConnectionError:
            assert len(payload) > 4096  # not read to its end: the answer may be lost in the reset
        events.until(lambda e: step(e) == "away")
        assert keys(port, 1) == []


def test_a_panel_that_does_not_read_goes(port):
    """Neither memory nor a key is kept for it."""
    with Events(port) as events, Panel(port, receive_buffer=4096) as deaf:
        deaf.claim(1)
        deaf.sock.settimeout(GUARD_SECONDS)
        burst = b'{"type":"down","channel":77}'
        with pytest.raises(OSError):
            while True:
                deaf.send_frame(1, burst)
        events.until(lambda e: step(e) == "away")
    with Panel(port) as panel:
        panel.claim(1, take_over=True)


def test_roles(port):
    def token(name, role):
        answer = ask(port, "POST", "/api/tokens", {"name": name, "role": role})
        return {"Authorization": f"Bearer {answer.json()['token']}"}

    viewer, operator = token("watcher", "view"), token("talker", "operate")
    try:
        with Panel(port, headers=viewer) as panel:
            assert 'the role "operate"' in panel.refused("claim", tablet=1)["detail"][0]["msg"]
        assert ask(port, "DELETE", "/api/claims/1", b"", operator).status == 403
        assert ask(port, "GET", "/api/claims", headers=viewer).status == 200
        with Events(port) as events, Panel(port, headers=operator) as panel:
            panel.claim(1)
            panel.press(1)
            ask(port, "POST", "/api/tokens/remove", {"name": "talker"})
            panel.say("ping")  # a token that is no more ends it, and its keys
            events.until(lambda e: step(e) == "away")
            assert keys(port, 1) == []
    finally:
        for name in ("watcher", "talker"):
            ask(port, "POST", "/api/tokens/remove", {"name": name})


def test_origin_and_method(port):
    with pytest.raises(WebSocket.Refused) as refused:
        Panel(port, headers={"Origin": "http://evil.example"})
    assert refused.value.answer.status == 403
    answer = ask(port, "GET", "/ws/panel")
    assert answer.status == 426
    check("Detail", json.loads(answer.body))
