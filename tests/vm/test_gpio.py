# SPDX-License-Identifier: MIT
"""GPIO lines of the kernel's simulator, against the sound that they switch: to the sample."""

import ctypes
import json
import os
import pathlib
import re
import socket
import statistics
import struct
import subprocess
import threading
import time

import appliance
import witness
from vm import in_guest

CONFIGFS = pathlib.Path("/sys/kernel/config/gpio-sim")
DRIVER = pathlib.Path("/sys/bus/platform/drivers/gpio-sim")
BCM = {1: 20, 2: 21, 3: 23, 4: 24}  # EchoStream's keys
SAMPLE_NSEC = 1e9 / witness.RATE
MSEC = 1_000_000
DEBOUNCE_NSEC = 5 * MSEC
SO_TIMESTAMPNS = 35


def now_nsec():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


class SimChip:
    """A chip of gpio-sim, named as a Raspberry Pi's; pins are seen from outside."""

    def __init__(self, name="pi", label="pinctrl-bcm2711", lines=28):
        self.folder = CONFIGFS / name
        bank = self.folder / "bank"
        bank.mkdir(parents=True)
        (bank / "num_lines").write_text(str(lines))
        (bank / "label").write_text(label)
        for offset in range(lines):
            (bank / f"line{offset}").mkdir()
            (bank / f"line{offset}/name").write_text(f"GPIO{offset}")
        (self.folder / "live").write_text("1")
        self.device = (self.folder / "dev_name").read_text().strip()
        self.bank = bank

    def pin(self, offset):
        chip = (self.bank / "chip_name").read_text().strip()
        return pathlib.Path(f"/sys/devices/platform/{self.device}/{chip}/sim_gpio{offset}")

    def pull(self, offset, level):
        """What somebody outside does to an input; the time just before."""
        path = self.pin(offset) / "pull"
        text = "pull-up" if level else "pull-down"
        before = now_nsec()
        path.write_text(text)
        return before

    def level(self, offset):
        return int((self.pin(offset) / "value").read_text())

    def unplug(self):
        (DRIVER / "unbind").write_text(self.device)

    def plug(self):
        (DRIVER / "bind").write_text(self.device)


class EdgeTimes:
    """The times that the kernel gives to edges: gpio-sim has them in the next tick of its clock, those
    of all lines together. So two other lines move along with what is measured, one before and one after
    it, and gpiomon reads them. A tick between the two leaves open which one the edge had: a measurement
    less. A few of these are allowed for."""

    LINES = (26, 27)
    UNSURE_MAX = 0.1

    def __init__(self, chip):
        self.chip = chip
        self.popen = subprocess.Popen(
            ["stdbuf", "-oL", "gpiomon", "--format", "%S", *(f"GPIO{line}" for line in self.LINES)],
            stdout=subprocess.PIPE,
            text=True,
        )
        appliance.wait_until("gpiomon", lambda: appliance.run("gpioinfo").stdout.count("gpiomon") == 2)
        self.level = 0
        self.n = self.n_unsure = 0

    def pull(self, offset, level):
        """Move a line; the time that the kernel gives its edge, or None where that is not known."""
        self.level = not self.level
        first, last = self.LINES
        self.chip.pull(first, self.level)
        self.chip.pull(offset, level)
        self.chip.pull(last, self.level)
        times = {self._read() for _ in self.LINES}
        self.n += 1
        self.n_unsure += len(times) > 1
        assert self.n_unsure <= 2 + self.UNSURE_MAX * self.n, "the guest ticks while lines move"
        return times.pop() if len(times) == 1 else None

    def _read(self):
        seconds, _, fraction = self.popen.stdout.readline().strip().partition(".")
        assert len(fraction) == 9
        return int(seconds) * 1_000_000_000 + int(fraction)


class EdgeClock:
    """tests/vm/edge-clock.c: when gates open and close."""

    def __init__(self):
        self.popen = subprocess.Popen(
            [str(witness.BUILD / "tests/vm/partyline-edge-clock")],
            env={**os.environ, **appliance.MANAGER},
            stdout=subprocess.PIPE,
            text=True,
        )
        self.news = threading.Condition()
        self.seen = []  # (what, port, nsec)
        self.n_taken = 0
        threading.Thread(target=self._read, daemon=True).start()

    def link(self, *pairs):
        """Ports by name, once they are there."""
        wanted = {port for pair in pairs for port in pair}

        def found():
            have = appliance.check("pw-link", "--input", "--output", env=appliance.MANAGER).split()
            return wanted <= set(have)

        appliance.wait_until(f"ports {sorted(wanted)}", found)
        for output, to in pairs:
            appliance.check("pw-link", output, to, env=appliance.MANAGER)

    def _read(self):
        for line in self.popen.stdout:
            what, port, nsec = line.split()
            with self.news:
                self.seen.append((what, int(port), int(nsec)))
                self.news.notify_all()

    def next(self):
        """The next that was heard, in their order; (what, port, nsec)."""
        with self.news:
            assert self.news.wait_for(lambda: len(self.seen) > self.n_taken, appliance.GUARD_SECONDS)
            self.n_taken += 1
            return self.seen[self.n_taken - 1]

    def nothing_else(self):
        with self.news:
            return self.seen[self.n_taken:] == []


def write_config(**gateway):
    path = pathlib.Path("/etc/partyline/partyline.json")
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"gateway": gateway}))


def line_status(token, line_id):
    status, answer = witness.request("GET", "/api/gpio", token=token)
    assert status == 200, answer
    (line,) = [line for line in answer["lines"] if line["id"] == line_id]
    return line["status"]


def wait_state(token, line_id, state):
    return appliance.wait_until(
        f"line {line_id} {state}",
        lambda: line_status(token, line_id)["state"] == state and line_status(token, line_id),
    )


def four_gated_tablets(clock):
    """Tablets 1 to 4 talk only while their keys are down; channel k is heard on port k."""
    for k in BCM:
        appliance.ctl("mode", str(k), "momentary")
    clock.link(
        *(("partyline-edge-clock.play:out_steady", f"partyline.tablet.{k}:playback_MONO") for k in BCM),
        *((f"partyline.channel.{k}.out:capture_MONO", f"partyline-edge-clock.hear:in_{k}") for k in BCM),
    )
    # What the buffers of a new link hold in their first cycle is nobody's business.
    time.sleep(1)
    clock.n_taken = len(clock.seen)


def print_distribution(name, values_nsec):
    ms = sorted(value / MSEC for value in values_nsec)
    print(f"{name}: min {ms[0]:.3f}, median {statistics.median(ms):.3f}, "
          f"95 % {ms[int(len(ms) * 0.95)]:.3f}, max {ms[-1]:.3f} ms of {len(ms)}")


@in_guest(systemd=True, simulated=True, installed=True)
def test_a_key_acts_a_quantum_after_its_edge():
    quantum = 256
    quantum_nsec = quantum * SAMPLE_NSEC
    witness.set_quantum(quantum)
    chip = SimChip()
    write_config(gpio={"profile": "rpi-echostream"})
    appliance.start()
    token = witness.make_token()
    for k, bcm in BCM.items():
        status = wait_state(token, f"key-{k}", "inactive")
        assert (status["offset"], status["polled"]) == (bcm, False) and "pinctrl-bcm2711" in status["chip"]
    clock = EdgeClock()
    four_gated_tablets(clock)
    times = EdgeTimes(chip)
    edges, heard = [], []
    for i in range(160):
        k = i % 4 + 1
        for level, what in ((0, "open"), (1, "close")):
            at = times.pull(BCM[k], level)
            name, port, nsec = clock.next()
            assert (name, port) == (what, k)
            if at is not None:
                edges.append(at + DEBOUNCE_NSEC)
                heard.append(nsec)
            # Every place within a quantum.
            time.sleep(0.0371 + i * 0.000173)
    waits = [nsec - edge for edge, nsec in zip(edges, heard)]
    print_distribution("edge and debounce to the first sample that moves", waits)
    # One quantum, neither more nor less, wherever in a cycle the edge lies …
    assert quantum_nsec - SAMPLE_NSEC - 1000 <= min(waits)
    assert max(waits) <= quantum_nsec + SAMPLE_NSEC + 1000
    # … so that what is between two of them is kept.
    errors = [abs((heard[i + 1] - heard[i]) - (edges[i + 1] - edges[i])) for i in range(len(edges) - 1)]
    assert max(errors) <= SAMPLE_NSEC + 1000
    assert clock.nothing_else()

    # A contact that bounces is one press, from when it has come to rest.
    for level in (0, 1):
        for i in range(20):
            at = times.pull(BCM[1], (i + level) % 2)
            time.sleep(0.0013)  # how fast it bounces
        at = times.pull(BCM[1], level)
        name, _, nsec = clock.next()
        assert name == ("close" if level else "open")
        assert at is None or abs(nsec - at - DEBOUNCE_NSEC - quantum_nsec) <= SAMPLE_NSEC + 1000
    # A spike is nothing.
    chip.pull(BCM[2], 0)
    time.sleep(0.003)  # shorter than the debounce
    chip.pull(BCM[2], 1)
    time.sleep(0.1)  # many times the debounce: it would have been heard
    assert clock.nothing_else()
    assert line_status(token, "key-1")["bounces"] >= 36


class OpusDecoder:
    """What a packet sounds like, by libopus itself."""

    FRAMES_MAX = 2880

    def __init__(self):
        self.lib = ctypes.CDLL("libopus.so.0")
        self.lib.opus_decoder_create.restype = ctypes.c_void_p
        self.state = ctypes.c_void_p(self.lib.opus_decoder_create(witness.RATE, 1, None))
        assert self.state.value

    def __del__(self):
        self.lib.opus_decoder_destroy(self.state)

    def peak(self, payload):
        pcm = (ctypes.c_float * self.FRAMES_MAX)()
        n = self.lib.opus_decode_float(self.state, payload, len(payload), pcm, self.FRAMES_MAX, 0)
        assert n > 0
        return max(map(abs, pcm[:n]))


class Wire:
    """The other end of a stream in the clear: each packet, and when the kernel sent it."""

    RTP_HEADER = 12

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        # Nothing sets the guest's clocks, so the difference of the two stays.
        self.offset_nsec = time.clock_gettime_ns(time.CLOCK_REALTIME) - now_nsec()
        self.packets = []  # (nsec, Opus)
        self.decoder = OpusDecoder()
        self.n_heard = 0
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while True:
            packet, more, _, _ = self.socket.recvmsg(4096, 64)
            ((_, _, stamp),) = more
            seconds, nanos = struct.unpack("qq", stamp)
            nsec = seconds * 1_000_000_000 + nanos - self.offset_nsec
            self.packets.append((nsec, packet[self.RTP_HEADER:]))

    def forget(self):
        """What came is nobody's business, nor what the decoder makes of it."""
        self.n_heard = len(self.packets)
        self.decoder = OpusDecoder()

    def hear(self):
        """(nsec, peak, payload) of what came since"""
        new = self.packets[self.n_heard:]
        self.n_heard += len(new)
        return [(nsec, self.decoder.peak(payload), payload) for nsec, payload in new]


# Streams of the channels: packets of how many ms, sent when, and what the encoder looks ahead.
STREAMS = {1: (5, "always", 2.5), 2: (5, "keyed", 2.5), 3: (20, "always", 6.5), 4: (20, "keyed", 6.5)}
SILENT_5_MS = bytes.fromhex("e8fffe")  # a CELT frame of nothing at all
LINES_EACH = 5


def key_lines():
    """Several for each channel. gpio-sim's edges have three places in a quantum of 256, so what is
    added to them differs: {(channel, i): line}"""
    return {
        (k, i): {"id": f"key-{k}-{i}", "line": (k - 1) * LINES_EACH + i, "tablet": k, "channel": k,
                 "debounce_ms": 3 + i * 1.07}
        for k in BCM for i in range(LINES_EACH)
    }


def wait_heard(wire):
    """(nsec, peak, payload) of the packets up to the first that is heard."""
    out = []

    def heard():
        out.extend(wire.hear())
        return any(peak > 0.001 for _, peak, _ in out)

    appliance.wait_until("sound", heard, interval=0.005)
    return out


@in_guest(systemd=True, simulated=True, installed=True)
def test_a_key_is_on_the_wire_a_packet_later():
    quantum_nsec = 256 * SAMPLE_NSEC
    witness.set_quantum(256)
    chip = SimChip()
    wires = {k: Wire() for k in BCM}
    lines = key_lines()
    write_config(
        gpio={"lines": list(lines.values())},
        streams=[{"id": f"radio-{k}", "endpoint": f"channel.{k}", "way": "send",
                  "opus": {"ptime_ms": ptime_ms}, "transmit": transmit, "srtp": {"cipher": "none"},
                  "remote": {"host": "127.0.0.1", "port": wires[k].port}}
                 for k, (ptime_ms, transmit, _) in STREAMS.items()],
    )
    appliance.start()
    token = witness.make_token()
    for line in lines.values():
        wait_state(token, line["id"], "inactive")
    clock = EdgeClock()
    four_gated_tablets(clock)
    times = EdgeTimes(chip)
    held, heard = ({k: [] for k in BCM} for _ in range(2))
    for i in range(160):
        k = i % 4 + 1
        line = lines[k, i // 4 % LINES_EACH]
        wires[k].forget()
        at = times.pull(line["line"], 0)
        assert clock.next()[:2] == ("open", k)
        packets = wait_heard(wires[k])
        # The first packet that is not silence holds the first sample. Where silence has many forms: heard.
        first = next(nsec for nsec, peak, payload in packets
                     if (peak > 0.001 if STREAMS[k][0] > 5 else payload != SILENT_5_MS))
        if at is not None:
            settled = at + line["debounce_ms"] * MSEC
            heard[k].append(packets[-1][0] - settled)
            held[k].append(first - settled)
        # What the encoder makes of the step, and of its end, fades away.
        time.sleep(0.3)
        times.pull(line["line"], 1)
        assert clock.next()[:2] == ("close", k)
        time.sleep(0.3)  # likewise
    for k, (ptime_ms, transmit, lookahead_ms) in STREAMS.items():
        what = f"packets of {ptime_ms} ms, {transmit}: edge and debounce to the first packet"
        print_distribution(f"{what} with sound", held[k])
        print_distribution(f"{what} that is heard", heard[k])
        packet_nsec = ptime_ms * MSEC
        # What is late by less was kept waiting by the guest.
        assert max(heard[k]) <= quantum_nsec + packet_nsec + lookahead_ms * MSEC + MSEC / 2
        if ptime_ms == 5 or transmit == "keyed":
            assert max(held[k]) <= quantum_nsec + packet_nsec + MSEC / 2
    assert clock.nothing_else()


@in_guest(systemd=True, simulated=True, installed=True)
def test_stuck_lost_and_found():
    chip = SimChip()
    line = {"line": "GPIO5", "tablet": 1, "channel": 1}
    write_config(gpio={"lines": [{"id": "stuck", "timeout_s": 2, **line},
                                 {"id": "lost", "line": "GPIO6", "tablet": 2, "channel": 2}]})
    appliance.start()
    token = witness.make_token()
    clock = EdgeClock()
    four_gated_tablets(clock)
    wait_state(token, "stuck", "inactive")
    wait_state(token, "lost", "inactive")

    at = chip.pull(5, 0)
    assert clock.next()[0] == "open"
    wait_state(token, "stuck", "active")
    name, _, nsec = clock.next()
    assert name == "close" and 0 <= nsec - at - DEBOUNCE_NSEC - 2e9 <= 20 * MSEC
    wait_state(token, "stuck", "stuck")
    time.sleep(5)  # longer than its time-out: it stays closed
    assert clock.nothing_else()
    chip.pull(5, 1)
    wait_state(token, "stuck", "inactive")
    chip.pull(5, 0)
    assert clock.next()[0] == "open"
    chip.pull(5, 1)
    assert clock.next()[0] == "close"

    # The expander is pulled out while a key is held, and plugged in again.
    for _ in range(3):
        chip.pull(6, 0)
        assert clock.next()[:2] == ("open", 2)
        time.sleep(0.1)  # the gate is open
        at = now_nsec()
        chip.unplug()
        name, port, nsec = clock.next()
        assert (name, port) == ("close", 2) and nsec - at <= 20 * MSEC
        status = wait_state(token, "lost", "missing")
        assert re.search("has gone|no GPIO chip", status["trouble"])
        time.sleep(3)  # so long it is out
        chip.plug()
        wait_state(token, "lost", "inactive")
    # Somebody else has it.
    chip.unplug()
    wait_state(token, "lost", "missing")
    appliance.check("systemctl", "stop", "partyline.service")
    chip.plug()
    thief = subprocess.Popen(["gpiomon", "--consumer", "thief", "GPIO6"], stdout=subprocess.DEVNULL)
    appliance.wait_until("thief", lambda: "thief" in appliance.run("gpioinfo").stdout)
    appliance.check("systemctl", "start", "partyline.service")
    appliance.wait_ready()
    status = wait_state(token, "lost", "busy")
    assert '"thief"' in status["trouble"]
    thief.kill()
    thief.wait()
    wait_state(token, "lost", "inactive")


@in_guest(systemd=True, simulated=True, installed=True)
def test_outputs_follow_keys_and_sound():
    chip = SimChip()
    lines = [{"id": "ptt", "line": "GPIO10", "function": "ptt_out", "channel": 1},
             {"id": "tally", "line": "GPIO11", "function": "tally", "channel": 1, "hang_ms": 500},
             {"id": "carrier", "line": "GPIO12", "function": "carrier", "channel": 1, "hang_ms": 500},
             {"id": "key", "line": "GPIO5", "tablet": 1, "channel": 1, "debounce_ms": 0}]
    write_config(gpio={"lines": lines})
    appliance.start()
    token = witness.make_token()
    clock = EdgeClock()
    four_gated_tablets(clock)
    wait_state(token, "key", "inactive")
    levels = lambda: tuple(chip.level(offset) for offset in (10, 11, 12))  # noqa: E731
    assert levels() == (0, 0, 0)

    def wait_level(offset, level):
        appliance.wait_until(f"GPIO{offset} at {level}", lambda: chip.level(offset) == level,
                             interval=0.001)
        return now_nsec()

    # The key: PTT at once, the tally when its sound is there, and not the carrier.
    at = chip.pull(5, 0)
    assert wait_level(10, 1) - at <= 5 * MSEC
    assert wait_level(11, 1) - at <= 100 * MSEC
    assert chip.level(12) == 0
    time.sleep(2)  # longer than every hold of an output: they stay
    assert levels() == (1, 1, 0)
    at = chip.pull(5, 1)
    assert wait_level(10, 0) - at <= 5 * MSEC
    assert 450 * MSEC <= wait_level(11, 0) - at <= 650 * MSEC

    # Somebody on the radio: carrier.
    clock.link(("partyline-edge-clock.play:out_tone", "partyline.channel.1:playback_MONO"))
    wait_level(12, 1)
    assert chip.level(10) == 0
    appliance.check("pw-link", "-d", "partyline-edge-clock.play:out_tone",
                    "partyline.channel.1:playback_MONO", env=appliance.MANAGER)
    at = now_nsec()
    assert 450 * MSEC <= wait_level(12, 0) - at <= 650 * MSEC

    # Neither a stop nor a crash leaves a transmitter on for longer than a restart takes.
    appliance.ctl("key", "press", "7", "1")
    wait_level(10, 1)
    appliance.check("systemctl", "stop", "partyline.service")
    assert levels() == (0, 0, 0)
