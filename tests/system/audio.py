# SPDX-License-Identifier: MIT
"""Sound in and out of the graph, sample by sample: the probe and what is done with its recording."""

import json
import os
import pathlib
import subprocess
import wave

import numpy as np

BUILD = pathlib.Path(os.environ.get("PARTYLINE_BUILD_DIR", "build")).resolve()
SPEECH_FOLDER = pathlib.Path("/usr/share/asterisk/sounds/en_US_f_Allison")
SPEECH = SPEECH_FOLDER / "vm-intro.wav"  # 5.7 s
SHORT_SPEECH = SPEECH_FOLDER / "hello-world.wav"  # 1.4 s
GUARD_SECONDS = 60.0


def rms(x):
    return float(np.sqrt(np.mean(np.square(x, dtype=np.float64)))) if len(x) else 0.0


def db(x):
    return 20 * np.log10(max(float(x), 1e-12))


def read_wav(path):
    """(samples -1..1 as double, rate)"""
    with wave.open(str(path)) as source:
        rate = source.getframerate()
        raw = source.readframes(source.getnframes())
    return np.frombuffer(raw, "<i2").astype(np.float64) / 32768, rate


def upsample(x, factor):
    """Band-limited, by zero padding the spectrum: the reference that a resampler comes close to."""
    spectrum = np.fft.rfft(x)
    padded = np.zeros(len(x) * factor // 2 + 1, complex)
    padded[: len(spectrum)] = spectrum
    return np.fft.irfft(padded, len(x) * factor) * factor


def align(reference, recorded):
    """Offset of REFERENCE in RECORDED where they agree best, and the correlation there, -1..1."""
    size = len(reference) + len(recorded)
    length = 1 << size.bit_length()
    cross = np.fft.irfft(
        np.fft.rfft(recorded, length) * np.conj(np.fft.rfft(reference, length)), length
    )
    offset = int(np.argmax(cross[: len(recorded)]))
    part = recorded[offset : offset + len(reference)]
    reference = reference[: len(part)]
    power = rms(reference) * rms(part)
    return offset, float(np.mean(reference * part) / power) if power > 0 else 0.0


def compare(reference, recorded, rate=48000):
    """How alike they are and how much louder RECORDED is: (correlation, dB), over the loud parts.

    The median of short windows, each found by itself: on a busy machine a program may lose a
    buffer or start late, and what it lost is not what is asked here.
    """
    size = int(0.15 * rate)
    loud = rms(reference) / 2
    found = []
    for start in range(0, len(reference) - size + 1, size):
        window = reference[start : start + size]
        if rms(window) < loud:
            continue
        offset, correlation = align(window, recorded)
        level = db(rms(recorded[offset : offset + size]) / rms(window))
        found.append((correlation, level))
    assert len(found) >= 3, "too little sound to compare"
    return tuple(np.median(found, axis=0))


def capture_port(node):
    """Name of the port where the sound of a Partyline device comes out."""
    is_source = node.endswith((".listen", ".out"))
    return f"{node}:{'capture' if is_source else 'monitor'}_MONO"


class Probe:
    """Records devices, and plays into one, in the graph's own cycle.

    sources   node names, in the order of the recording's columns
    play      samples to play; into the sink play_to
    freewheel None: in real time; else wait for every sample, at so many times real time at most
    """

    def __init__(self, session, sources, seconds, play=None, play_to=None, freewheel=None):
        self.session = session
        self.sources = sources
        self.path = session.folder / f"probe-{os.urandom(4).hex()}.f32"
        self.name = self.path.stem
        n_frames = int(seconds * session.rate)
        argv = [BUILD / "tests/system/partyline-probe", "--name", self.name, "--inputs"]
        argv += [len(sources), "--frames", n_frames, "--output", self.path]
        if freewheel:
            argv += ["--freewheel", freewheel]
        if play is not None:
            played = self.path.with_suffix(".play")
            np.asarray(play, "<f4").tofile(played)
            argv += ["--play", played]
        self.process = session.spawn(
            self.name, argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._link(play_to)

    def _link(self, play_to):
        ports = len(self.sources) + (1 if play_to else 0)
        with self.session.graph() as graph:
            graph.wait_for(
                lambda g: g.node(self.name)
                and len(g.ports(node_id=g.node(self.name)["id"])) == ports,
                "the probe's ports",
            )
            for number, source in enumerate(self.sources, 1):
                self.session.check(
                    ["pw-link", "-L", capture_port(source), f"{self.name}:in_{number}"]
                )
            if play_to:
                self.session.check(
                    ["pw-link", "-L", f"{self.name}:out_1", f"{play_to}:playback_MONO"]
                )
            graph.wait_for(
                lambda g: sum(self.name in (link[0], link[2]) for link in g.links()) == ports,
                "the probe's links",
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.session.processes.pop(self.name, self.process).stop()

    def start(self):
        self.process.popen.stdin.write("go\n")
        self.process.popen.stdin.flush()

    def wait(self, seconds):
        """Until so much more has been recorded; tells nothing about the clock on the wall."""
        n_frames = None
        for line in self.process.popen.stdout:
            at = int(line.split()[1])
            n_frames = n_frames or at + seconds * self.session.rate
            if at >= n_frames:
                return
        raise AssertionError("the probe ended: " + self.process.log_text())

    def finish(self, at_once=False):
        """Wait for all frames (or end it now); {node: samples}, and the probe's own figures."""
        if at_once:
            self.process.popen.stdin.close()
        out = self.process.popen.stdout.read()
        assert self.process.wait(GUARD_SECONDS) == 0, self.process.log_text()
        self.process.popen.stdout.close()
        if not at_once:
            self.process.popen.stdin.close()
        data = np.fromfile(self.path, "<f4").astype(np.float64)
        data = data.reshape(-1, max(len(self.sources), 1))
        figures = json.loads(out.splitlines()[-1])
        return {node: data[:, i] for i, node in enumerate(self.sources)}, figures


def set_matrix(session, **params):
    """Set the matrix's parameters as any PipeWire client can: set_matrix(s, uplink=[…])."""
    words = []
    for name, value in params.items():
        if isinstance(value, bool):
            text = "true" if value else "false"
        elif np.ndim(value):
            text = "[ " + " ".join(repr(float(v)) for v in np.ravel(value)) + " ]"
        else:
            text = repr(value)
        words.append(f'"partyline.{name.replace("_", "-")}" {text}')
    session.check(
        ["pw-cli", "set-param", "partyline.matrix", "Props", f"{{ params = [ {' '.join(words)} ] }}"]
    )
