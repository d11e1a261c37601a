# SPDX-License-Identifier: MIT
"""Recorded speech from an ordinary program through the intercom: where it is heard, and how loud."""

import subprocess
import threading

import numpy as np
import pytest

import audio
import model
from rig import Session

TABLETS, CHANNELS = 3, 2
TALK = [f"partyline.tablet.{t}" for t in range(1, TABLETS + 1)]
OUTSIDE = [f"partyline.channel.{c}" for c in range(1, CHANNELS + 1)]
LISTEN = [f"partyline.tablet.{t}.listen" for t in range(1, TABLETS + 1)]
OUT = [f"partyline.channel.{c}.out" for c in range(1, CHANNELS + 1)]
SECONDS = 20.0  # room for the program's start; the recording ends with the program


@pytest.fixture(scope="module")
def session():
    # These programs play in real time, as patiently as a busy machine wants.
    with Session(
        tablets=TABLETS, channels=CHANNELS, pulse=True, quantum=4096, min_quantum=4096
    ) as running:
        yield running


@pytest.fixture
def matrix(session):
    """The matrix as it is after a start, whatever a test before has set."""
    fresh = model.Matrix(TABLETS, CHANNELS)
    audio.set_matrix(session, uplink=fresh.uplink, downlink=fresh.downlink, headroom_db=12.0)
    return fresh


def play(session, argv, path=audio.SPEECH):
    """Run a player to its end while everything that can be heard is recorded."""
    with audio.Probe(session, TALK + OUTSIDE + LISTEN + OUT, SECONDS) as probe:
        probe.start()
        done = session.run([*argv, path])
        assert done.returncode == 0, done.stderr
        return probe.finish(at_once=True)[0]


def check_source(recorded, path=audio.SPEECH):
    """What entered the graph is that speech, at its own level."""
    wav, rate = audio.read_wav(path)
    correlation, level = audio.compare(audio.upsample(wav, 48000 // rate), recorded)
    assert correlation > 0.95
    assert level == pytest.approx(0.0, abs=0.3)


def check_mix(recorded, matrix):
    """Every output is, sample by sample, what the equations make of the inputs."""
    talk = np.array([recorded[name] for name in TALK])
    outside = np.array([recorded[name] for name in OUTSIDE])
    outs, listens = matrix.mix(talk, outside)
    for name, wanted in zip(OUT + LISTEN, [*outs, *listens]):
        assert audio.db(np.max(np.abs(recorded[name] - wanted))) < -110, name
    return outs, listens


PLAYERS = {
    "pw-cat": ["pw-cat", "-p", "--target", "partyline.tablet.1"],
    "alsa": ["aplay", "-q", "-D", "partyline:tablet=1"],
    "pulse": ["paplay", "--device=partyline.tablet.1"],
}


@pytest.mark.parametrize("player", PLAYERS)
def test_speech_is_heard_at_the_level_of_the_equations(session, matrix, player):
    path = audio.SPEECH if player == "pw-cat" else audio.SHORT_SPEECH
    recorded = play(session, PLAYERS[player], path)
    check_source(recorded["partyline.tablet.1"], path)
    check_mix(recorded, matrix)

    # Once more without the model: 12 dB for the gain, shared by the three tablets of a channel;
    # and the same again, shared by two channels that both carry it.
    spoken = audio.rms(recorded["partyline.tablet.1"])
    up = 10 ** (-12 / 20) / TABLETS
    down = up * 10 ** (-12 / 20)
    for name in OUT:
        assert audio.rms(recorded[name]) == pytest.approx(spoken * up, rel=0.01), name
    for name in LISTEN[1:]:
        assert audio.rms(recorded[name]) == pytest.approx(spoken * down, rel=0.01), name
    # Never the own voice; what is left is the rounding of floats.
    assert audio.db(np.max(np.abs(recorded[LISTEN[0]]))) < -130


def test_speech_is_heard_nowhere_else(session, matrix):
    # Tablet 1 talks to channel 1 only, and only tablet 3 listens to that.
    matrix.uplink[:] = 0
    matrix.uplink[0, 0] = 0.5
    matrix.downlink[:] = 0
    matrix.downlink[2, 0] = 1.0
    matrix.downlink[1, 1] = 1.0
    audio.set_matrix(session, uplink=matrix.uplink, downlink=matrix.downlink)
    recorded = play(session, PLAYERS["pw-cat"], audio.SHORT_SPEECH)
    check_mix(recorded, matrix)
    assert audio.rms(recorded[OUT[0]]) > 0.01
    assert audio.rms(recorded[LISTEN[2]]) > 0.001
    for name in (OUT[1], LISTEN[0], LISTEN[1], *TALK[1:], *OUTSIDE):
        assert not np.any(recorded[name]), name


def test_a_channel_input_is_heard_by_all_and_not_sent_back(session, matrix):
    recorded = play(session, ["aplay", "-q", "-D", "partyline:channel=2"], audio.SHORT_SPEECH)
    check_source(recorded["partyline.channel.2"], audio.SHORT_SPEECH)
    check_mix(recorded, matrix)
    for name in LISTEN:
        assert audio.rms(recorded[name]) > 0.005, name
    for name in OUT:
        assert not np.any(recorded[name]), name


class Drain(threading.Thread):
    """Reads a pipe as fast as it comes, so that the program on its other end never waits."""

    def __init__(self, source):
        super().__init__()
        self.source = source
        self.parts = []
        self.first = threading.Event()

    def run(self):
        while part := self.source.read1(65536):
            self.parts.append(part)
            self.first.set()

    def wait_for_first(self):
        assert self.first.wait(audio.GUARD_SECONDS)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.join()
        self.source.close()


@pytest.mark.parametrize(
    "recorder",
    [
        ["arecord", "-q", "-t", "raw", "-f", "FLOAT_LE", "-c", "1", "-r", "48000", "-D"],
        ["parec", "--raw", "--format=float32le", "--channels=1", "--rate=48000", "--latency-msec=20"],
        ["pw-record", "--rate", "48000", "--channels", "1", "--format", "f32", "--raw"],
    ],
    ids=["alsa", "pulse", "pw-record"],
)
@pytest.mark.parametrize("device", ["channel", "tablet"])
def test_programs_hear_the_devices(session, matrix, recorder, device):
    node = "partyline.channel.1.out" if device == "channel" else "partyline.tablet.2.listen"
    if recorder[0] == "arecord":
        argv = [*recorder, "partyline:channel=1" if device == "channel" else "partyline:tablet=2"]
    elif recorder[0] == "parec":
        argv = [*recorder, f"--device={node}"]
    else:
        argv = [*recorder, "--target", node, "-"]
    process = session.spawn("recorder", argv, stdout=subprocess.PIPE)
    with Drain(process.popen.stdout) as drain:
        drain.wait_for_first()
        done = session.run([*PLAYERS["pw-cat"], audio.SHORT_SPEECH])
        assert done.returncode == 0, done.stderr
        process.stop()
    data = b"".join(drain.parts)
    heard = np.frombuffer(data[: len(data) // 4 * 4], "<f4").astype(np.float64)
    wav, rate = audio.read_wav(audio.SHORT_SPEECH)
    correlation, level = audio.compare(audio.upsample(wav, 48000 // rate), heard)
    gain = 10 ** (-12 / 20) / TABLETS
    if device == "tablet":
        gain *= 10 ** (-12 / 20)
    assert correlation > 0.9
    assert level == pytest.approx(audio.db(gain), abs=0.5)


def test_alsa_and_pulse_list_the_devices(session):
    names = session.check(["aplay", "-L"]).split("\n")
    assert {"partyline:tablet=1", "partyline:tablet=16", "partyline:channel=4"} <= set(names)
    sinks = session.check(["pactl", "list", "short", "sinks"])
    sources = session.check(["pactl", "list", "short", "sources"])
    for name in TALK + OUTSIDE:
        assert f"\t{name}\t" in sinks
    for name in LISTEN + OUT:
        assert f"\t{name}\t" in sources
    assert "Partyline Tablet 1" in session.check(["pactl", "list", "sinks"])
    unknown = session.run(["aplay", "-D", "partyline:tablet=65", audio.SPEECH])
    assert unknown.returncode != 0


def test_a_jack_program_talks(session, matrix):
    frequency, amplitude, rate = 1000.0, 0.25, 48000
    with audio.Probe(session, TALK + OUTSIDE + LISTEN + OUT, 1.0) as probe:
        player = session.spawn(
            "jack-player",
            ["pw-jack", audio.BUILD / "tests/system/partyline-jack-player"]
            + ["Partyline Tablet 1:", frequency, amplitude],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert player.popen.stdout.readline().startswith("connected "), player.log_text()
            probe.start()
            recorded, _ = probe.finish()
        finally:
            player.popen.stdin.close()
            player.popen.stdout.close()
            assert player.wait() == 0
    check_mix(recorded, matrix)
    tone = recorded["partyline.tablet.1"][rate // 2 :]
    assert audio.rms(tone) == pytest.approx(amplitude / np.sqrt(2), rel=0.01)
    spectrum = np.abs(np.fft.rfft(tone * np.hanning(len(tone))))
    assert np.argmax(spectrum) * rate / len(tone) == pytest.approx(frequency, abs=3)
    assert audio.rms(recorded["partyline.channel.1.out"]) > 0.01
