# SPDX-License-Identifier: MIT
"""Ten minutes of sound through an appliance of 16 tablets and 4 channels while everything around the
graph fails: not one sample is missing or wrong."""

import errno
import os
import pathlib
import random
import signal
import subprocess
import time

import numpy as np

import cards
import witness
from appliance import check, show
from vm import in_guest
from witness import CHANNELS, RATE, TABLETS, request, settings

SECONDS = int(os.environ.get("PARTYLINE_ENDURANCE_SECONDS", "600"))
CARD_CHANNEL = 4
CARD_SINE_HZ = 1000  # card-signal.h
KILL_EVERY = 20
STATE = pathlib.Path("/var/lib/partyline")
CROWD = STATE / "crowd"
HEADROOM_DB = 6.0
DAEMON = "partyline.service"
MEMORY = "16M"  # it needs 4 of its own, and as much again of shared files
NAME = {"name": "Gallery"}
# After a card was plugged in or out; when several things happen at once, each takes its time.
UNREST_SECONDS = 3

GUEST = {
    "systemd": True,
    "simulated": True,
    "installed": True,
    "memory": "2G",
    "kernel_args": cards.kernel_args("Desk"),
    "guard_seconds": 3600,
}


class Desk:
    """Whoever plays a sine at the far end of the sound card, as long as it is plugged in."""

    def __init__(self):
        self.path = pathlib.Path("/run/sine.raw")
        n = np.arange(RATE)  # a whole number of periods, again and again
        sine = np.round(0.5 * np.sin(2 * np.pi * CARD_SINE_HZ * n / RATE) * 2.0**31)
        self.path.write_bytes(np.repeat(sine.astype("<i4"), 2).tobytes())
        self.popen = None

    def play(self):
        aplay = f"aplay -q -D hw:Desk,1 -t raw -f S32_LE -c 2 -r {RATE}"
        self.popen = subprocess.Popen(["sh", "-c", f"while cat {self.path}; do :; done | {aplay}"])

    def unplug(self):
        cards.unplug(0)
        self.popen.wait()

    def plug(self):
        cards.plug(0)
        check("udevadm", "settle")
        self.play()


# Writes to all of it, or it would not be there.
HOG = """
import sys
sys.stdin.read()
taken = []
while True:
    taken.append(b"x" * 1000000)
"""


def prop(name, key):
    return show(name, key)[key]


def gains():
    """Unlike the default, and every one another."""
    rng = random.Random(16)
    up = [[round(rng.uniform(0.1, 1.0), 3) for _ in range(TABLETS)] for _ in range(CHANNELS)]
    down = [[round(rng.uniform(0.1, 1.0), 3) for _ in range(CHANNELS)] for _ in range(TABLETS)]
    return up, down


class Faults:
    """Everything that goes wrong, and what must be so right after it."""

    def __init__(self, desk, token):
        self.desk = desk
        self.token = token
        self.n_kills = 0
        self.settings = settings(self.token)

    def kill_daemon(self):
        """It has come back from the kill before, with what it knew."""
        assert prop(DAEMON, "ActiveState") == "active"
        assert settings(self.token) == self.settings
        check("systemctl", "kill", "--kill-who=main", "--signal=KILL", DAEMON)
        self.n_kills += 1

    def restart_wireplumber(self):
        self._restart("partyline-wireplumber.service")

    def kill_wireplumber(self):
        check("systemctl", "kill", "--signal=KILL", "partyline-wireplumber.service")

    def restart_avahi(self):
        self._restart("avahi-daemon.service")

    def _restart(self, name):
        before = prop(name, "MainPID")
        check("systemctl", "restart", name)
        assert prop(name, "MainPID") not in ("0", before)

    def unplug(self):
        self.desk.unplug()

    def plug(self):
        self.desk.plug()

    def clock_forward(self):
        check("date", "--set=+1 day")

    def clock_back(self):
        check("date", "--set=-400 days")

    def fill_disk(self):
        """The disk with the settings on it: a change is refused, and nothing is lost."""
        with open(CROWD, "wb", buffering=0) as crowd:
            try:
                while True:
                    crowd.write(bytes(4096))
            except OSError as error:
                assert error.errno == errno.ENOSPC
        status, answer = request("PUT", "/api/tablet/1/name", NAME, self.token)
        assert status >= 500, answer
        assert settings(self.token) == self.settings

    def empty_disk(self):
        CROWD.unlink()
        status, answer = request("PUT", "/api/tablet/1/name", NAME, self.token)
        assert status == 200, answer
        self.settings = settings(self.token)

    def short_memory(self):
        """Little more than it needs."""
        print(f"the daemon has {prop(DAEMON, 'MemoryCurrent')} bytes and may have {MEMORY}")
        self._limit_memory(MEMORY)

    def take_memory(self):
        """Somebody in its control group wants more than there is: the kernel ends one of them."""
        before = prop(DAEMON, "NRestarts")
        group = pathlib.Path("/sys/fs/cgroup") / prop(DAEMON, "ControlGroup").strip("/")
        hog = subprocess.Popen(["/usr/bin/python3", "-c", HOG], stdin=subprocess.PIPE)
        (group / "cgroup.procs").write_text(str(hog.pid))
        hog.communicate(b"go")
        assert hog.returncode == -signal.SIGKILL
        print(f"the daemon has been restarted {before} times; memory ended {hog.args[0]}")

    def enough_memory(self):
        self._limit_memory("infinity")

    def _limit_memory(self, text):
        check("systemctl", "set-property", "--runtime", DAEMON, f"MemoryMax={text}", "MemorySwapMax=0")

    def schedule(self):
        """[(second, what happens)]"""
        events = [(t, self.kill_daemon) for t in range(KILL_EVERY, SECONDS, KILL_EVERY)]
        events += [
            (50, self.restart_wireplumber),
            (70, self.restart_avahi),
            (90, self.unplug),
            (105, self.plug),
            (130, self.clock_forward),
            (150, self.clock_back),
            (170, self.fill_disk),  # the daemon is killed and starts with the disk full
            (210, self.empty_disk),
            (225, self.short_memory),
            (230, self.take_memory),
            (250, self.take_memory),
            (310, self.kill_wireplumber),
            (330, self.restart_avahi),
            (350, self.unplug),
            (355, self.restart_wireplumber),
            (370, self.plug),
            (390, self.take_memory),
            (410, self.clock_forward),
            (430, self.enough_memory),
            # all at once
            (500, self.unplug),
            (500, self.restart_wireplumber),
            (500, self.restart_avahi),
            (500, self.clock_back),
            (510, self.restart_wireplumber),
            (515, self.plug),
        ]
        return sorted((event for event in events if event[0] < SECONDS), key=lambda event: event[0])


def start_appliance(quantum, relay):
    witness.set_quantum(quantum, relay)
    # What the loopback card needs, whose other side is open already. Its position is known to a
    # millisecond only, which is three quarters of a short cycle: hence the room.
    witness.set_card_props("{ audio.format = S32LE audio.channels = 2 api.alsa.headroom = 256 }")
    # A disk of its own, so small that it can be filled.
    STATE.mkdir(parents=True, exist_ok=True)
    check("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", STATE)
    check("systemctl", "start", "avahi-daemon.service", "partyline.target")
    check("partylinectl", "--system", "bind", "channel", CARD_CHANNEL, "capture", "card:Desk")


def check_card(card, plugs, unplugs):
    """The sine is there, whole, whenever the card is, and there is nothing when it is not."""
    print(f"the card: {card}")
    edges, clicks = card["edges"], card["clicks"]
    assert (card["n_edges"], card["n_clicks"]) == (len(edges), len(clicks)), "too many to be named"
    assert edges[0] < RATE
    # Only then may it be in between: what a card's resampler needs to find the graph's clock.
    unrest = [(at * RATE, (at + UNREST_SECONDS) * RATE) for at in (0, *plugs, *unplugs)]
    wild = [frame for frame in edges + clicks if not any(a <= frame <= b for a, b in unrest)]
    assert not wild, f"not a sine at {wild}"
    for second in plugs + unplugs:
        n_before = sum(edge <= (second + UNREST_SECONDS) * RATE for edge in edges)
        assert (n_before % 2 == 1) == (second in plugs), f"heard or not after {second} s: {edges}"


def endure(quantum, relay):
    start = time.monotonic()
    start_appliance(quantum, relay)
    up, down = gains()
    token = witness.make_token("admin")
    witness.set_gains(token, up, down, HEADROOM_DB)
    desk = Desk()
    desk.play()
    ear = witness.Witness(SECONDS, up, down, HEADROOM_DB, CARD_CHANNEL, relay)
    ear.wait_steady()
    print(f"quantum {quantum}: all as the model has it {time.monotonic() - start:.1f} s after the start")
    faults = Faults(desk, token)
    events = faults.schedule()
    for second, event in events:
        ear.wait_until(second)
        print(f"{second} s: {event.__name__}", flush=True)
        event()
    found = ear.finish()
    print(
        f"quantum {quantum}: {found['frames']} samples on {TABLETS + CHANNELS} outputs, "
        f"{found['missing']} missing, {found['n_wrong']} wrong, worst error {found['worst_db']} dBFS; "
        f"the daemon killed {faults.n_kills} times; {found['cycles']} cycles"
    )
    assert found["frames"] == SECONDS * RATE
    assert found["gaps"] == 0 and found["missing"] == 0, found
    assert found["n_wrong"] == 0, found
    plugs = [second for second, event in events if event == faults.plug]
    unplugs = [second for second, event in events if event == faults.unplug]
    check_card(found["card"], plugs, unplugs)
    assert settings(faults.token) == faults.settings


def endure_and_tell(quantum, relay=False):
    """With the units' own words when something was wrong."""
    try:
        endure(quantum, relay)
    except BaseException:
        print(check("journalctl", "-b", "--no-pager", "-o", "short-monotonic", "-n", "150", "-u", "partyline*"))
        raise


@in_guest(**GUEST)
def test_quantum_64():
    endure_and_tell(64, relay=True)


@in_guest(**GUEST)
def test_quantum_256():
    endure_and_tell(256, relay=True)


@in_guest(**GUEST)
def test_quantum_1024():
    endure_and_tell(1024)
