# SPDX-License-Identifier: MIT
"""Browsers that listen and talk, on the bus and by partylinectl; they come by HTTP."""

import json
import pathlib
import sys

import pytest
from private_bus import MANAGER, ROOT
from rig.offer import webrtc_offer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "web"))

from wire import ask  # noqa: E402

OK, REFUSED, USAGE = 0, 1, 2
SDP = {"Content-Type": "application/sdp"}


def document(session):
    return json.loads(session.ctl("listeners", "--json").stdout)


def test_list_and_end(shared):
    """No browser comes to these two: they are answered, and wait."""
    listener = ask(shared.http_port, "POST", "/whep?mix=tablet.1.talk:-3,channel.2.out:0:1",
                   webrtc_offer("recvonly").encode(), SDP)  # fmt: skip
    talker = ask(shared.http_port, "POST", "/whip?tablet=2", webrtc_offer("sendonly").encode(), SDP)
    assert listener.status == talker.status == 201
    assert listener.headers["content-type"] == "application/sdp"
    assert "a=candidate:" in listener.body.decode() and "a=sendonly" in listener.body.decode()
    ids = [one.headers["location"].rpartition("/")[2] for one in (listener, talker)]
    told = document(shared)
    assert [x["id"] for x in told["listeners"] + told["talkers"]] == ids
    assert told["port"] > 0 and told["trouble"] == ""
    assert [x["state"] for x in told["listeners"]] == ["connecting"]
    assert told["talkers"][0]["tablet"] == 2
    assert json.loads(shared.call(ROOT, MANAGER, "GetListeners")) == told
    assert ask(shared.http_port, "GET", "/api/listeners").json() == told
    text = shared.ctl("listeners").stdout
    assert "tablet.1.talk:-3,channel.2.out:0:1" in text and "talks into tablet 2" in text
    assert shared.ctl("listeners", "--ids").stdout.split() == ids
    # another into the same tablet takes its place
    again = ask(shared.http_port, "POST", "/whip?tablet=2", webrtc_offer("sendonly").encode(), SDP)
    mine = again.headers["location"].rpartition("/")[2]
    assert [x["id"] for x in document(shared)["talkers"]] == [mine]
    for name in (ids[0], mine):
        done = shared.ctl("listeners", "end", name)
        assert (done.returncode, name in done.stdout) == (OK, True)
    told = document(shared)
    assert told["listeners"] == told["talkers"] == []


def patch(session, location, body, **headers):
    """Trickle: `if_match` is the header; without it there is none."""
    sent = {"Content-Type": "application/trickle-ice-sdpfrag"}
    sent.update({name.replace("_", "-"): value for name, value in headers.items()})
    return ask(session.http_port, "PATCH", location, body.encode(), sent)


def names_of(body):
    """Our side's, of an answer or a fragment."""
    lines = body.decode().split("\r\n")
    return [line.partition(":")[2] for word in ("a=ice-ufrag:", "a=ice-pwd:")
            for line in lines if line.startswith(word)]  # fmt: skip


def test_candidates_and_ice_restart(shared):
    """RFC 9725 4.3: candidates change nothing, new names are answered by new ones."""
    opened = ask(shared.http_port, "POST", "/whep", webrtc_offer("recvonly").encode(), SDP)
    where, tag = opened.headers["location"], opened.headers["etag"]
    candidate = "a=ice-ufrag:abcd\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n" \
                "a=candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host\r\n"  # fmt: skip
    again = "a=ice-ufrag:nEwU\r\na=ice-pwd:abcdefghijklmnopqrstuv\r\n"
    for match in (tag, "*"):
        heard = patch(shared, where, candidate, if_match=match)
        assert (heard.status, heard.body) == (204, b"") and "etag" not in heard.headers
    for match, body, status, why in (
        (None, candidate, 428, "If-Match"),
        ('"older"', candidate, 412, "another ICE session"),
        ('"older"', again, 412, "another ICE session"),
        ('"' + 80 * "x" + '"', again, 412, "another ICE session"),
        ("*", "hello", 422, "no fragment"),
        ("*", "a=ice-ufrag:nEwU\r\n", 422, "ice-pwd"),
        ("*", "a=ice-ufrag:nEwU\r\na=ice-pwd:short\r\n", 422, "RFC 8839"),
    ):
        refused = patch(shared, where, body, **({"if_match": match} if match else {}))
        assert refused.status == status and why in refused.body.decode(), (match, refused.body)
    before = names_of(opened.body)
    for match in ("*", '"*"'):
        restarted = patch(shared, where, again, if_match=match)
        assert restarted.status == 200
        assert restarted.headers["content-type"] == "application/trickle-ice-sdpfrag"
        names = names_of(restarted.body)
        assert len(names) == 2 and not set(names) & set(before)
        assert b"a=ice-lite\r\n" in restarted.body and b"a=candidate:" in restarted.body
        assert b"a=mid:0\r\n" in restarted.body
        assert patch(shared, where, again, if_match=tag).status == 412
        tag, before = restarted.headers["etag"], names
        # candidates by the names that hold now are no restart
        assert patch(shared, where, again, if_match=tag).status == 204
        again = again.replace("nEwU", "tHrd")
    assert [x["state"] for x in document(shared)["listeners"]] == ["connecting"]
    assert ask(shared.http_port, "DELETE", where, None).status == 200
    assert patch(shared, where, again, if_match="*").status == 404


@pytest.mark.parametrize("words,code,why", [
    (["listeners", "end"], USAGE, "usage: partylinectl listeners [end ID]"),
    (["listeners", "start", "x"], USAGE, "usage: partylinectl listeners"),
    (["listeners", "end", "abc"], REFUSED, "there is no such session"),
], ids=lambda v: " ".join(v) if isinstance(v, list) else "")  # fmt: skip
def test_refusals(shared, words, code, why):
    done = shared.ctl(*words)
    assert (done.returncode, why in done.stderr) == (code, True), done.stderr
