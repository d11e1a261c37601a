# SPDX-License-Identifier: MIT
"""Who sits at which tablet, on the bus and by partylinectl; they claim it by HTTP."""

import json
import pathlib
import sys

import pytest
from private_bus import TABLET, plain, tablet

TESTS = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TESTS / "web"), str(TESTS / "daemon/faces-http")]

from panel import Panel  # noqa: E402

OK, REFUSED, USAGE = 0, 1, 2
NOBODY = ["", "", False, 0]


@pytest.fixture
def free(shared):
    for number in range(1, 5):
        shared.call(tablet(number), TABLET, "ReleaseClaim")
    return shared


def test_property_and_method(free):
    assert plain(free.get(tablet(2), TABLET, "Claim")) == NOBODY
    with free.monitor() as lines, Panel(free.http_port) as panel:
        panel.claim(2, label="Müllers Tablet")
        lines.until(lambda line: json.loads(line).get("property") == "claim")
        label, peer, present, since = json.loads(lines.seen[-1])["value"]
        assert (label, peer, present) == ("Müllers Tablet", "127.0.0.1", True) and since > 0
        assert json.loads(lines.seen[-1])["id"] == 2
        panel.press(1)
        free.call(tablet(2), TABLET, "ReleaseClaim")
        assert panel.hear_until("lost")["reason"] == "released"
        lines.until(lambda line: json.loads(line).get("property") == "claim"
                    and json.loads(line)["value"] == NOBODY)
        keys = [json.loads(line) for line in lines.seen if json.loads(line)["event"] == "key"]
        assert [k["down"] for k in keys] == [True, False]
        assert plain(free.get(tablet(2), TABLET, "Claim")) == NOBODY
    free.call(tablet(2), TABLET, "ReleaseClaim")  # nobody: nothing to do


def test_partylinectl(free):
    done = free.ctl("claims")
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (OK, "", 1)
    assert json.loads(free.ctl("claims", "--json").stdout) == []
    with Panel(free.http_port) as panel, Panel(free.http_port) as other:
        panel.claim(3, label="stage \u202eleft")
        other.claim(1)
        listed = json.loads(free.ctl("claims", "--json").stdout)
        assert [(c["tablet"], c["label"], c["peer"]) for c in listed] == [
            (1, "", "127.0.0.1"), (3, "stage \u202eleft", "127.0.0.1"),
        ]  # fmt: skip
        assert all(c["since"] > 1.7e9 for c in listed)
        text = free.ctl("claims").stdout
        assert "127.0.0.1" in text and "stage" in text
        done = free.ctl("claims", "release", "3")
        assert (done.returncode, done.stdout) == (OK, "tablet 3 is free\n")
        assert panel.hear_until("lost")["reason"] == "released"
        done = free.ctl("claims", "release", "1", "--json")
        assert json.loads(done.stdout) == {"tablet": 1, "released": True}
        assert other.hear_until("lost")["reason"] == "released"
    assert json.loads(free.ctl("claims", "--json").stdout) == []


@pytest.mark.parametrize("words,code,text", [
    (["claims", "release"], USAGE, "usage: partylinectl claims [release TABLET]"),
    (["claims", "take", "1"], USAGE, "usage: partylinectl claims"),
    (["claims", "release", "5"], REFUSED, "there is no tablet 5; tablets are 1 to 4"),
    (["claims", "release", "x"], USAGE, "x"),
])
def test_bad_words(free, words, code, text):
    done = free.ctl(*words)
    assert done.returncode == code and text in done.stderr, done
