# SPDX-License-Identifier: MIT
"""Listening in Firefox, in a page of a plain-HTTP address: what Chromium hears it hears, too.

Its sound goes into the same private PipeWire as all the rest: without a device its clock for sound
does not run. It offers no addresses of the loopback, so daemon and page are met at another one, in
a network namespace of this test's own.
"""

import json
import pathlib
import sys

import numpy as np
import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "system"), str(TESTS / "daemon/faces-http")]

import audio  # noqa: E402
import own_network  # noqa: E402
from firefox import Firefox, program  # noqa: E402
from listener import SCRIPT, PageServer  # noqa: E402
from rig import Session  # noqa: E402
from wire import ask  # noqa: E402

REFUSED = own_network.enter() or ("" if program() else "there is no Firefox")
pytestmark = pytest.mark.skipif(bool(REFUSED), reason=REFUSED)

TONE_HZ = 1000.0
TONE_DB = -20.0  # RMS
TONE_SECONDS = 600
RATE = 48000


@pytest.fixture
def pages():
    with PageServer(SCRIPT, own_network.LAN) as server:
        yield f"http://{own_network.LAN}:{server.port}"


@pytest.fixture
def session(pages):
    http = {"address": "0.0.0.0", "insecure_lan": True, "cors_origins": [pages]}
    with Session(daemon=True, config={"http": http}, tablets=2, channels=1, pulse=True,
                 quantum=1024) as running:
        yield running


@pytest.fixture
def tone(session):
    """Plays into tablet 1."""
    t = np.arange(TONE_SECONDS * RATE) / RATE
    played = np.sqrt(2) * 10 ** (TONE_DB / 20) * np.sin(2 * np.pi * TONE_HZ * t)
    with audio.Probe(session, [], TONE_SECONDS, play=played, play_to="partyline.tablet.1") as probe:
        probe.start()
        yield probe


def put(session, path, **body):
    answer = ask(session.http_port, "PUT", path, body)
    assert answer.status == 200, answer.body


def hears(page, db):
    page.wait(f"((h) => Math.abs(h.db - {db}) < 1 && Math.abs(h.hz - {TONE_HZ}) < 2)(hear(0, 0))")


def test_firefox_hears_a_tone_and_every_change(session, pages, tone):
    # Below the headroom of 12 dB the matrix leaves gains as they are.
    put(session, "/api/uplink/1/1", gain=0.1)
    put(session, "/api/uplink/1/2", gain=0)
    base = f"http://{own_network.LAN}:{session.http_port}"
    with Firefox({**session.env, "PULSE_SINK": "partyline.tablet.2"}) as page:
        page.go(pages + "/")
        assert page.js("isSecureContext") is False
        assert page.js(f"open_listener({json.dumps(base)}, '?mix=channel.1.out')") == 0
        hears(page, TONE_DB - 20)
        put(session, "/api/uplink/1/1", gain=0.2)
        hears(page, TONE_DB - 13.98)
        put(session, "/api/channel/1/mute", mute=True)
        page.wait("hear(0, 0).db < -80")
        put(session, "/api/channel/1/mute", mute=False)
        hears(page, TONE_DB - 13.98)
        told = ask(session.http_port, "GET", "/api/listeners").json()["listeners"]
        assert [one["address"].split(":")[0] for one in told] == [own_network.LAN]

        # And aloud: what comes out of Firefox goes into tablet 2.
        page.js("void (listeners[0].audio.muted = false)")
        page.wait(f"""(async () => {{
            const meters = await (await fetch("{base}/api/meters")).json();
            return Math.abs(meters.input_db.tablets["2"] - {TONE_DB - 13.98}) < 2;
        }})()""")
