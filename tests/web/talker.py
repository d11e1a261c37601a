# SPDX-License-Identifier: MIT
"""A page that is a tablet: it claims one, talks by WHIP, holds keys, and records what it hears."""

import base64
import json

import numpy as np

RATE = 48000
SILENCE_DB = -80  # what Opus makes of zeros is far below

# Names are global on purpose: tests call them one by one.
SCRIPT = """
"use strict";
let base = "", panel = null, claim = null, down = new Set();
const hands = new Set(); // channels whose key somebody has a hand on
const talk = {}, listen = {};

/** Claim a tablet and stay heard of. A key that went up under a hand, because this page or its
 *  machine stood still, goes down again. */
async function open_panel(at, tablet) {
    base = at;
    panel = new WebSocket(base.replace("http", "ws") + "/ws/panel");
    const say = (message) => panel.send(JSON.stringify(message));
    const press = () => { for (const channel of hands) if (!down.has(channel)) say({ type: "down", channel }); };
    await new Promise((done, fail) => {
        panel.onerror = () => fail(new Error("no panel"));
        panel.onopen = () => say({ type: "claim", tablet, label: document.title });
        panel.onmessage = (event) => {
            const message = JSON.parse(event.data);
            if (message.type === "claimed") {
                claim = message;
                done();
            }
            if (message.type === "keys" || message.type === "claimed") {
                down = new Set(message.keys);
                press();
            }
            if (message.type === "refused") fail(new Error(event.data));
        };
    });
    setInterval(() => panel.readyState === 1 && say({ type: "ping" }), 100);
    return claim.tablet;
}

function hold(channel) {
    hands.add(channel);
    panel.send(JSON.stringify({ type: "down", channel }));
}

function let_go(channel) {
    hands.delete(channel);
    panel.send(JSON.stringify({ type: "up", channel }));
}

async function connect(pc, path) {
    const offer = await pc.createOffer();
    await pc.setLocalDescription(offer);
    const answer = await fetch(base + path, {
        method: "POST", headers: { "Content-Type": "application/sdp" }, body: offer.sdp });
    if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
    await pc.setRemoteDescription({ type: "answer", sdp: await answer.text() });
}

/** The microphone as it is, into the tablet that was claimed. */
async function open_talk() {
    const raw = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    talk.stream = await navigator.mediaDevices.getUserMedia({ audio: raw });
    talk.pc = new RTCPeerConnection();
    talk.pc.addTransceiver(talk.stream.getAudioTracks()[0], { direction: "sendonly" });
    await connect(talk.pc, `/whip?tablet=${claim.tablet}&secret=${claim.secret}`);
}

/** @param seconds  the newest are kept */
async function open_listen(at, mix, seconds) {
    base = at;
    listen.pc = new RTCPeerConnection();
    listen.pc.addTransceiver("audio", { direction: "recvonly" });
    const track = new Promise((done) => { listen.pc.ontrack = (event) => done(event.track); });
    await connect(listen.pc, `/whep?mix=${mix}`);
    listen.audio = new Audio(); // Chromium moves the sound only for an element that plays it
    listen.audio.muted = true;
    listen.audio.srcObject = new MediaStream([await track]);
    listen.audio.play();
    listen.kept = new Float32Array(seconds * 48000);
    listen.n = 0;
    record(new MediaStreamTrackProcessor({ track: await track }).readable.getReader());
}

async function record(reader) {
    for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        const x = new Float32Array(value.numberOfFrames);
        value.copyTo(x, { planeIndex: 0, format: "f32-planar" });
        if (value.sampleRate !== 48000) throw new Error(`recorded at ${value.sampleRate} Hz`);
        for (const sample of x) listen.kept[listen.n++ % listen.kept.length] = sample;
        value.close();
    }
}

/** Of the newest seconds, dBFS RMS; NaN before there are so many. */
function level(seconds) {
    let power = 0;
    const size = seconds * 48000;
    if (listen.n < size) return NaN;
    for (let i = 1; i <= size; i++) power += listen.kept[(listen.n - i) % listen.kept.length] ** 2;
    return 10 * Math.log10(Math.max(power / size, 1e-12));
}

/** What was recorded since sample number `from`, as far as it is kept, in base64. */
function recorded(from) {
    const size = Math.min(listen.n - from, listen.kept.length);
    const x = new Float32Array(size);
    for (let i = 0; i < size; i++) x[i] = listen.kept[(listen.n - size + i) % listen.kept.length];
    const bytes = new Uint8Array(x.buffer);
    let text = "";
    for (let i = 0; i < bytes.length; i += 32768)
        text += String.fromCharCode(...bytes.subarray(i, i + 32768));
    return btoa(text);
}
"""


class Talker:
    """The script in a page of a browser."""

    def __init__(self, page, base):
        self.page, self.base = page, base

    def _call(self, function, *args):
        return self.page.js(f"{function}({', '.join(json.dumps(a) for a in args)})")

    def claim(self, tablet):
        assert self._call("open_panel", self.base, tablet) == tablet

    def talk(self):
        self._call("open_talk")
        self.page.wait("talk.pc.connectionState === 'connected'")

    def listen(self, mix, seconds=20):
        self._call("open_listen", self.base, mix, seconds)
        self.page.wait("listen.n > 0")

    def hold(self, channel):
        self._call("hold", channel)
        self.page.wait(f"down.has({channel})")

    def let_go(self, channel):
        self._call("let_go", channel)
        self.page.wait(f"!down.has({channel})")

    def now(self):
        """Number of the newest sample."""
        return self.page.js("listen.n")

    def wait_samples(self, n):
        self.page.wait(f"listen.n >= {n}")

    def wait_silence(self):
        self.page.wait(f"level(0.5) < {SILENCE_DB}")

    def recorded(self, begin):
        """From this sample on, as far as it is kept."""
        text = self._call("recorded", begin)
        return np.frombuffer(base64.b64decode(text), "<f4").astype(np.float64)
