# SPDX-License-Identifier: MIT
"""partylinectl and the D-Bus face with a real graph: levels, talk tallies, the engine's coming and going."""

import json
import math
import queue
import subprocess
import threading

import pytest

from rig import Session
from rig.confs import find_program
from rig.process import GUARD_SECONDS

TABLETS, CHANNELS = 3, 2
# The simulated tablets play a sine of amplitude 0.05: its RMS is 0.05 / sqrt(2), -29.03 dBFS.
TALK_VU_DB, TALK_PEAK_DB = -29.03, -26.02


class Instance(Session):
    def ctl(self, *words, **kwargs):
        return self.run([find_program(self.build, "partylinectl"), *words], **kwargs)

    def ctl_json(self, *words):
        return json.loads(self.ctl("--json", *words).stdout)


@pytest.fixture(scope="module")
def instance():
    with Instance(tablets=TABLETS, channels=CHANNELS, daemon=True, simulate=True) as session:
        yield session


class Documents:
    """One JSON document a line, as they come."""

    def __init__(self, session, *words):
        self.process = subprocess.Popen(
            [find_program(session.build, "partylinectl"), "--json", *words], env=session.env,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))
        self.lines.put(None)

    def until(self, fits):
        seen = []
        while True:
            try:
                document = self.lines.get(timeout=GUARD_SECONDS)
            except queue.Empty:
                document = None
            assert document is not None, f"it never came; the last: {seen[-3:]}"
            if fits(document):
                return document
            seen.append(document)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(GUARD_SECONDS)
        self.process.stdout.close()


def test_meters_show_the_simulated_tablets(instance):
    # Three tablets at -12 dB are brought down to the headroom of 12 dB: a third of it for each. Their
    # sines are 10 Hz apart, with any phase: the crests that meet within 100 ms come to between the
    # root of 3 and 3 times one sine.
    one = 0.05 * 10 ** (-12 / 20) / 3
    low_db, high_db = 20 * math.log10(one * math.sqrt(3)) - 0.3, 20 * math.log10(one * 3) + 0.1

    def settled(meters):
        return all(tablet["talk"]["vu_db"] == pytest.approx(TALK_VU_DB, abs=0.3)
                   and tablet["talk"]["peak_hold_db"] == pytest.approx(TALK_PEAK_DB, abs=0.1)
                   for tablet in meters["tablets"]) and all(
            low_db < channel["line"]["peak_hold_db"] < high_db
            for channel in meters["channels"])

    with Documents(instance, "meters", "--hz", "20") as meters:
        last = meters.until(settled)
    for tablet in last["tablets"]:
        assert tablet["talking"] == [1, 2] and tablet["keys"] == []
    for channel in last["channels"]:
        assert channel["talking_tablets"] == [1, 2, 3]


def test_levels_and_properties_agree(instance):
    with Documents(instance, "meters") as meters:
        meters.until(lambda m: m["channels"][0]["line"]["vu_db"] > -60)
    levels = instance.ctl_json("levels")
    assert all(level > -70 for level in levels["channels"].values())
    channels = instance.ctl_json("channels")
    assert all(channel["vu_db"] > -70 and channel["peak_db"] > -60 for channel in channels)
    tablets = instance.ctl_json("tablets")
    assert all(tablet["talk_vu_db"] == pytest.approx(TALK_VU_DB, abs=0.5) for tablet in tablets)


def test_mute_and_key_are_heard_and_shown(instance):
    with Documents(instance, "meters", "--hz", "20") as meters:
        instance.ctl("mute", "channel", "2")
        meters.until(lambda m: m["channels"][1]["line"]["vu_db"] < -200)
        instance.ctl("unmute", "channel", "2")
        meters.until(lambda m: m["channels"][1]["line"]["vu_db"] > -60)
        instance.ctl("mode", "3", "momentary")
        meters.until(lambda m: m["tablets"][2]["talking"] == [])
        instance.ctl("key", "press", "3", "2")
        shown = meters.until(lambda m: m["tablets"][2]["talking"] == [2])
        assert shown["tablets"][2]["keys"] == [2]
        assert shown["channels"][1]["active_tablets"] == [3]
        assert shown["channels"][0]["talking_tablets"] == [1, 2]
        instance.ctl("release-all")
        instance.ctl("mode", "3", "open")


def test_live_bars_move(instance):
    """On a terminal: filled bars for tablets that talk."""
    import os
    import pty

    here, there = pty.openpty()
    process = subprocess.Popen(
        [find_program(instance.build, "partylinectl"), "meters"], stdin=there, stdout=there,
        stderr=there, env={**instance.env, "LC_ALL": "C.UTF-8", "NO_COLOR": "1"})
    os.close(there)
    text = ""
    while text.count("█") < 20 or "-29." not in text:
        text += os.read(here, 65536).decode(errors="replace")
    os.write(here, b"q")
    assert process.wait(GUARD_SECONDS) == 0
    os.close(here)


def test_status_follows_the_engine(instance):
    with Documents(instance, "monitor") as events:
        events.until(lambda event: event["event"] == "watching")
        status = instance.ctl("status")
        assert status.returncode == 0, status.stdout
        assert status.stdout.splitlines()[0].endswith("on the session bus works")
        assert "graph at 48000 Hz" in status.stdout

        for process in ("partyline-simulate", "wireplumber", "pipewire"):
            instance.processes[process].kill()
        gone = {"event": "changed", "object": "manager", "property": "connected", "value": False}
        events.until(lambda event: {**gone, "ts": event["ts"]} == event)
        done = instance.ctl("status")
        assert done.returncode == 5 and "there is no PipeWire server" in done.stdout
        assert instance.ctl_json("headroom", "9") == {"headroom_db": 9}

        instance.start_pipewire()
        instance.start_wireplumber()
        events.until(lambda event: {**gone, "value": True, "ts": event["ts"]} == event)
        assert instance.ctl("status").returncode == 0


@pytest.mark.parametrize("kwargs,text", [
    ({"module": None, "profile": None}, "the matrix is not in it"),
    ({"config": {"tablets": 5}},
     "the matrix has 3 tablets and 2 channels, the configuration 5 and 2"),
])
def test_status_says_why_the_engine_is_not_connected(kwargs, text):
    with Instance(tablets=TABLETS, channels=CHANNELS, daemon=True, **kwargs) as session:
        # READY does not wait for PipeWire: the daemon may still be looking.
        for _ in range(1000):
            done = session.ctl("status")
            assert done.returncode == 5
            if text in done.stdout:
                break
        assert text in done.stdout
