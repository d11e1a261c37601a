# SPDX-License-Identifier: MIT
"""The bus may come late, go and come back; the daemon stays."""

import json
import os
import signal

from private_bus import MATRIX, ROOT, PrivateBus
from rig.watch import wait_for_path


class Late(PrivateBus):
    """No bus when the daemon starts."""

    def start_bus(self):
        return None


def wait_for_log(session, text):
    """Wait until the daemon's log on stderr has the text (more than `n` times)."""
    # tail follows the file by inotify: no polling, no sleep.
    with session.lines("tail", "-n", "+1", "-F", session.folder / "log/partyline.log") as lines:
        return lines.until(lambda line: text in line)


def start_bus_again(session):
    path = session.runtime / "bus"
    path.unlink(missing_ok=True)
    PrivateBus.start_bus(session)
    wait_for_path(str(path), session.processes["dbus-daemon"])


def on_bus_again(session, n_times):
    """Wait for the n-th dbus.connected of the log."""
    with session.lines("tail", "-n", "+1", "-F", session.folder / "log/partyline.log") as lines:
        for _ in range(n_times):
            lines.until(lambda line: "dbus.connected" in line)


def test_ready_means_on_the_bus():
    with PrivateBus() as session:
        # READY=1 has come; the name must be there without any waiting.
        done = session.busctl("--json=short", "call", "org.freedesktop.DBus",
                              "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameHasOwner",
                              "s", "org.partyline.Partyline1")
        assert json.loads(done.stdout)["data"] == [True]


def test_the_bus_comes_after_the_daemon():
    with Late() as session:
        assert session.http("/health")["status"] == "ok"
        start_bus_again(session)
        on_bus_again(session, 1)
        assert session.ctl("version").returncode == 0


def test_the_bus_is_killed_and_comes_back():
    with PrivateBus() as session:
        assert session.ctl("headroom", "7").returncode == 0
        for n_lost in (1, 2):
            pid = session.processes["partyline"].pid
            session.processes["dbus-daemon"].kill(signal.SIGKILL)
            wait_for_log(session, "dbus.disconnected")
            # The other faces go on, also with what they change.
            assert session.http("/matrix", {"headroom_db": 8 + n_lost})
            start_bus_again(session)
            on_bus_again(session, n_lost + 1)
            assert session.ctl_json("headroom") == {"headroom_db": 8 + n_lost}
            with session.monitor() as lines:
                session.http("/channel/1/mute", {"mute": n_lost == 1})
                lines.until(lambda line: '"muted"' in line)
            assert session.processes["partyline"].pid == pid
            os.kill(pid, 0)


def test_a_second_daemon_does_not_take_the_name():
    with PrivateBus() as session:
        owner = session.bus.get_name_owner("org.partyline.Partyline1")
        environment = {
            "PARTYLINE_CONFIG": str(session.folder / "second.json"),
            "XDG_RUNTIME_DIR": str(session.folder / "second"),
        }
        (session.folder / "second.json").write_text(json.dumps({
            "state_directory": str(session.folder / "second/state"),
            "runtime_directory": str(session.folder / "second/run"),
            "http": {"port": 0},
        }))
        second = session.spawn("second", [session.program("partyline"), "--port", "0"],
                               env=environment)
        with session.lines("tail", "-n", "+1", "-F", session.folder / "log/second.log") as lines:
            lines.until(lambda line: "dbus.error" in line and "another Partyline has it" in line)
        assert second.alive
        assert session.bus.get_name_owner("org.partyline.Partyline1") == owner
        # The name is free again: the second one takes it.
        session.processes["partyline"].stop()
        with session.lines("tail", "-n", "+1", "-F", session.folder / "log/second.log") as lines:
            lines.until(lambda line: "dbus.connected" in line)
        assert session.bus.get_name_owner("org.partyline.Partyline1") != owner


def test_state_survives_a_kill_of_the_daemon():
    with PrivateBus() as session:
        session.call(ROOT, MATRIX, "SetCrosspoint", "suud", "uplink", 1, 2, -3.0)
        session.call(f"{ROOT}/tablet/2", "org.partyline.Partyline1.Tablet", "PressKey", "uu", 3, 1)
        before = session.settings()
        session.processes["partyline"].kill(signal.SIGKILL)
        session.start_daemon()
        assert session.settings() == before
