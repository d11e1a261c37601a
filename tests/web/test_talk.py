# SPDX-License-Identifier: MIT
"""Two browsers with microphones talk to each other through a channel, with keys; a third hears both.

The microphones play recorded speech; what the pages record is held against it. How long it takes
until a voice is heard well is not asked: a busy machine loses packets, so each word gets more than
one chance. That a word is heard at all, at its level, and by nobody without a key, is.
"""

import pathlib
import sys
import time
import wave

import numpy as np
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))

import audio  # noqa: E402
from browser import Browser  # noqa: E402
from listener import PageServer  # noqa: E402
from rig import Session, wait_until  # noqa: E402
from talker import RATE, SILENCE_DB, SCRIPT, Talker  # noqa: E402
from wire import WebSocket, ask  # noqa: E402

GUARD_SECONDS = 240
FLAGS = (
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)
SOUNDS = pathlib.Path("/usr/share/asterisk/sounds")
# A recording, and how long its words and the pause after them take, seconds: of different length,
# so that each voice is alone for a while, again and again at other words.
VOICES = [(audio.SPEECH, 3, 5), (SOUNDS / "fr_CA_f_June/vm-intro.wav", 3, 6)]
VOICE_DB = -22.0  # RMS while it speaks
GAIN_DB = -6.0  # from a microphone to an ear, as the matrix is set here

SLOW = 8000  # Hz: all that is in the recordings
WINDOW_SECONDS = 0.3
# Correlation of a window. Through two codecs 0.8 is usual, and 0.3 with other words; of those one
# window in ten comes above this.
ALIKE = 0.6


def slow(samples):
    """At 8 kHz."""
    size = len(samples) // 6 * 6
    spectrum = np.fft.rfft(samples[:size])
    return np.fft.irfft(spectrum[: size // 12 + 1], size // 6) / 6


def find(voice, heard):
    """(part of the loud windows of a voice that are heard, their level against it in dB)"""
    size = int(WINDOW_SECONDS * SLOW)
    length = 1 << (len(heard) + size).bit_length()
    spectrum = np.fft.rfft(heard, length)
    powers = np.concatenate([[0.0], np.cumsum(np.square(heard))])
    energies = np.sqrt(np.maximum(powers[size:] - powers[:-size], 1e-12))
    levels, n_loud = [], 0
    for begin in range(0, len(voice) - size + 1, size):
        window = voice[begin : begin + size]
        own = np.sqrt(np.sum(np.square(window)))
        if own / np.sqrt(size) < audio.rms(voice) / 2:
            continue
        n_loud += 1
        cross = np.fft.irfft(spectrum * np.conj(np.fft.rfft(window, length)), length)
        alike = cross[: len(energies)] / (energies * own)
        at = int(np.argmax(alike))
        if alike[at] > ALIKE:
            levels.append(audio.db(energies[at] / own))
    assert n_loud >= 4, "too few words to look for"
    return len(levels) / n_loud, float(np.median(levels)) if levels else -np.inf


def make_voice(folder, path, speaks, lasts):
    """(its words at 8 kHz, the file that Chromium's microphone plays over and over)"""
    samples, rate = audio.read_wav(path)
    samples = audio.upsample(samples, RATE // rate)[: speaks * RATE]
    samples *= 10 ** (VOICE_DB / 20) / audio.rms(samples)
    padded = np.concatenate([samples, np.zeros(lasts * RATE - len(samples))])
    target = folder / f"{path.parent.name}.wav"
    with wave.open(str(target), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(np.int16(np.clip(padded, -1, 1) * 32767).tobytes())
    return slow(samples), target


@pytest.fixture(scope="module")
def voices(tmp_path_factory):
    folder = tmp_path_factory.mktemp("voices")
    return [make_voice(folder, *voice) for voice in VOICES]


@pytest.fixture(scope="module")
def pages():
    with PageServer(SCRIPT) as server:
        yield server


@pytest.fixture(scope="module")
def session(pages):
    config = {"http": {"cors_origins": [f"http://127.0.0.1:{pages.port}"]}}
    with Session(daemon=True, config=config, tablets=3, channels=1, quantum=1024) as running:
        put = lambda path, **body: ask(running.http_port, "PUT", path, body)  # noqa: E731
        put("/api/headroom", headroom_db=0)
        for tablet, gain in ((1, 0.5), (2, 0.5), (3, 0)):
            put(f"/api/tablet/{tablet}/mode", mode="momentary")
            put(f"/api/uplink/1/{tablet}", gain=gain)
            put(f"/api/downlink/{tablet}/1", gain=1)
        yield running


@pytest.fixture(scope="module")
def people(session, pages, voices):
    """Two who talk, each in a browser with a voice of its own, and one who listens to the channel."""
    base = f"http://127.0.0.1:{session.http_port}"
    url = f"http://127.0.0.1:{pages.port}/"
    flags = [(*FLAGS, f"--use-file-for-fake-audio-capture={file}") for _, file in voices]
    with Browser(*flags[0]) as one, Browser(*flags[1]) as other:
        anna, bert, carol = (Talker(browser.page(url), base) for browser in (one, other, other))
        for tablet, person in ((1, anna), (2, bert)):
            person.claim(tablet)
            person.talk()
            person.listen(f"tablet.{tablet}.listen")
        carol.listen("channel.1.out")
        yield anna, bert, carol


def wait_heard(person, *wanted):
    """Until these voices are heard by one person, from now on."""
    begin, end = person.now(), time.monotonic() + GUARD_SECONDS
    while True:
        n = person.now()
        person.wait_samples(n + 2 * RATE)
        heard = slow(person.recorded(begin))
        found = [find(voice, heard) for voice, _ in wanted]
        # Where two speak at once each one's windows are as loud as both.
        is_loud = len(found) > 1 or found[0][1] == pytest.approx(GAIN_DB, abs=2)
        if is_loud and all(part >= 0.6 for part, _ in found):
            return heard
        assert time.monotonic() < end, f"not heard well enough: {found}"


def hears_nothing(person, seconds=1):
    begin = person.now()
    person.wait_samples(begin + seconds * RATE)
    return audio.db(audio.rms(person.recorded(begin))) < SILENCE_DB


def keys(session, tablet):
    return ask(session.http_port, "GET", "/api/state").json()["tablets"][tablet - 1]["keys"]


def test_two_talk_and_a_third_hears_both(session, people, voices):
    anna, bert, carol = people
    mine, yours = voices

    # Both voices come in, and without a key nobody hears them.
    end = time.monotonic() + GUARD_SECONDS
    for tablet in ("1", "2"):
        while ask(session.http_port, "GET", "/api/meters").json()["input_db"]["tablets"][tablet] < -40:
            assert time.monotonic() < end, f"no voice in tablet {tablet}"
    assert all(hears_nothing(person) for person in people)

    # Anna's key: Bert and Carol hear her, she does not hear herself.
    anna.hold(1)
    heard = wait_heard(bert, mine)
    assert find(yours[0], heard)[0] < 0.4, "the other voice is heard without a key"
    wait_heard(carol, mine)
    assert hears_nothing(anna)

    # Both keys: each hears the other, Carol both.
    bert.hold(1)
    wait_heard(anna, yours)
    wait_heard(bert, mine)
    wait_heard(carol, mine, yours)

    # Anna's key goes up: she hears Bert, he hears nobody.
    anna.let_go(1)
    # Her last word may still be on its way, behind a pause between two.
    wait_until(lambda: hears_nothing(bert), "Bert's silence", GUARD_SECONDS)
    wait_heard(anna, yours)
    wait_heard(carol, yours)


def test_a_tab_that_is_closed_in_the_middle_of_a_word_lets_go(session, people):
    anna, bert, carol = people
    bert.let_go(1)
    carol.wait_silence()
    anna.hold(1)
    with WebSocket(session.http_port, "/ws/events") as events:
        bert.page.wait("level(0.1) > -40")  # a word
        anna.page.close()
        while True:
            event = events.read_json()
            if event["type"] == "claim" and event["step"] == "away":
                break
    assert event["tablets"][0]["keys"] == []
    bert.wait_silence()
    carol.wait_silence()
    # the others go on
    bert.hold(1)
    carol.page.wait("level(0.1) > -40")
    bert.let_go(1)
