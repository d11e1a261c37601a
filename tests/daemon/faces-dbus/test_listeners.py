# SPDX-License-Identifier: MIT
"""Browsers that listen and talk, on the bus and by partylinectl; they come by HTTP."""

import json
import pathlib
import sys

import pytest
from private_bus import MANAGER, ROOT

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "web"))

from wire import ask  # noqa: E402

OK, REFUSED, USAGE = 0, 1, 2
SDP = {"Content-Type": "application/sdp"}
OFFER = """v=0
o=- 1 1 IN IP4 127.0.0.1
s=-
t=0 0
m=audio 9 UDP/TLS/RTP/SAVPF 111
c=IN IP4 0.0.0.0
a=ice-ufrag:abcd
a=ice-pwd:abcdefghijklmnopqrstuvwx
a=fingerprint:sha-256 {0}
a=setup:actpass
a=mid:0
a={1}
a=rtcp-mux
a=rtpmap:111 opus/48000/2
"""


def offer(direction):
    return OFFER.format(":".join(["AB"] * 32), direction).encode()


def document(session):
    return json.loads(session.ctl("listeners", "--json").stdout)


def test_list_and_end(shared):
    """No browser comes to these two: they are answered, and wait."""
    listener = ask(shared.http_port, "POST", "/whep?mix=tablet.1.talk:-3,channel.2.out:0:1",
                   offer("recvonly"), SDP)  # fmt: skip
    talker = ask(shared.http_port, "POST", "/whip?tablet=2", offer("sendonly"), SDP)
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
    again = ask(shared.http_port, "POST", "/whip?tablet=2", offer("sendonly"), SDP)
    mine = again.headers["location"].rpartition("/")[2]
    assert [x["id"] for x in document(shared)["talkers"]] == [mine]
    # candidates of the browser are not needed
    patched = ask(shared.http_port, "PATCH", again.headers["location"], b"a=ice-ufrag:abcd\r\n",
                  {"Content-Type": "application/trickle-ice-sdpfrag"})  # fmt: skip
    assert (patched.status, patched.body) == (204, b"")
    for name in (ids[0], mine):
        done = shared.ctl("listeners", "end", name)
        assert (done.returncode, name in done.stdout) == (OK, True)
    told = document(shared)
    assert told["listeners"] == told["talkers"] == []


@pytest.mark.parametrize("words,code,why", [
    (["listeners", "end"], USAGE, "usage: partylinectl listeners [end ID]"),
    (["listeners", "start", "x"], USAGE, "usage: partylinectl listeners"),
    (["listeners", "end", "abc"], REFUSED, "there is no such session"),
], ids=lambda v: " ".join(v) if isinstance(v, list) else "")  # fmt: skip
def test_refusals(shared, words, code, why):
    done = shared.ctl(*words)
    assert (done.returncode, why in done.stderr) == (code, True), done.stderr
