#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Network streams on the loopback, beside PipeWire's own RTP modules in the same run.

    bench-streams.py BUILD-FOLDER

Mouth to ear: chirps are played into a sink and searched in what a receiver plays: sound in to sound
out, through packets, encoder, network, jitter buffer and decoder, on one clock. In real time: a
machine that is busy shows in the upper figures, and in the buffers that adapt to it.

Cost: processor time of the threads that do the work (/proc/PID/task/TID/schedstat): the daemon's
"streams" and its part in the graph, and everything of the process that runs PipeWire's modules.
"""

import os
import pathlib
import subprocess
import sys
import time

import numpy as np

TESTS = pathlib.Path(__file__).resolve().parents[1]
BUILD = sys.argv[1]
os.environ["PARTYLINE_BUILD_DIR"] = BUILD
sys.path[:0] = [str(TESTS), str(TESTS / "system")]

import audio  # noqa: E402
from rig import Session, wait_until  # noqa: E402
from streams import call, free_ports, new_key, speech, status, stream  # noqa: E402

RATE = 48000
N_CHIRPS = 24
SPACING = RATE // 2
LEARN_SECONDS = 40  # until the buffers have forgotten how all of this was started
CPU_SECONDS = 4.0
CHIRP_SECONDS = 0.02

RTP_CONF = """
context.spa-libs = {
    audio.convert.* = audioconvert/libspa-audioconvert
    support.*       = support/libspa-support
}
context.modules = [
    { name = libpipewire-module-rt args = { nice.level = -11 } flags = [ ifexists nofail ] }
    { name = libpipewire-module-protocol-native }
    { name = libpipewire-module-client-node }
    { name = libpipewire-module-adapter }
    %s
]
"""
RTP_END = """{ name = libpipewire-module-rtp-%(end)s args = {
        %(address)s
        sess.media = %(media)s
        sess.latency.msec = %(latency)g
        rtp.ptime = %(ptime)g sess.min-ptime = %(ptime)g sess.max-ptime = %(ptime)g
        audio.format = "%(format)s" audio.rate = 48000 audio.channels = 1 audio.position = [ MONO ]
        node.always-process = true
        stream.props = { node.name = "%(name)s" media.class = "Audio/%(class)s" }
    } }
"""


def chirp():
    t = np.arange(int(CHIRP_SECONDS * RATE)) / RATE
    phase = 2 * np.pi * (400 * t + (3000 - 400) / (2 * CHIRP_SECONDS) * t * t)
    return 0.5 * np.sin(phase) * np.hanning(len(t))


def delays_ms(near, far):
    """Of each chirp: where it is found best there, after where it is found best here."""
    shape, out = chirp(), []
    spoken = np.fft.irfft(
        np.fft.rfft(near, 2 * len(near)) * np.conj(np.fft.rfft(shape, 2 * len(near))), 2 * len(near)
    )[: len(near)]
    for _ in range(N_CHIRPS):
        at = int(np.argmax(spoken))
        spoken[max(at - SPACING // 2, 0) : at + SPACING // 2] = 0
        part = far[at : at + SPACING - len(shape)]
        if len(part) < SPACING // 2:
            continue
        offset, likeness = audio.align(shape, part)
        if abs(likeness) > 0.5:
            out.append(offset * 1000 / RATE)
    return out


class Ear(audio.Probe):
    """Also at what PipeWire's RTP modules receive; their ports have names of their own."""

    def _link(self, play_to):
        theirs = [(n, name) for n, name in enumerate(self.sources, 1) if name.startswith("rtp-")]
        if not theirs:
            super()._link(play_to)
            return
        with self.session.graph() as graph:
            graph.wait_for(
                lambda g: g.node(self.name)
                and len(g.ports(node_id=g.node(self.name)["id"])) == len(self.sources),
                "the probe's ports",
            )
        for number, name in enumerate(self.sources, 1):
            port = f"{name}:receive_MONO" if name.startswith("rtp-") else audio.capture_port(name)
            self.session.check(["pw-link", "-L", port, f"{self.name}:in_{number}"])


def hear_chirps(session, targets, learn_seconds):
    """{target: delays} behind partyline.channel.1.out of what is played into tablet 1."""
    near = "partyline.channel.1.out"
    played = np.zeros(RATE + N_CHIRPS * SPACING)
    for k in range(N_CHIRPS):
        at = RATE // 2 + k * SPACING
        played[at : at + len(chirp())] = chirp()
    seconds = len(played) / RATE
    with Ear(session, [near, *targets], seconds + 2 * learn_seconds + 60) as ear:
        with audio.Probe(session, [], seconds, play=played, play_to="partyline.tablet.1") as mouth:
            be_prompt(session)
            ear.start()
            ear.wait(learn_seconds)
            mouth.start()
            mouth.finish()
        ear.wait(1)
        heard, figures = ear.finish(at_once=True)
    if figures["gaps"]:
        print(f"  ({figures['gaps']} cycles were missed: this machine is busy)")
    return {target: delays_ms(heard[near], heard[target]) for target in targets}


def be_prompt(session):
    """Real-time priority for all that moves sound, where that is allowed: in a room of its own a
    graph has it, and what else runs here shall not be measured."""
    for process in session.processes.values():
        if process.name not in ("wireplumber", "dbus-daemon"):
            subprocess.run(
                ["chrt", "--all-tasks", "--rr", "--pid", "20", str(process.pid)],
                stderr=subprocess.DEVNULL,
                check=False,
            )


def show(title, quantum, delays):
    if not delays:
        print(f"  {title:<46} quantum {quantum:>4}: nothing was heard", flush=True)
        return
    low, middle, high = np.percentile(delays, (5, 50, 95))
    print(
        f"  {title:<46} quantum {quantum:>4}  {middle:6.1f} ms  ({low:.1f} to {high:.1f})", flush=True
    )


def our_latency(quantum, ptimes):
    cases = [(ptime, safety) for ptime in ptimes for safety in (0.5, 0.0)]
    ports, streams = free_ports(len(cases)), []
    for i, ((ptime, safety), port) in enumerate(zip(cases, ports), 2):
        key = new_key()
        opus = {"ptime_ms": ptime}
        streams.append(stream(f"out{i}", "channel.1", "send", remote=port, key=key, opus=opus))
        jitter = {"safety": safety}
        streams.append(stream(f"in{i}", f"channel.{i}", "receive", local=port, key=key, jitter=jitter))
    config = {"gateway": {"streams": streams}}
    with Session(
        tablets=2, channels=len(cases) + 1, quantum=quantum, daemon=True, config=config
    ) as session:
        for i in range(2, len(cases) + 2):
            wait_until(lambda i=i: status(session, f"in{i}")["packets_received"] > 100, f"in{i}")
        targets = [f"partyline.channel.{i}" for i in range(2, len(cases) + 2)]
        found = hear_chirps(session, targets, LEARN_SECONDS)
        for (ptime, safety), target in zip(cases, targets):
            setting = "default" if safety else "quickest"
            show(f"Partyline, SRTP, Opus {ptime:g} ms, {setting}", quantum, found[target])


def our_way_back(quantum, ptime, safety):
    """There and back: out through channel 1, in at tablet 2, out through channel 2, in at channel 3:
    what the far end's jitter buffer and ours cost together."""
    there, back = free_ports(2)
    more = {"key": new_key(), "opus": {"ptime_ms": ptime}}
    ends = {"key": more["key"], "jitter": {"safety": safety}}
    streams = [
        stream("out-there", "channel.1", "send", remote=there, **more),
        stream("in-there", "tablet.2", "receive", local=there, **ends),
        stream("out-back", "channel.2", "send", remote=back, **more),
        stream("in-back", "channel.3", "receive", local=back, **ends),
    ]
    config = {"gateway": {"streams": streams}}
    with Session(tablets=2, channels=3, quantum=quantum, daemon=True, config=config) as session:
        uplink = {str(c): {str(t): int(c == t) for t in (1, 2)} for c in (1, 2, 3)}
        call(session, "/matrix", {"uplink": uplink})
        for name in ("in-there", "in-back"):
            wait_until(lambda name=name: status(session, name)["packets_received"] > 100, name)
        found = hear_chirps(session, ["partyline.channel.3"], LEARN_SECONDS)
        setting = "default" if safety else "quickest"
        title = f"Partyline, Opus {ptime:g} ms, {setting}, there and back"
        show(title, quantum, found["partyline.channel.3"])


def start_rtp(session, ends, chained=False):
    """chained: the second sink hears what the first source gives, there and back"""
    heard = "partyline.channel.1.out:capture_MONO"
    modules = "".join(RTP_END % end for end in ends)
    (session.folder / "pipewire" / "rtp.conf").write_text(RTP_CONF % modules)
    process = session.spawn("rtp", ["pipewire", "-c", "rtp.conf"])
    with session.graph() as graph:
        graph.wait_for(
            lambda g: all(
                g.node(end["name"]) and g.ports(node_id=g.node(end["name"])["id"]) for end in ends
            ),
            "the RTP modules' ports",
        )
    for end in ends:
        if end["end"] == "sink":
            session.check(["pw-link", "-L", heard, f"{end['name']}:send_MONO"])
        elif chained:
            heard = f"{end['name']}:receive_MONO"
    return process


def rtp_ends(port, media, ptime, latency, number=0):
    common = {"media": media, "ptime": ptime, "latency": latency}
    common["format"] = "S16BE" if media == "audio" else "F32"
    to = f'destination.ip = "127.0.0.1" destination.port = {port}'
    # With 127.0.0.1 as the source nothing is received.
    at = f'source.ip = "0.0.0.0" source.port = {port}'
    return (
        {**common, "end": "sink", "class": "Sink", "name": f"rtp-sink-{number}", "address": to},
        {**common, "end": "source", "class": "Source", "name": f"rtp-{number}.out", "address": at},
    )


def their_latency(quantum, media, ptime, latency):
    """One way, and there and back, of the same run."""
    with Session(tablets=2, channels=2, quantum=quantum) as session:
        ends = []
        for i, port in enumerate(free_ports(2)):
            ends += rtp_ends(port, media, ptime, latency, i)
        start_rtp(session, ends, chained=True)
        found = hear_chirps(session, ["rtp-0.out", "rtp-1.out"], 4)
        what = "L16" if media == "audio" else "Opus"
        title = f"PipeWire RTP, {what} {ptime:g} ms, latency {latency:g} ms"
        show(title, quantum, found["rtp-0.out"])
        show(f"{title}, there and back", quantum, found["rtp-1.out"])


# --- cost -----------------------------------------------------------------------------------------


def processor_ns(process, names=None):
    """Of the threads named so (all), so far."""
    total = 0
    for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir():
        name = (task / "comm").read_text().strip()
        if names is None or name.startswith(names):
            total += int((task / "schedstat").read_text().split()[0])
    return total


def measure(process, names=None):
    """Per cent of a core."""
    start, before = time.monotonic(), processor_ns(process, names)
    time.sleep(CPU_SECONDS)  # what is measured is of this time
    return (processor_ns(process, names) - before) / 1e7 / (time.monotonic() - start)


class Speaking:
    """Speech into a sink for as long as it is measured."""

    def __init__(self, session, sink):
        played = np.tile(speech(), 20)
        self.probe = audio.Probe(session, [], len(played) / RATE, play=played, play_to=sink)

    def __enter__(self):
        self.probe.start()
        return self.probe

    def __exit__(self, *_):
        self.probe.__exit__()


def our_cost(ptime, n_send, n_receive, quantum=256):
    """(worker's threads, part in the graph), per cent of a core"""
    ports = free_ports(n_send)
    streams = []
    for i, port in enumerate(ports):
        key = new_key()
        opus = {"ptime_ms": ptime}
        streams.append(stream(f"out{i}", "channel.1", "send", remote=port, key=key, opus=opus))
        if i < n_receive:
            streams.append(stream(f"in{i}", f"channel.{i + 2}", "receive", local=port, key=key))
    config = {"gateway": {"streams": streams}}
    channels = n_receive + 1
    with Session(
        tablets=2, channels=channels, quantum=quantum, daemon=True, config=config
    ) as session:
        for i in range(n_send):
            wait_until(lambda i=i: status(session, f"out{i}")["packets_sent"] > 100, f"out{i}")
        for i in range(n_receive):
            wait_until(lambda i=i: status(session, f"in{i}")["packets_received"] > 100, f"in{i}")
        with Speaking(session, "partyline.tablet.1"):
            time.sleep(1)  # the speech has begun everywhere
            process = session.processes["partyline"]
            start, before = time.monotonic(), [
                processor_ns(process, names) for names in ("streams", "data-loop")
            ]
            time.sleep(CPU_SECONDS)  # what is measured is of this time
            seconds = time.monotonic() - start
            after = [processor_ns(process, names) for names in ("streams", "data-loop")]
        return [(b - a) / 1e7 / seconds for a, b in zip(before, after)]


def their_cost(ptime, n, with_sources, quantum=256):
    ports = free_ports(n)
    with Session(tablets=2, channels=2, quantum=quantum) as session:
        ends = []
        for i, port in enumerate(ports):
            sink, source = rtp_ends(port, "opus", ptime, 20, i)
            ends += [sink, source] if with_sources else [sink]
        process = start_rtp(session, ends)
        with Ear(session, [f"rtp-{i}.out" for i in range(n if with_sources else 0)], 60) as ear:
            ear.start()
            with Speaking(session, "partyline.tablet.1"):
                time.sleep(1)  # the speech has begun everywhere
                return measure(process)


def print_costs():
    n = 16
    print(f"processor time of a stream, per cent of a core, mean of {n}, quantum 256:")
    for ptime in (5, 20):
        sending = our_cost(ptime, n, 0)
        both = our_cost(ptime, n, n)
        tx, rx = sum(sending) / n, (sum(both) - sum(sending)) / n
        print(
            f"  Partyline, SRTP, Opus {ptime:>2} ms, complexity 5     tx {tx:5.2f}  rx {rx:5.2f}"
            f"  (of it in the graph: {both[1] / n:.2f})",
            flush=True,
        )
        sending = their_cost(ptime, n, False)
        both = their_cost(ptime, n, True)
        print(
            f"  PipeWire RTP, Opus {ptime:>2} ms                      tx {sending / n:5.2f}"
            f"  rx {(both - sending) / n:5.2f}",
            flush=True,
        )
    for ptime in (5, 20):
        worker, graph = our_cost(ptime, 32, 32)
        print(
            f"  Partyline, 64 streams at once, 32 each way, {ptime:>2} ms: {worker + graph:.1f} % of a core"
            f" ({worker:.1f} worker, {graph:.1f} graph)",
            flush=True,
        )


def main():
    print(f"mouth to ear, click in to click out, median (5 to 95 %) of {N_CHIRPS}, one clock:")
    our_latency(64, (2.5, 5))
    our_latency(256, (2.5, 5, 10, 20))
    for quantum, ptime, safety in ((64, 2.5, 0.0), (256, 5, 0.0), (256, 5, 0.5), (256, 20, 0.5)):
        our_way_back(quantum, ptime, safety)
    their_latency(64, "opus", 2.5, 10)
    their_latency(256, "opus", 5, 10)
    their_latency(256, "opus", 5, 100)
    their_latency(256, "opus", 20, 100)
    their_latency(256, "audio", 5, 10)
    print_costs()


if __name__ == "__main__":
    main()
