# SPDX-License-Identifier: MIT
"""Full disks: real file systems of a few pages, in a mount namespace of the daemon's own."""

import json
import os
import pathlib
import subprocess

import dbus
import dbus.bus
import pytest
from plain_daemon import GUARD_SECONDS, PROGRAM, PlainDaemon
from rig import Process
from rig.watch import wait_for_path

NAME = "org.partyline.Partyline1"
ROOT = "/org/partyline/Partyline1"
PAGE = 4096
USER = [] if os.geteuid() == 0 else ["--map-root-user"]

pytestmark = pytest.mark.skipif(
    subprocess.run(["unshare", *USER, "--mount", "true"], check=False).returncode != 0,
    reason="this machine allows no mount namespaces")


class SmallDaemon(PlainDaemon):
    """The daemon with its state and its runtime folder each on a tmpfs of its own, and a bus."""

    def __init__(self, log=None):
        super().__init__({"tablets": 4, "channels": 3, **({"log": log} if log else {})})
        self.state.mkdir()
        ready = self.folder / "ready"
        script = (f"mount -t tmpfs -o size=256k tmpfs {self.state} && mount -t tmpfs -o size=64k tmpfs "
                  f"{self.folder}/run && : >{ready} && exec sleep infinity")
        self.holder = Process("holder", ["unshare", *USER, "--mount", "sh", "-c", script], self.env,
                              self.folder / "holder.log")
        wait_for_path(ready, self.holder)
        self.enter = ["nsenter", f"--target={self.holder.pid}", "--mount"]
        if USER:
            self.enter += ["--user", "--preserve-credentials"]
        # Where both file systems are seen from outside.
        inside = pathlib.Path(f"/proc/{self.holder.pid}/root")
        self.outer_state = inside / self.state.relative_to("/")
        self.outer_run = inside / self.folder.relative_to("/") / "run"
        conf = self.folder / "bus.conf"
        conf.write_text(f"<busconfig><listen>unix:path={self.folder}/bus</listen><auth>EXTERNAL</auth>"
                        "<policy context='default'><allow send_destination='*'/><allow receive_sender='*'/>"
                        "<allow own='*'/><allow user='*'/></policy></busconfig>")
        self.bus_process = Process("bus", ["dbus-daemon", f"--config-file={conf}", "--nofork", "--nopidfile"],
                                   self.env, self.folder / "bus.log")
        wait_for_path(self.folder / "bus", self.bus_process)
        self.env["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={self.folder}/bus"

    def __exit__(self, *_):
        if self.process:
            self.process.stop()
        self.bus_process.stop()
        self.holder.stop()
        super().__exit__()

    def command(self, *args):
        return [*self.enter, PROGRAM, *args]

    def fill(self, folder):
        """Take the last byte."""
        filler = folder / "filler"
        with open(filler, "ab", buffering=0) as sink:
            while True:
                try:
                    sink.write(b"x" * PAGE)
                except OSError:
                    return filler

    def log_lines(self):
        """Every record of every log file, oldest first; a line that is none fails."""
        files = sorted(self.outer_state.glob("system.*.log")) + [self.outer_state / "system.log"]
        return [json.loads(line.split(" | ", 2)[2])
                for file in files if file.exists() for line in file.read_text().splitlines()]

    def bus_call(self, path, interface, member, signature, *values):
        bus = dbus.bus.BusConnection(self.env["DBUS_SESSION_BUS_ADDRESS"])
        try:
            return bus.call_blocking(NAME, path, interface, member, signature, values, timeout=GUARD_SECONDS)
        finally:
            bus.close()


@pytest.fixture
def daemon():
    with SmallDaemon() as small:
        yield small


def headroom(daemon, value):
    return daemon.call("POST", "/matrix", {"headroom_db": value})


def test_a_refused_change_says_so_and_changes_nothing(daemon):
    daemon.start()
    assert headroom(daemon, 5.0)[0] == 200
    before = daemon.settings()
    document = (daemon.outer_state / "state.json").read_bytes()
    filler = daemon.fill(daemon.outer_state)

    for _ in range(3):
        status, answer = headroom(daemon, 1.0)
        assert status == 507, answer
        assert f'no space left in "{daemon.state}"; make room there' in answer["detail"][0]["msg"]
        with pytest.raises(dbus.DBusException) as refused:
            daemon.bus_call(f"{ROOT}/tablet/1", dbus.PROPERTIES_IFACE, "Set", "ssv", f"{NAME}.Tablet", "Name", "x")
        assert refused.value.get_dbus_name() == f"{NAME}.Error.StateNotKept"
        assert f'no space left in "{daemon.state}"' in refused.value.get_dbus_message()
    done = subprocess.run([pathlib.Path(PROGRAM).parent / "ctl/partylinectl", "mute", "channel", "1"], env=daemon.env,
                          capture_output=True, text=True, timeout=GUARD_SECONDS, check=False)
    assert done.returncode == 1
    assert "no space left in" in done.stderr
    assert daemon.settings() == before
    assert (daemon.outer_state / "state.json").read_bytes() == document
    # Nothing is left behind that takes the room of others.
    assert not (daemon.outer_state / "state.json.new").exists()

    # Talk keys are elsewhere: people talk on.
    assert daemon.call("POST", "/ptt/request", {"tablet_id": 1, "channel": 2})[0] == 200
    assert daemon.call("POST", "/ptt/release", {"tablet_id": 1, "channel": 2})[0] == 200

    # And it starts on the full disk, with what was confirmed.
    daemon.kill()
    daemon.start()
    assert daemon.settings() == before
    assert headroom(daemon, 1.0)[0] == 507

    filler.unlink()
    assert headroom(daemon, 1.0)[0] == 200
    daemon.kill()
    daemon.start()
    assert daemon.settings()[0]["headroom_db"] == 1.0
    daemon.log_lines()


def test_a_reload_is_refused_as_a_whole(daemon):
    daemon.start()
    filler = daemon.fill(daemon.outer_state)
    before = daemon.settings()
    daemon.write_config({"tablets": 4, "channels": 3, "headroom_db": 3.0, "fs": 44100})
    status, answer = daemon.call("POST", "/config/reload")
    assert status == 507, answer
    assert daemon.settings() == before
    assert daemon.get("/health")["config"]["fs"] == 48000
    filler.unlink()
    assert daemon.call("POST", "/config/reload")[0] == 200
    assert daemon.get("/health")["config"]["fs"] == 44100


def test_the_first_start_on_a_full_disk(daemon):
    """Not even the log can be made: it comes once there is room."""
    filler = daemon.fill(daemon.outer_state)
    (daemon.outer_state / "system.log").unlink(missing_ok=True)
    daemon.start()
    assert headroom(daemon, 1.0)[0] == 507
    filler.unlink()
    assert headroom(daemon, 1.0)[0] == 200
    assert daemon.log_lines()[-1]["event_type"] == "matrix.updated"


def test_the_log_gives_way():
    """On a full disk the oldest log files go; every line that is there is whole, the newest among them."""
    with SmallDaemon({"rotate_bytes": 4096, "level": "debug"}) as daemon:
        daemon.start()
        for n in range(60):
            assert headroom(daemon, n / 10)[0] == 200
        rotated = sorted(daemon.outer_state.glob("system.*.log"))
        assert len(rotated) >= 3, rotated
        filler = daemon.fill(daemon.outer_state)
        for n in range(300):
            assert daemon.call("GET", "/health")[0] == 200
        assert not rotated[0].exists()
        records = daemon.log_lines()
        assert records[-1]["event_type"] == "health.check"
        stamps = [record["ts"] for record in records]
        assert stamps == sorted(stamps)

        # Nothing is left to give: it goes on without.
        for file in daemon.outer_state.glob("system.*.log"):
            file.unlink()
            daemon.fill(daemon.outer_state)
        for n in range(100):
            assert daemon.call("GET", "/health")[0] == 200
        daemon.log_lines()
        filler.unlink()
        assert headroom(daemon, 33.0)[0] == 200
        assert daemon.log_lines()[-1]["event_type"] == "matrix.updated"


def test_a_key_is_released_without_room_for_it(daemon):
    daemon.start()
    for tablet in (1, 2):
        assert daemon.call("POST", "/ptt/request", {"tablet_id": tablet, "channel": 1})[0] == 200
    filler = daemon.fill(daemon.outer_run)
    before = daemon.settings()
    status, answer = daemon.call("POST", "/ptt/request", {"tablet_id": 3, "channel": 1})
    assert status == 507, answer
    assert f'no space left in "{daemon.folder}/run"' in answer["detail"][0]["msg"]
    assert daemon.settings() == before
    assert daemon.call("POST", "/ptt/release", {"tablet_id": 1, "channel": 1})[0] == 200
    assert daemon.settings()[1]["1"] == [2]
    # No key comes back by itself that was let go.
    daemon.kill()
    daemon.start()
    assert daemon.settings()[1]["1"] == []
    filler.unlink()
    assert daemon.call("POST", "/ptt/request", {"tablet_id": 3, "channel": 1})[0] == 200
    daemon.kill()
    daemon.start()
    assert daemon.settings()[1]["1"] == [3]
