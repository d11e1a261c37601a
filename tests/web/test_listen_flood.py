# SPDX-License-Identifier: MIT
"""A flood of junk to the UDP port of all sessions: who listens goes on to, and others may come."""

import re

from junk import Flood
from rig import wait_until
from test_listen import (  # noqa: F401 (fixtures)
    TONE_DB,
    browser,
    hears,
    listen,
    listeners,
    location,
    open_page,
    page,
    pages,
    port,
    put,
    session,
    tone,
    wait_listeners,
)
from wire import ask

DATAGRAMS = 20_000


def username_of(page, which):  # noqa: F811
    """What the browser's checks begin with: both ends' fragments."""
    ours, theirs = (
        re.search(r"a=ice-ufrag:(\S+)", page.js(f"listeners[{which}].pc.{side}.sdp")).group(1)
        for side in ("remoteDescription", "localDescription")
    )
    return f"{ours}:{theirs}"


def set_gain(page, port, which, gain_db):  # noqa: F811
    path = location(page, which).replace("/whep/", "/api/listeners/") + "/mix"
    put(port, path, sources=[{"source": "tablet.1.talk", "gain_db": gain_db}])


def test_a_flood_disturbs_no_session(page, port, tone):  # noqa: F811
    first = listen(page, port, "tablet.1.talk")
    hears(page, first, TONE_DB)
    before = {one["id"] for one in listeners(port)}
    udp_port = ask(port, "GET", "/api/listeners").json()["port"]
    with Flood(udp_port, [username_of(page, first)]) as flood:
        wait_until(lambda: flood.n_sent > DATAGRAMS // 3, "the flood to begin")
        # what is heard changes as ever
        set_gain(page, port, first, -10)
        hears(page, first, TONE_DB - 10)
        # somebody else comes
        second = listen(page, port, "tablet.1.talk:-3")
        hears(page, second, TONE_DB - 3)
        wait_until(lambda: flood.n_sent > DATAGRAMS, "the flood to go on")
        wait_until(lambda: flood.n_refused > 0, "a check that is told to be wrong")
        set_gain(page, port, first, 0)
        hears(page, first, TONE_DB)
        hears(page, second, TONE_DB - 3)
    for which in (first, second):
        assert page.js(f"listeners[{which}].pc.connectionState") == "connected"
    # a browser that the machine kept from running is "lost" for as long
    wait_listeners(
        port,
        lambda told: before < {one["id"] for one in told}
        and {one["state"] for one in told} == {"connected"},
    )
