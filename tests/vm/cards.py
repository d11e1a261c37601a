# SPDX-License-Identifier: MIT
"""Sound cards of a guest: plug, unplug, play into one, record from one, compare."""

import json
import pathlib
import time

import numpy as np

DRIVER = pathlib.Path("/sys/bus/platform/drivers/snd_aloop")
RATE = 48000
CHANNELS = 2
FULL_SCALE = 2.0**31
FORMAT = ["-t", "raw", "-f", "S32_LE", "-c", str(CHANNELS), "-r", str(RATE)]
# Float on the way through the graph; a sample that is missing or double is off by far more.
EXACT = 1e-6
# One clock for all: then no card is resampled, and every sample can be told.
PROPS = "{ audio.format = S32LE audio.channels = 2 clock.name = clock.system.monotonic }"
MODULE_ARGS = {"alsa.cards": "true", "alsa.props": PROPS}
# Each card has a clock of its own, as real ones have, and is resampled.
OWN_CLOCKS = {"alsa.cards": "true", "alsa.props": "{ audio.format = S32LE audio.channels = 2 }"}
LIMITER = 0.9
SETTLE_SECONDS = 0.25


def kernel_args(*ids):
    """Loopback cards of these ids, from card 1, with a single way through each direction."""
    ones = ",".join("1" * len(ids))
    return [f"snd_aloop.enable={ones}", f"snd_aloop.pcm_substreams={ones}", f"snd_aloop.id={','.join(ids)}"]


def unplug(number):
    """Take the loopback card number NUMBER (from 0) out; returns when it is gone."""
    (DRIVER / "unbind").write_text(f"snd_aloop.{number}")


def plug(number):
    (DRIVER / "bind").write_text(f"snd_aloop.{number}")


def noise(seconds, seed, level=0.25):
    """What a stereo card is played: {frames, 2}, -level..level, in steps of its 32 bits."""
    values = np.random.default_rng(seed).uniform(-level, level, (int(seconds * RATE), CHANNELS))
    return np.round(values * FULL_SCALE) / FULL_SCALE


def start_play(session, card, samples):
    """Play SAMPLES where the far end of CARD's capture is."""
    path = session.folder / f"play-{card}.raw"
    np.asarray(samples * FULL_SCALE, "<i4").tofile(path)
    words = ["aplay", "-q", "-D", f"hw:{card},1", *FORMAT, path]
    return session.spawn(f"aplay-{card}", words)


class Recording:
    """Records where the far end of CARD's playback is, from now on until get().

    It has recorded for a moment when it is there: a card that has just begun to play, or whose far end
    is just being opened, settles first, and what is played in that moment is nobody's."""

    def __init__(self, session, card):
        self.path = session.folder / f"record-{card}.raw"
        words = ["arecord", "-q", "-D", f"hw:{card},1", *FORMAT]
        self.process = session.spawn(f"arecord-{card}", [*words, self.path])
        time.sleep(SETTLE_SECONDS)  # of the simulated clock

    def get(self):
        """{frames, 2}, full scale 1"""
        self.process.stop()
        data = np.fromfile(self.path, "<i4")
        return data[: len(data) // CHANNELS * CHANNELS].reshape(-1, CHANNELS) / FULL_SCALE


def find(reference, recorded, first=0):
    """Offset from FIRST on at which RECORDED begins with REFERENCE's first tenth of a second."""
    head = reference[: RATE // 10]
    length = 1 << (len(recorded) + len(head)).bit_length()
    spectrum = np.fft.rfft(recorded[first:], length) * np.conj(np.fft.rfft(head, length))
    return first + int(np.argmax(np.fft.irfft(spectrum, length)[: len(recorded) - first]))


def find_all(reference, recorded):
    """All offsets at which RECORDED begins with REFERENCE's first samples."""
    size = 16
    found = np.nonzero(np.abs(recorded[: len(recorded) - size] - reference[0]) < EXACT)[0]
    return [int(at) for at in found if np.all(np.abs(recorded[at : at + size] - reference[:size]) < EXACT)]


def wrong_samples(reference, recorded, first=0):
    """How many samples of REFERENCE, wherever it begins, are not exactly in RECORDED."""
    offset = find(reference, recorded, first)
    part = recorded[offset : offset + len(reference)]
    wrong = int(np.sum(np.abs(part - reference[: len(part)]) > EXACT))
    return wrong + len(reference) - len(part)


def mixed(samples, gain=0.2):
    """What the matrix makes of one talker with that gain (README, "What the matrix computes")."""
    return LIMITER * np.tanh(np.asarray(samples, np.float64) * gain / LIMITER)


def impurity_db(recorded, frequency_hz, window_seconds=0.05):
    """How far the worst window is from a sine of about that frequency, dB below it. A sample more or
    less shows as -20 dB, a lost block as 0."""
    size = int(window_seconds * RATE)
    times = np.arange(size) / RATE
    worst = -200.0
    for start in range(0, len(recorded) - size, size):
        part = recorded[start : start + size]
        # The resampler pulls it by less than a tenth of a percent, another one in each window.
        fits = []
        for pull in np.linspace(-1e-3, 1e-3, 41):
            phase = 2 * np.pi * frequency_hz * (1 + pull) * times
            basis = np.stack([np.cos(phase), np.sin(phase)], axis=1)
            rest = part - basis @ np.linalg.lstsq(basis, part, rcond=None)[0]
            fits.append(np.mean(rest**2))
        power = np.mean(part**2)
        worst = max(worst, 10 * np.log10(min(fits) / power) if power > 0 else 0.0)
    return worst


def bind(session, key, device, port=0):
    """As the daemon does; device None: no more."""
    words = ["pw-metadata", "-n", "partyline"]
    if device is None:
        session.check([*words, "-d", "0", f"partyline.{key}"])
    else:
        value = json.dumps({"device": device, "port": port})
        session.check([*words, "0", f"partyline.{key}", value, "Spa:String:JSON"])


def capture_port(card, side, device=0):
    return (f"alsa_input.partyline.{card}.{device}", f"capture_{side}")


def playback_port(card, side, device=0):
    return (f"alsa_output.partyline.{card}.{device}", f"playback_{side}")


def card_links(graph):
    """Links at sound cards, as Graph.links() tells them."""
    return [link for link in graph.links() if link[0].startswith("alsa_") or link[2].startswith("alsa_")]
