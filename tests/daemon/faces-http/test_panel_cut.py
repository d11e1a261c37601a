# SPDX-License-Identifier: MIT
"""A panel whose network goes away without a word: nobody hangs up, its packets are lost."""


import own_network
import pytest
from panel import Panel
from plain_daemon import PlainDaemon
from rig import wait_until
from wire import ask

REFUSED = own_network.enter()
pytestmark = pytest.mark.skipif(bool(REFUSED), reason=REFUSED)


def steps(daemon):
    return [r["data"]["step"] for _, r in daemon.records() if r["event_type"] == "claim"]


def test_keys_end_although_the_panel_goes_on_talking():
    with PlainDaemon() as daemon:
        port = int(daemon.start().url.rsplit(":", 1)[1])
        ask(port, "POST", "/ptt/request", {"tablet_id": 2, "channel": 1})
        with Panel(port) as panel:
            secret = panel.claim(1, label="Anna")["secret"]
            panel.press(1)
            panel.press(2)

            def is_silent():
                panel.say("ping")
                return "silent" in steps(daemon)

            own_network.cut(True)
            try:
                wait_until(is_silent, "the panel's silence")
            finally:
                own_network.cut(False)
            # What was said meanwhile arrives now; no key comes down by it.
            seen = []
            panel.say("ping", id=7)
            while panel.hear_until("pong", seen)["id"] != 7:
                pass
            assert [m["keys"] for m in seen if m["type"] == "keys"][-1] == []
            tablets = ask(port, "GET", "/api/state").json()["tablets"]
            assert [t["keys"] for t in tablets[:2]] == [[], [1]]
            with Panel(port) as again:
                assert again.claim(1, secret=secret)["tablet"] == 1
