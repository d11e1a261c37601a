# SPDX-License-Identifier: MIT
"""Power cut: after each of 50 at random moments the state is one that was confirmed, or the one in flight."""

import json
import os
import pathlib
import random
import tempfile
import threading
import time

from power_cut import CLIENTS, first_state, state_of
from rig.confs import find_program
from vm import Guest, build_layer, make_disk

HERE = pathlib.Path(__file__).resolve().parent
DAEMON = find_program(pathlib.Path(os.environ["PARTYLINE_BUILD_DIR"]), "partyline")
SEED = int(os.environ.get("PARTYLINE_SEED") or random.SystemRandom().randrange(1_000_000))

# Each list is one disk with its cuts, by what runs on it; two guests at a time.
LIVES = [["plain"] * 24 + ["units"], ["plain"] * 23 + ["units"] * 2]
# Confirmed changes before the cut: none (the daemon has just come up) to this many.
CHANGES_MAX = 40
# Longer than a change takes: the cut may fall anywhere between two confirmations.
DELAY_SECONDS_MAX = 0.02


def expected(client, before, n, seed, boot):
    """What the client's settings are after its first n changes."""
    state = {key: value for key, value in before.items() if client.owns(key)}
    for _, (key, value) in zip(range(n), client.changes(seed, boot, before)):
        state[key] = value
    return state


class Life:
    """One disk through all its boots."""

    def __init__(self, number, kinds, installed):
        self.number = number
        self.kinds = kinds
        self.installed = installed
        self.rng = random.Random(f"{SEED}/{number}")
        self.seed = SEED * 10 + number
        self.state = first_state()
        self.counts = None  # of the last boot, by client; None: it was the first
        self.n_confirmed = self.n_in_flight = 0

    def check(self, boot, found, bad):
        """What is found is, client by client, the last confirmed or the one that was under way."""
        where = f"seed {SEED}, disk {self.number}, boot {boot}"
        assert bad == [], f"{where}: a damaged state was found: {bad}"
        assert found.keys() == self.state.keys(), where
        if self.counts is None:
            assert found == self.state, where
            return
        for client in CLIENTS:
            n = self.counts[client.number]
            own = {key: value for key, value in found.items() if client.owns(key)}
            confirmed = expected(client, self.state, n, self.seed, boot - 1)
            in_flight = expected(client, self.state, n + 1, self.seed, boot - 1)
            assert own in (confirmed, in_flight), (
                f"{where}: client {client.number} had {n} changes confirmed; found, confirmed, in flight: "
                f"{[(key, own[key], confirmed[key], in_flight[key]) for key in own if own[key] != confirmed[key]]}")
            self.n_in_flight += own != confirmed
        self.n_confirmed += sum(self.counts)

    def boot(self, number, kind, disk):
        """Boot, look at the state, let the clients work, cut."""
        systemd = kind == "units"
        with Guest(systemd=systemd, disk=disk, memory="512M" if systemd else "256M",
                   layers=[self.installed] if systemd else []) as guest:
            guest.start(["/usr/bin/python3", HERE / "power_cut.py", str(self.seed), str(number),
                         "units" if systemd else DAEMON])
            document = json.loads(guest.wait_for_line("STATE ").partition("STATE ")[2])
            found = state_of(document["state"], document["tokens"])
            self.check(number, found, document["bad"])
            self.state = found
            n = self.rng.randint(0, CHANGES_MAX)
            if n:
                guest.wait_for_count("CONFIRMED ", n)
            time.sleep(self.rng.uniform(0, DELAY_SECONDS_MAX))  # the random moment
            guest.kill()
            # No change is refused: a client that gave up would have tried nothing.
            assert not any("Traceback" in line for line in guest.console), guest.tail()
            self.counts = [0] * len(CLIENTS)
            for line in guest.console:
                words = line.split()
                if len(words) == 3 and words[0] == "CONFIRMED":
                    self.counts[int(words[1])] = int(words[2])

    def run(self):
        with tempfile.TemporaryDirectory(prefix="pl-disk-", dir=memory_folder()) as folder:
            disk = make_disk(pathlib.Path(folder) / "disk", megabytes=16)
            for number, kind in enumerate([*self.kinds, "plain"]):
                self.boot(number, kind, disk)


def memory_folder():
    """What has reached the disk's file is kept, wherever that file is: memory is quickest."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def test_power_cuts(tmp_path):
    print(f"PARTYLINE_SEED={SEED}")
    installed = build_layer(tmp_path / "installed")
    lives = [Life(number, kinds, installed) for number, kinds in enumerate(LIVES)]
    faults = []

    def run(life):
        try:
            life.run()
        except BaseException as fault:  # noqa: BLE001: shown by the test below
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(life,)) for life in lives]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for fault in faults:
        raise fault
    assert sum(map(len, LIVES)) == 50
    print(f"{sum(map(len, LIVES))} cuts in {time.monotonic() - start:.0f} s: "
          f"{sum(life.n_confirmed for life in lives)} confirmed changes, none lost; "
          f"{sum(life.n_in_flight for life in lives)} more had been kept before they were confirmed")
