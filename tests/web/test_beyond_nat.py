# SPDX-License-Identifier: MIT
"""The page's tablet from another network: two NATs lie between it and the daemon.

The page is the real one; it is told of the servers by nobody but the daemon.
"""

import os
import pathlib
import sys
import tempfile
import wave

import numpy as np
import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "system"), str(TESTS / "daemon/faces-http")]

import audio  # noqa: E402
from browser import Browser  # noqa: E402
from rig import Session, wait_until  # noqa: E402
from two_homes import PASSWORD, PORT, PRIVATE, SERVER, USER, TwoHomes  # noqa: E402
from wire import ask  # noqa: E402

RATE = 48000
TONE_HZ, TONE_DB, TONE_SECONDS = 1000.0, -20.0, 300  # into tablet 1
VOICE_HZ, VOICE_DB = 700.0, -15.0  # of the microphone far away, tablet 2
GAIN, GAIN_DB = 0.5, -6.02  # from a tablet to the channel

ELSEWHERE = "10.2.0.3", "10.2.0.4"  # in the same network as the browser's

STUN = {"urls": f"stun:{SERVER}:{PORT}"}
TURN = {"urls": f"turn:{SERVER}:{PORT}?transport=udp", "username": USER, "credential": PASSWORD}

# Runs before the page: what its connections do and what they hear. The microphone as it is, for a tone
# is noise to a browser.
WATCH = """
window.calls = [];
window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...how) {
        super(...how);
        this.seen = [];
        this.addEventListener("iceconnectionstatechange", () => this.seen.push(this.iceConnectionState));
        this.addEventListener("track", ({ track }) => {
            const context = new AudioContext();
            this.ear = context.createAnalyser();
            this.ear.fftSize = 8192;
            context.createMediaStreamSource(new MediaStream([track])).connect(this.ear);
        });
        calls.push(this);
    }
};
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = () => ask({ audio: {
    echoCancellation: false, noiseSuppression: false, autoGainControl: false } });

/** dBFS RMS and Hz */
window.hear = ({ ear }) => {
    const x = new Float32Array(ear.fftSize);
    ear.getFloatTimeDomainData(x);
    const ups = [];
    for (let i = 1; i < x.length; i++)
        if (x[i - 1] < 0 && x[i] >= 0) ups.push(i - x[i] / (x[i] - x[i - 1]));
    const power = x.reduce((sum, one) => sum + one * one, 0) / x.length;
    return { db: 10 * Math.log10(Math.max(power, 1e-12)),
             hz: ear.context.sampleRate * (ups.length - 1) / (ups.at(-1) - ups[0]) };
};

window.until = async (test) => {
    while (!(await test())) await new Promise((done) => setTimeout(done, 50));
};

/** What was asked on a call's way so far, and answered. */
window.checks = async (call) => call
    && [...(await call.getStats()).values()].find((one) => one.type === "candidate-pair");

window.received = async (call) => [...(await call.getStats()).values()]
    .find((one) => one.type === "inbound-rtp").packetsReceived;

/** Kinds of the two ends that a call goes by, ours first. */
window.ways = async (call) => {
    const all = new Map((await call.getStats()).entries());
    const transport = [...all.values()].find((one) => one.type === "transport");
    const pair = all.get(transport.selectedCandidatePairId);
    return [pair.localCandidateId, pair.remoteCandidateId].map((id) => all.get(id).candidateType);
};
"""

CHANNEL = "partyline.channel.1.out"
KEY = '.talk-key[data-channel="1"]'
PACKETS_WITHOUT_SERVER = 200  # 2 s of sound

HOMES = TwoHomes()
pytestmark = pytest.mark.skipif(bool(HOMES.refused), reason=HOMES.refused)
needs_libnice = pytest.mark.skipif(os.environ["PARTYLINE_LIBNICE"] == "0", reason="this build has no libnice")


def sine(hz, db, seconds):
    return np.sqrt(2) * 10 ** (db / 20) * np.sin(2 * np.pi * hz * np.arange(seconds * RATE) / RATE)


@pytest.fixture(scope="module")
def folder():
    with tempfile.TemporaryDirectory(prefix="pl-", ignore_cleanup_errors=True) as name:
        yield pathlib.Path(name)
        HOMES.stop()


def set_uplink(session, tablet, gain):
    assert ask(session.http_port, "PUT", f"/api/uplink/1/{tablet}", {"gain": gain}).status == 200


@pytest.fixture(scope="module")
def session(folder):
    with Session(daemon=True, tablets=2, channels=1) as running:
        put = lambda path, **body: ask(running.http_port, "PUT", path, body)  # noqa: E731
        put("/api/headroom", headroom_db=0)
        put("/api/tablet/1/mode", mode="open")
        put("/api/tablet/2/mode", mode="momentary")
        set_uplink(running, 2, GAIN)
        put("/api/downlink/2/1", gain=1)
        HOMES.forward_port(folder, running.http_port)
        played = sine(TONE_HZ, TONE_DB, TONE_SECONDS)
        with audio.Probe(running, [], TONE_SECONDS, play=played, play_to="partyline.tablet.1") as tone:
            tone.start()
            yield running


@pytest.fixture(scope="module")
def browser(folder):
    path = folder / "voice.wav"
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes((sine(VOICE_HZ, VOICE_DB, 1) * 32767).astype("<i2").tobytes())
    flags = (
        "--autoplay-policy=no-user-gesture-required",
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={path}",
    )
    with HOMES.within("away"):
        running = Browser(*flags)
    with running:
        yield running


@pytest.fixture
def sit(session, browser):
    """The page far away at tablet 2, of a daemon that knows these servers."""
    pages = []

    def one(*servers):
        assert session.processes["partyline"].stop() == 0
        how = {"ice_servers": servers} if servers else {"address": "0.0.0.0", "addresses": [PRIVATE["home"]]}
        session.config["listen"] = {"port": 0, **how}
        session.write_config()
        session.start_daemon()
        set_uplink(session, 1, GAIN)
        page = browser.page(f"http://127.0.0.1:{session.http_port}/#panel", script=WATCH)
        pages.append(page)
        page.click('.seat[data-tablet="2"]')
        return page

    yield one
    for page in pages:
        page.close()


def hears_tone(page):
    """Until `ear` is a call that does."""
    page.wait("document.querySelector('.ear').dataset.state === 'on'")
    page.wait(f"""window.ear = calls.find((call) => call.ear && ((h) =>
        Math.abs(h.db - {TONE_DB + GAIN_DB}) < 1 && Math.abs(h.hz - {TONE_HZ}) < 2)(hear(call)))""")


def listeners(session):
    return [one["id"] for one in ask(session.http_port, "GET", "/api/listeners").json()["listeners"]]


def is_heard(session):
    """Whether the voice from far away, and nothing else, is in the channel. Chromium's clock is not the graph's."""
    with audio.Probe(session, [CHANNEL], 0.3) as probe:
        probe.start()
        x = probe.finish()[0][CHANNEL]
    hz = np.argmax(np.abs(np.fft.rfft(x * np.hanning(len(x))))) * RATE / len(x)
    return abs(audio.db(audio.rms(x)) - (VOICE_DB + GAIN_DB)) < 1 and abs(hz - VOICE_HZ) < 40


def test_without_servers_there_is_no_way(session, folder, sit):
    """So that all the others prove what they say."""
    HOMES.start_nats(folder)
    page = sit()
    page.js("until(async () => (await checks(calls.at(-1)))?.requestsSent > 20)")
    assert not page.js("calls.some((call) => call.seen.includes('connected'))")
    assert f" to {PRIVATE['home']}:" in HOMES.processes["nat-away"].log_text()


@needs_libnice
def test_it_hears_by_a_way_that_stun_finds(session, folder, sit):
    """Once found, the way needs no server any more."""
    HOMES.start_nats(folder)
    HOMES.start_server(folder)
    page = sit(STUN)
    hears_tone(page)
    assert set(page.js("ways(ear)")) <= {"srflx", "prflx"}
    HOMES.stop("turnserver")
    page.js(f"""received(ear).then((before) => until(async () =>
        await received(ear) - before > {PACKETS_WITHOUT_SERVER}))""")
    page.js("window.before = ear; 1")
    hears_tone(page)
    assert page.js("ear === before")


@needs_libnice
def test_it_hears_and_is_heard_by_turn(session, folder, sit):
    """Where STUN finds no way: each destination is shown another port."""
    HOMES.start_nats(folder, symmetric=True)
    HOMES.start_server(folder)
    page = sit(STUN, TURN)
    hears_tone(page)
    assert "relay" in page.js("ways(ear)")
    page.click("#microphone")
    page.wait("document.querySelector('#microphone').dataset.state === 'on'")
    assert "relay" in page.js("ways(calls.at(-1))")
    page.down(KEY)
    set_uplink(session, 1, 0)
    wait_until(lambda: is_heard(session), "the voice in the channel")


@needs_libnice
def test_it_goes_on_from_another_address(session, folder, sit):
    """The same session, by a way that is looked for anew.

    A browser on a machine that stands still may lose its patience and call again, but not each time.
    """
    HOMES.start_nats(folder)
    HOMES.start_server(folder)
    page = sit(STUN)
    for address in (*ELSEWHERE, *ELSEWHERE):
        hears_tone(page)
        before = listeners(session)
        page.js("window.before = ear; window.n = ear.seen.filter((state) => state === 'connected').length")
        HOMES.move("away", address)
        page.wait("calls.at(-1) !== before || ear.seen.filter((state) => state === 'connected').length > n")
        hears_tone(page)
        if page.js("ear === before") and listeners(session) == before:
            return
    raise AssertionError("it never went on")
