# SPDX-License-Identifier: MIT
"""Somebody at the page's panel: takes a tablet, talks, holds keys by hand or keyboard, and what is heard is recorded."""

import base64
import time

import numpy as np

GUARD_SECONDS = 240
RATE = 48000
SILENCE_DB = -80  # what Opus makes of zeros is far below
KEPT_SECONDS = 20

# Runs before the page's own: whatever its connections bring is kept, too, as it is. And its microphone is
# without what a browser does for rooms: it would be the browser's filters and gains that are measured.
SCRIPT = """
"use strict";
const tap = globalThis.tap = { kept: new Float32Array(KEPT_SECONDS * 48000), n: 0 };

globalThis.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...args) {
        super(...args);
        this.addEventListener("track", ({ track }) => tap.record(track));
    }
};

const { mediaDevices } = navigator, ask = mediaDevices.getUserMedia.bind(mediaDevices);
mediaDevices.getUserMedia = () => ask({ audio: {
    echoCancellation: false, noiseSuppression: false, autoGainControl: false } });

tap.record = async (track) => {
    const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
    for (;;) {
        const { value, done } = await reader.read();
        if (done) return;
        const x = new Float32Array(value.numberOfFrames);
        value.copyTo(x, { planeIndex: 0, format: "f32-planar" });
        if (value.sampleRate !== 48000) throw new Error(`recorded at ${value.sampleRate} Hz`);
        const at = tap.n % tap.kept.length, fits = Math.min(x.length, tap.kept.length - at);
        tap.kept.set(x.subarray(0, fits), at);
        tap.kept.set(x.subarray(fits), 0);
        tap.n += x.length;
        value.close();
    }
};

/** Of the newest seconds, dBFS RMS; NaN before there are so many. */
tap.level = (seconds) => {
    let power = 0;
    const size = seconds * 48000;
    if (tap.n < size) return NaN;
    for (let i = 1; i <= size; i++) power += tap.kept[(tap.n - i) % tap.kept.length] ** 2;
    return 10 * Math.log10(Math.max(power / size, 1e-12));
};

/** What was recorded since sample number `from`, as far as it is kept, in base64. */
tap.recorded = (from) => {
    const size = Math.min(tap.n - from, tap.kept.length);
    const x = new Float32Array(size);
    for (let i = 0; i < size; i++) x[i] = tap.kept[(tap.n - size + i) % tap.kept.length];
    const bytes = new Uint8Array(x.buffer);
    let text = "";
    for (let i = 0; i < bytes.length; i += 32768)
        text += String.fromCharCode(...bytes.subarray(i, i + 32768));
    return btoa(text);
};
""".replace("KEPT_SECONDS", str(KEPT_SECONDS))


class Pointer:
    """A hand on a talk key."""

    def __init__(self, page, channel):
        self.page, self.key = page, f'.talk-key[data-channel="{channel}"]'

    def down(self):
        self.page.down(self.key)

    def up(self):
        self.page.up()


class Keyboard:
    """A finger on the number of the channel."""

    def __init__(self, page, channel):
        self.page, self.key = page, f"Digit{channel}"

    def down(self):
        self.page.key_down(self.key)

    def up(self):
        self.page.key_up(self.key)


class Talker:
    """Who sits at a tablet in a browser.

    hand  what the talk key is held by: Pointer or Keyboard
    """

    def __init__(self, browser, base, name, tablet, hand=Pointer, channel=1):
        self.page = browser.page(base + "/#panel", script=SCRIPT)
        self.hand = hand(self.page, channel)
        tile = f"document.querySelector('.tile[data-channel=\"{channel}\"]')"
        self.is_pressed, self.is_down = (f"{tile}.matches('{state}')" for state in (".down", ".down:not(.waiting)"))
        self.page.fill(".ask input", name)
        self.page.click(f'.seat[data-tablet="{tablet}"]')
        self.page.wait("document.querySelector('.panel[data-phase=claimed] .ear').dataset.state === 'on' && tap.n > 0")

    def open_microphone(self):
        self.page.click("#microphone")
        self.page.wait("document.querySelector('#microphone').dataset.state === 'on'")

    def hold(self):
        self.hand.down()
        self.hold_on()

    def hold_on(self):
        """Until the key is down; again where it went up under the hand, or was no key, because this page stood still."""
        end = time.monotonic() + GUARD_SECONDS
        while not self.page.js(self.is_down):
            assert time.monotonic() < end, "the key does not go down"
            if not self.page.js(self.is_pressed):
                self.hand.up()
                self.page.wait("document.querySelector('.panel[data-phase=claimed]')")
                self.hand.down()

    def let_go(self):
        self.hand.up()
        self.page.wait(f"!{self.is_down}")

    def now(self):
        """Number of the newest sample."""
        return self.page.js("tap.n")

    def wait_samples(self, n):
        self.page.wait(f"tap.n >= {n}")

    def wait_silence(self):
        self.page.wait(f"tap.level(0.5) < {SILENCE_DB}")

    def wait_word(self, speaker):
        """Until something is heard; who talks holds on."""
        end = time.monotonic() + GUARD_SECONDS
        while not self.page.js("tap.level(0.1) > -40"):
            assert time.monotonic() < end, "no word is heard"
            speaker.hold_on()

    def recorded(self, begin):
        """From this sample on, as far as it is kept."""
        text = self.page.js(f"tap.recorded({begin})")
        return np.frombuffer(base64.b64decode(text), "<f4").astype(np.float64)
