# SPDX-License-Identifier: MIT
"""Two machines talk through SRTP over a line that gets worse and worse."""

import contextlib
import json
import pathlib
import subprocess
import sys

import numpy as np

import audio
import line_quality
import namespaces
from streams import RATE, new_key, session_with, status, stream
from vm import in_guest

HERE = pathlib.Path(__file__).resolve().parent
PORT = 5004
QUANTUM = 512
NAMES = ("a", "b")
SPOKEN = {"a": "vm-intro.wav", "b": "vm-options.wav"}
JITTER_MAX_MS = 200.0  # the default
BAD = {"jitter_ms": 8.0, "held_back": 0.02, "doubled": 0.01}
WORSE = {"jitter_ms": 12.0, "held_back": 0.05}
# As they follow: the good line, then a while for the jitter buffer to learn, then what is measured.
LINES = [("good", {}), ("settling", WORSE)]
LINES += [(f"{loss} %", {"loss": loss / 100, **BAD}) for loss in (0, 1, 5, 10, 20)]
LINES += [("good again", {})]
PACKET = 960  # 20 ms, with FEC
PERIOD = 250 * PACKET  # so the encoder sees the same in the same places, each time
SAID = 210 * PACKET
FADE = 4800
# Two encodings of the same by SILK are about 20 dB apart; what was lost for good, and the moments in which
# the jitter buffer begins to play faster or slower, cost a few of them.
WORST_SNR_DB = 9.0
CLICK_DB = -75.0  # above 9 kHz, where recorded speech of 8 kHz has nothing


class Relay:
    def __init__(self):
        words = [f"10.{n}.0.254:{port}=10.{n}.0.1:{port}" for port in (PORT, PORT + 1) for n in (1, 2)]
        self.popen = subprocess.Popen([sys.executable, str(HERE / "relay.py"), *words],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.popen.stdout.readline() == "ready\n"

    def set(self, **line):
        """What happened until now."""
        self.popen.stdin.write(json.dumps(line) + "\n")
        self.popen.stdin.flush()
        return json.loads(self.popen.stdout.readline())

    def stop(self):
        self.popen.stdin.close()
        self.popen.wait(audio.GUARD_SECONDS)


def spoken(name):
    samples, rate = audio.read_wav(audio.SPEECH_FOLDER / SPOKEN[name])
    sound = audio.upsample(samples, RATE // rate)[:SAID]
    sound[-FADE:] *= np.linspace(1.0, 0.0, FADE)
    return sound


def daemon_size(session):
    """Resident kB and open files of the daemon."""
    proc = pathlib.Path(f"/proc/{session.processes['partyline'].popen.pid}")
    (line,) = [line for line in (proc / "status").read_text().splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1]), len(list((proc / "fd").iterdir()))


class Talk:
    """Both speak at once, the same again and again; what went in and what came out is recorded."""

    def __init__(self, sessions, n_times):
        self.n_times = n_times
        self.probes = {}
        self.stack = contextlib.ExitStack()
        for name, session in sessions.items():
            once = np.zeros(PERIOD)
            once[:SAID] = spoken(name)
            self.probes[name] = self.stack.enter_context(audio.Probe(
                session, ["partyline.channel.1.out", "partyline.channel.1"], n_times * PERIOD / RATE,
                play=np.tile(once, n_times), play_to="partyline.tablet.1"))

    def __enter__(self):
        for probe in self.probes.values():
            probe.start()
        return self

    def __exit__(self, *_):
        self.stack.close()

    def wait(self, n_frames):
        """Until so many have been recorded."""
        for line in self.probes[NAMES[0]].process.popen.stdout:
            if int(line.split()[1]) >= n_frames:
                return

    def finish(self):
        """{who speaks: [(what it said, what the other heard) of each time]}"""
        found = {}
        for name, probe in self.probes.items():
            recorded, figures = probe.finish()
            assert figures["gaps"] == 0, figures
            found[name] = {node: x.reshape(self.n_times, PERIOD) for node, x in recorded.items()}
        return {one: list(zip(found[one]["partyline.channel.1.out"], found[other]["partyline.channel.1"]))
                for one, other in (NAMES, NAMES[::-1])}


def start(stack):
    """{name: session} of two machines with the line between them, and its relay."""
    for number, name in enumerate(NAMES, 1):
        namespaces.make(name, number)
    relay = Relay()
    stack.callback(relay.stop)
    key = new_key()
    sessions = {}
    for number, name in enumerate(NAMES, 1):
        one = stream("line", "channel.1", "both", PORT, PORT, key, opus={"ptime_ms": PACKET * 1000 / RATE})
        one["remote"]["host"] = f"10.{number}.0.254"
        sessions[name] = session_with([one], quantum=QUANTUM)
        with namespaces.within(name):
            stack.enter_context(sessions[name])
    return sessions, relay


def status_of(sessions, name):
    with namespaces.within(name):
        return status(sessions[name], "line")


@in_guest(simulated=True, memory="2G")
def test_two_machines_talk_over_a_line_that_gets_worse():
    with contextlib.ExitStack() as stack:
        sessions, relay = start(stack)
        said, sizes, lost = [], [], []
        with Talk(sessions, len(LINES)) as both:
            for i, (_, line) in enumerate(LINES):
                lost.append(relay.set(seed=i, **line)["lost"])
                # In the silence between two times
                both.wait((i + 1) * PERIOD - RATE // 4)
                said.append({name: status_of(sessions, name) for name in NAMES})
                sizes.append({name: daemon_size(sessions[name]) for name in NAMES})
            heard = both.finish()
        lost.append(relay.set()["lost"])

        print("\nline          from  seg. SNR   worst tenth    level   treble    depth  lost  recovered  late")
        for one, other in (NAMES, NAMES[::-1]):
            good = heard[one][0][1]
            for i, (what, line) in enumerate(LINES):
                sent, came = heard[one][i]
                snr = line_quality.segments(good, came)
                level_db = audio.db(audio.rms(came) / audio.rms(sent))
                treble_db = audio.db(line_quality.treble(came))
                now, before = (said[k][other] if k >= 0 else dict.fromkeys(said[0][other], 0) for k in (i, i - 1))
                counted = [now[name] - before[name] for name in ("lost", "recovered", "late")]
                print(f"{what:12}  {one:4}  {np.mean(snr):5.1f} dB     {np.percentile(snr, 10):5.1f} dB  "
                      f"{level_db:+5.2f} dB  {treble_db:5.1f} dB  {now['depth_ms']:4.0f} ms  "
                      "{:4}  {:9}  {:4}".format(*counted))
                assert abs(level_db) < 1.0
                # What is said has none of it, and a step has.
                assert treble_db < max(audio.db(line_quality.treble(sent)) + 6.0, CLICK_DB)
                if what != "settling":
                    assert np.mean(snr) > WORST_SNR_DB
                assert now["depth_ms"] < JITTER_MAX_MS + 20.0
                assert now["state"] == "running"
        # The relay counts both ways, reports too.
        n_lost = sum(said[-1][name]["lost"] for name in NAMES)
        assert 0.9 * sum(lost) <= n_lost <= sum(lost)
        for name in NAMES:
            kbytes, n_files = zip(*(size[name] for size in sizes))
            print(f"{name}: {kbytes[0]} to {kbytes[-1]} kB, {n_files[-1]} files")
            assert kbytes[-1] - kbytes[1] < 512
            assert n_files[-1] - n_files[0] < 3


@in_guest(simulated=True, memory="2G")
def test_sixty_four_streams_each_have_their_own_sound():
    """Half of them send to the other half, each at a level of its own."""
    n = 32
    streams = []
    for i in range(n):
        key, port = new_key(), PORT + 2 * i
        opus = {"ptime_ms": 20.0, "complexity": 0}
        streams.append(stream(f"out{i}", f"channel.{i + 1}", "send", remote=port, key=key, opus=opus))
        streams.append(stream(f"in{i}", f"channel.{n + i + 1}", "receive", local=port, key=key))
    sources = [f"partyline.channel.{i + 1}.out" for i in range(n)]
    sinks = [f"partyline.channel.{n + i + 1}" for i in range(n)]
    namespaces.make("alone", 9)
    with namespaces.within("alone"), session_with(streams, channels=2 * n) as session:
        gains = np.zeros((2 * n, 2))
        gains[:n, 0] = 10 ** (-np.arange(n) / 20)
        audio.set_matrix(session, uplink=gains, headroom_db=0.0)
        tone = 0.25 * np.sin(2 * np.pi * 997 / RATE * np.arange(3 * RATE))
        with audio.Probe(session, sources + sinks, 3, play=tone, play_to="partyline.tablet.1") as probe:
            probe.start()
            recorded, figures = probe.finish()
        assert figures["gaps"] == 0
        for i, (source, sink) in enumerate(zip(sources, sinks)):
            out_db, heard_db = (audio.db(audio.rms(recorded[name][RATE:])) for name in (source, sink))
            assert abs(heard_db - out_db) < 0.5, (i, out_db, heard_db)
            assert abs(out_db - audio.db(audio.rms(tone)) + i) < 0.5, (i, out_db)
            got = status(session, f"in{i}")
            assert (got["state"], got["lost"], got["late"], got["refused"]) == ("running", 0, 0, 0), got
