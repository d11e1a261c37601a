# SPDX-License-Identifier: MIT
"""Listening in a browser: a real Chromium at a plain-HTTP host name hears what the graph carries."""

import contextlib
import json
import os
import pathlib
import sys
import threading
import wave

import numpy as np
import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "system"), str(TESTS / "daemon/faces-http")]

import audio  # noqa: E402
from browser import Browser  # noqa: E402
from listener import PageServer  # noqa: E402
from panel import Panel  # noqa: E402
from rig import Session, wait_until  # noqa: E402
from rig.offer import webrtc_offer  # noqa: E402
from wire import WebSocket, ask  # noqa: E402

HOST = "appliance.test"  # not a secure context: no microphone, no worklet, and WebRTC all the same
NAME = "127.0.0.1"  # a secure context
FLAGS = (
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    f"--host-resolver-rules=MAP {HOST} 127.0.0.1",
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
)
TONE_HZ = 1000.0
TONE_DB = -20.0  # RMS
TONE_SECONDS = 300
BY_LIBNICE = os.environ.get("PARTYLINE_TRANSPORT") == "libnice"  # else by the one port
RATE = 48000


@pytest.fixture(scope="module")
def pages():
    with PageServer() as server:
        yield server


@pytest.fixture(scope="module")
def session(pages):
    config = {
        "http": {"names": [HOST], "cors_origins": [f"http://{name}:{pages.port}" for name in (HOST, NAME)]},
    }
    if BY_LIBNICE:
        config["listen"] = {"address": "127.0.0.1", "ice_servers": [{"urls": "stun:127.0.0.1:9"}]}  # nobody's
    with Session(daemon=True, config=config, tablets=2, channels=2) as running:
        yield running


@pytest.fixture(scope="module")
def tone(session):
    """Plays into tablet 1 for as long as the tests last."""
    t = np.arange(TONE_SECONDS * RATE) / RATE
    played = np.sqrt(2) * 10 ** (TONE_DB / 20) * np.sin(2 * np.pi * TONE_HZ * t)
    with audio.Probe(session, [], TONE_SECONDS, play=played, play_to="partyline.tablet.1") as probe:
        probe.start()
        yield probe


MICROPHONE_HZ, MICROPHONE_DB = 700.0, -15.0


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """Its microphone is a tone without an end."""
    path = tmp_path_factory.mktemp("sound") / "microphone.wav"
    t = np.arange(RATE) / RATE
    tone = np.sqrt(2) * 10 ** (MICROPHONE_DB / 20) * np.sin(2 * np.pi * MICROPHONE_HZ * t)
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes((tone * 32767).astype("<i2").tobytes())
    with Browser(*FLAGS, f"--use-file-for-fake-audio-capture={path}") as running:
        yield running


@pytest.fixture
def port(session):
    assert ask(session.http_port, "POST", "/api/reset", b"").status == 200
    return session.http_port


@pytest.fixture
def open_page(browser, pages):
    opened = []

    def open_one(name):
        opened.append(browser.page(f"http://{name}:{pages.port}/"))
        return opened[-1]

    yield open_one
    for page in opened:
        page.js("listeners.concat(talkers).forEach((one) => one.pc.close())")
        problems, page.problems = page.problems, []
        page.close()
        assert [one for one in problems if not (BY_LIBNICE and "status of 503" in one)] == []


@pytest.fixture
def page(open_page):
    return open_page(HOST)


def holders(port, channel):
    return ask(port, "GET", "/ptt/state").json()["channels"][str(channel)]


def put(port, path, **body):
    answer = ask(port, "PUT", path, body)
    assert answer.status == 200, answer.body


def listen(page, port, mix, name=HOST):
    """Opens a listener; its number on the page."""
    base = f"http://{name}:{port}"
    return page.js(f"open_listener({json.dumps(base)}, {json.dumps('?mix=' + mix)})")


def talk(page, port, query):
    """Opens a talker; its number on the page."""
    return page.js(f"open_talker('http://{NAME}:{port}', {json.dumps(query)})")


def location(page, which):
    return page.js(f"listeners[{which}].location")


def hears(page, which, db, side=0, hz=TONE_HZ, hz_within=2.0):
    """Until it hears that: a level and a frequency, at the same time."""
    at = f"hear({which}, {side})"
    page.wait(
        f"((h) => Math.abs(h.db - {db}) < 1 && Math.abs(h.hz - {hz}) < {hz_within})({at})"
    )


def hears_microphone(page, which):
    """Chromium's clock is not the graph's: both ends bring the pitch into step, most at first."""
    hears(page, which, MICROPHONE_DB, hz=MICROPHONE_HZ, hz_within=40)


def hears_nothing(page, which, side=0):
    page.wait(f"hear({which}, {side}).db < -80")


def set_uplinks(port, gain):
    """Of tablet 1 to channel 1; tablet 2 gives nothing."""
    put(port, "/api/uplink/1/1", gain=gain)
    put(port, "/api/uplink/1/2", gain=0)


def listeners(port):
    return ask(port, "GET", "/api/listeners").json()["listeners"]


def sessions(port):
    told = ask(port, "GET", "/api/listeners").json()
    return {one["id"] for one in told["listeners"] + told["talkers"]}


def wait_listeners(port, test):
    """Until what the server says of its listeners is as wanted."""
    with WebSocket(port, "/ws/events") as events:
        while not test(listeners(port)):
            while events.read_json()["type"] != "listeners":
                pass


def test_hears_a_tone_and_every_change(page, port, tone):
    """Level and frequency; a crosspoint that moves; mutes: all by the matrix."""
    assert page.js("isSecureContext") is False
    # Below the headroom of 12 dB the matrix leaves gains as they are.
    set_uplinks(port, 0.1)
    which = listen(page, port, "channel.1.out")
    hears(page, which, TONE_DB - 20)
    hears(page, which, TONE_DB - 20, side=1)
    set_uplinks(port, 0.2)
    hears(page, which, TONE_DB - 13.98)
    put(port, "/api/channel/1/mute", mute=True)
    hears_nothing(page, which)
    put(port, "/api/channel/1/mute", mute=False)
    hears(page, which, TONE_DB - 13.98)
    put(port, "/api/tablet/1/mute", mute=True)
    hears_nothing(page, which)


def test_each_hears_its_own_mix(page, port, tone):
    """Two in one page; one is changed while it plays, the other stays."""
    first = listen(page, port, "tablet.1.talk:-6:-1,tablet.2.talk")
    second = listen(page, port, "tablet.1.talk")
    hears(page, first, TONE_DB - 6)
    hears_nothing(page, first, side=1)
    hears(page, second, TONE_DB)
    path = location(page, first).replace("/whep/", "/api/listeners/") + "/mix"
    put(port, path, sources=[{"source": "tablet.1.talk", "gain_db": -12, "pan": 1}])
    hears(page, first, TONE_DB - 12, side=1)
    hears_nothing(page, first)
    put(port, path, sources=[])
    hears_nothing(page, first, side=1)
    hears(page, second, TONE_DB)


def test_what_is_told_of_a_session(page, port, tone):
    which = listen(page, port, "tablet.1.talk:-3")
    hears(page, which, TONE_DB - 3)
    mine = location(page, which).removeprefix("/whep/")
    wait_listeners(port, lambda all: ("connected", mine) in [(x["state"], x["id"]) for x in all])
    one = next(x for x in listeners(port) if x["id"] == mine)
    assert one["mix"] == [{"source": "tablet.1.talk", "gain_db": -3.0, "pan": 0.0}]
    assert one["address"].startswith("127.0.0.1:")
    # What the thread knows comes with the next look at it, and its reports after seconds.
    page.js("""until(async () => {
        const one = (await fetch_listeners()).find((x) => x.id === MINE);
        return one.packets_sent > 20 && one.connect_ms > 0 && one.round_trip_ms !== null
            && one.loss_percent !== null;
    })""".replace("MINE", json.dumps(mine)))
    page.js(f"listeners[{which}].pc.close()")
    wait_listeners(port, lambda all: mine not in [x["id"] for x in all])


def test_goes_on_through_an_ice_restart(page, port, tone):
    """New names by PATCH: the same keys, and the sound goes on."""
    which = listen(page, port, "tablet.1.talk")
    hears(page, which, TONE_DB)
    mine = location(page, which).removeprefix("/whep/")
    for _ in range(2):
        ufrag = page.js(f"restart({which})")
        page.js(f"until(() => goes_by({which}, {json.dumps(ufrag)}))")
        hears(page, which, TONE_DB)
    lost = page.js(f"""(async () => [...(await listeners[{which}].pc.getStats()).values()]
        .find((one) => one.type === "inbound-rtp").packetsLost)()""")
    assert lost < 10, "of 10 ms each: what was on its way by the former path"
    assert [x["state"] for x in listeners(port) if x["id"] == mine] == ["connected"]


def test_ends_when_told_so(page, port, tone):
    which = listen(page, port, "tablet.1.talk")
    hears(page, which, TONE_DB)
    assert ask(port, "DELETE", location(page, which)).status == 200
    assert location(page, which).removeprefix("/whep/") not in sessions(port)
    page.wait(f"listeners[{which}].pc.connectionState !== 'connected'")
    assert ask(port, "DELETE", location(page, which)).status == 404


def wait_talkers(port, test):
    with WebSocket(port, "/ws/events") as events:
        while not test(ask(port, "GET", "/api/listeners").json()["talkers"]):
            while events.read_json()["type"] != "listeners":
                pass


def test_talks_into_a_tablet(open_page, port):
    """The microphone's tone is heard at the tablet, and no more when the session is ended."""
    page = open_page(NAME)
    which = listen(page, port, "tablet.2.talk", NAME)
    talker = talk(page, port, "?tablet=2")
    hears_microphone(page, which)
    mine = page.js(f"talkers[{talker}].location")
    wait_talkers(port, lambda all: [(t["tablet"], t["state"]) for t in all] == [(2, "connected")])
    assert ask(port, "DELETE", mine).status == 200
    hears_nothing(page, which)


@contextlib.contextmanager
def heard(panel):
    """The panel says that it is there, all the while: what happens does not happen by its silence."""
    end = threading.Event()

    def ping():
        while not end.wait(0.2):
            panel.say("ping")

    thread = threading.Thread(target=ping)
    thread.start()
    try:
        yield
    finally:
        end.set()
        thread.join()


def test_a_claimed_tablet_is_its_holders(open_page, port):
    """Only with the secret; a connection that goes lets the claim's keys go, and a lost claim the microphone."""
    page = open_page(NAME)
    which = listen(page, port, "tablet.2.talk", NAME)
    with Panel(port) as panel, heard(panel):
        secret = panel.claim(2)["secret"]
        answer = ask(port, "POST", "/whip?tablet=2", OFFER.replace("recvonly", "sendonly").encode(),
                     {"Content-Type": "application/sdp"})  # fmt: skip
        assert answer.status == 409 and "claimed" in answer.body.decode()
        talker = talk(page, port, f"?tablet=2&secret={secret}")
        hears_microphone(page, which)
        panel.press(1)
        page.js(f"talkers[{talker}].pc.close()")
        wait_until(lambda: not holders(port, 1), "the key's release")
        talk(page, port, f"?tablet=2&secret={secret}")
        hears_microphone(page, which)
        assert ask(port, "DELETE", "/api/claims/2").status == 200
        hears_nothing(page, which)


OFFER = webrtc_offer()


@pytest.mark.parametrize(
    "path,body,status,why",
    [
        ("/whep", b"", 422, "offer"),
        ("/whep", b"nonsense", 422, ""),
        ("/whep", OFFER.replace("opus", "PCMU").encode(), 422, "Opus"),
        ("/whep", OFFER.replace("recvonly", "sendonly").encode(), 422, "receives no audio"),
        ("/whep?mix=tablet.3.talk", OFFER.encode(), 422, "tablet.3.talk"),
        ("/whep?mix=tablet.1.talk:loud", OFFER.encode(), 422, "not a number"),
        ("/whep?mix=channel.1.out,channel.1.out", OFFER.encode(), 422, "twice"),
        ("/whip", OFFER.encode(), 422, "tablet"),
        ("/whip?tablet=1", OFFER.encode(), 422, "sends no audio"),
        ("/whip?tablet=3", OFFER.replace("recvonly", "sendonly").encode(), 422, "no tablet 3"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_bad_offers_change_nothing(port, path, body, status, why):
    before = sessions(port)
    answer = ask(port, "POST", path, body, {"Content-Type": "application/sdp"})
    assert answer.status == status, answer.body
    assert why.lower() in answer.body.decode().lower()
    # One of an earlier test may still go.
    assert sessions(port) <= before


def test_an_offer_is_no_json(port):
    answer = ask(port, "POST", "/whep", OFFER.encode(), {"Content-Type": "application/json"})
    assert answer.status == 415
