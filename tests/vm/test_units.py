# SPDX-License-Identifier: MIT
"""The units of the appliance under systemd: who they are, what they get, how they come back."""

import os
import pathlib
import pwd
import re
import signal
import subprocess
import time

import appliance
import witness
from test_gpio import SimChip, wait_state, write_config
from vm import in_guest

SCHED_FIFO = 1
README = pathlib.Path(__file__).resolve().parents[2] / "README.md"
EXPOSURE_MAX = 2.0


def user_of(pid):
    return pwd.getpwuid(pathlib.Path(f"/proc/{pid}").stat().st_uid).pw_name


def kill_and_wait(unit, number):
    """Send a signal to the unit's main process; its pid once another one is active in its place."""
    before = appliance.main_pid(unit)
    os.kill(before, number)

    def another():
        now = appliance.show(unit, "MainPID", "ActiveState")
        pid = int(now["MainPID"])
        return now["ActiveState"] == "active" and pid not in (0, before) and pid

    return appliance.wait_until(f"new {unit}", another, interval=0.5)


@in_guest(systemd=True, simulated=True, installed=True)
def test_they_run_as_they_should():
    status = appliance.start()
    assert status["bus"] == "system"
    pids = {unit: appliance.main_pid(unit) for unit in appliance.SERVICES}
    for unit, user in appliance.SERVICES.items():
        assert user_of(pids[unit]) == user
        # No right beyond those of a user.
        caps = pathlib.Path(f"/proc/{pids[unit]}/status").read_text()
        assert "CapEff:\t0000000000000000" in caps and "NoNewPrivs:\t1" in caps

    # Real-time priority without root; chrt says it to people.
    threads = appliance.threads(pids["partyline-pipewire.service"])
    assert threads["data-loop.0"] == (SCHED_FIFO, 88), threads
    tasks = pathlib.Path(f"/proc/{pids['partyline-pipewire.service']}/task")
    (tid,) = [task.name for task in tasks.iterdir()
              if (task / "comm").read_text().strip() == "data-loop.0"]
    print(appliance.check("chrt", "-p", tid))
    oom = {unit: int(pathlib.Path(f"/proc/{pid}/oom_score_adj").read_text())
           for unit, pid in pids.items()}
    assert oom["partyline-pipewire.service"] < oom["partyline-wireplumber.service"] < oom["partyline.service"] < 0

    # Where no recorder is installed nothing is missing.
    recorder = appliance.show("partyline-recorder.service", "ActiveState", "ConditionResult")
    if not pathlib.Path("/usr/bin/partyline-recorder").exists():
        assert recorder == {"ActiveState": "inactive", "ConditionResult": "no"}
    assert appliance.run("systemctl", "--failed", "--no-legend", "list-units", "partyline*").stdout == ""

    sockets = {path.name: (oct(path.stat().st_mode & 0o777), path.owner(), path.group())
               for path in pathlib.Path("/run/pipewire").glob("pipewire-0*") if path.is_socket()}
    assert sockets == {
        "pipewire-0": ("0o660", "partyline-pipewire", "audio"),
        "pipewire-0-manager": ("0o660", "partyline-pipewire", "partyline-pipewire"),
    }

    # Stopping means all of it, and the sockets; starting again brings the same.
    appliance.check("systemctl", "stop", appliance.TARGET)
    for unit in [*appliance.SERVICES, "partyline-pipewire.socket", "partyline-pipewire-manager.socket"]:
        appliance.wait_until(f"end of {unit}", lambda: appliance.show(
            unit, "ActiveState")["ActiveState"] == "inactive")  # noqa: B023
    assert not list(pathlib.Path("/run/pipewire").glob("pipewire-0*[!k]"))
    assert appliance.run("partylinectl", "--system", "status").returncode == 3
    appliance.start()


@in_guest(systemd=True, simulated=True, installed=True)
def test_the_daemon_may_do_what_its_gateway_needs():
    chip = SimChip()
    write_config(
        gpio={"lines": [{"id": "key", "line": "GPIO5", "tablet": 1, "channel": 1},
                        {"id": "ptt", "line": "GPIO6", "function": "ptt_out", "channel": 1}]},
        streams=[{"id": "out", "endpoint": "channel.1", "way": "send", "srtp": {"cipher": "none"},
                  "remote": {"host": "127.0.0.1", "port": 9}}],
    )
    appliance.start()
    graph = appliance.threads(appliance.main_pid("partyline-pipewire.service"))["data-loop.0"]

    def data_loop():
        return appliance.threads(appliance.main_pid("partyline.service")).get("data-loop.0")

    appliance.wait_until("data thread", data_loop)
    # Its ports are part of the graph's cycle, which goes before them.
    appliance.wait_until("real-time priority", lambda: data_loop()[0] == SCHED_FIFO)
    print(f"the daemon's data thread has priority {data_loop()[1]}, the graph's {graph[1]}")
    assert 1 <= data_loop()[1] < graph[1]

    # By the group of the chips, from within a user namespace and behind a list of devices.
    token = witness.make_token()
    wait_state(token, "key", "inactive")
    chip.pull(5, 0)
    wait_state(token, "key", "active")
    wait_state(token, "ptt", "active")
    assert chip.level(6) == 1


@in_guest(systemd=True, installed=True)
def test_they_are_as_locked_up_as_the_readme_says():
    rows = re.findall(r"^\| `(partyline[a-z-]*\.service)` \|.*\| ([0-9.]+) \|$", README.read_text(), re.M)
    assert {unit for unit, _ in rows} == {*appliance.SERVICES, "partyline-recorder.service"}
    for unit, told in rows:
        text = appliance.check("systemd-analyze", "security", "--no-pager", unit)
        (found,) = re.findall(r"exposure level for \S+ ([0-9.]+)", text)
        print(f"{unit}: {found}")
        # Another version of systemd weighs a little differently.
        assert abs(float(found) - float(told)) <= 0.1 and float(found) <= EXPOSURE_MAX, text


@in_guest(systemd=True, simulated=True, installed=True)
def test_they_come_back():
    appliance.start()
    appliance.ctl("mute", "channel", "2")
    graph = appliance.main_pid("partyline-pipewire.service")

    # Killed; told to stop answering (the watchdog's case); the policy; and the graph itself.
    started = time.monotonic()
    kill_and_wait("partyline.service", signal.SIGKILL)
    assert appliance.wait_ready()["muted_channels"] == [2]
    assert time.monotonic() - started < 10
    started = time.monotonic()
    kill_and_wait("partyline.service", signal.SIGSTOP)
    print(f"a daemon that does not answer is replaced after {time.monotonic() - started:.0f} s")
    assert time.monotonic() - started > 10
    assert appliance.wait_ready()["muted_channels"] == [2]
    kill_and_wait("partyline-wireplumber.service", signal.SIGKILL)
    assert appliance.main_pid("partyline-pipewire.service") == graph
    kill_and_wait("partyline-pipewire.service", signal.SIGKILL)
    appliance.wait_until("matrix", lambda: appliance.status().get("connected"))
    kill_and_wait("partyline-pipewire.service", signal.SIGSTOP)
    appliance.wait_until("matrix again", lambda: appliance.status().get("connected"))
    appliance.wait_until("policy again", lambda: appliance.show(
        "partyline-wireplumber.service", "ActiveState")["ActiveState"] == "active")


@in_guest(systemd=True, simulated=True, installed=True)
def test_a_daemon_that_cannot_start_is_tried_again_without_haste():
    # Somebody sits on the port: no fault of the configuration, so it is tried for ever.
    blocker = subprocess.Popen(["/usr/bin/python3", "-c",
                                "import socket; s = socket.create_server(('127.0.0.1', 8000)); "
                                "print('there', flush=True); s.accept()"],
                               stdout=subprocess.PIPE, text=True)
    assert blocker.stdout.readline() == "there\n"
    appliance.check("systemctl", "start", "--no-block", appliance.TARGET)

    def n_restarts():
        return int(appliance.show("partyline.service", "NRestarts")["NRestarts"])

    appliance.wait_until("third try", lambda: n_restarts() >= 3)
    first, since = n_restarts(), time.monotonic()
    time.sleep(20)  # a rate needs a time to be counted in
    # At most one a second, and with a systemd that knows how, ever fewer.
    rate = (n_restarts() - first) / (time.monotonic() - since)
    assert 0 < rate <= 1.2
    # The graph does not care.
    appliance.wait_until("graph", lambda: "partyline.matrix" in appliance.run(
        "pw-cli", "ls", "Node", env=appliance.MANAGER).stdout)
    blocker.kill()
    blocker.wait()
    appliance.wait_ready()

    # What a restart cannot mend is not tried again.
    config = pathlib.Path("/etc/partyline/partyline.json")
    config.parent.mkdir(exist_ok=True)
    config.write_text('{"tablets": "many"}')
    appliance.run("systemctl", "restart", "partyline.service")
    time.sleep(15)  # time for many restarts, were there any
    state = appliance.show("partyline.service", "ActiveState", "ExecMainStatus")
    assert state == {"ActiveState": "failed", "ExecMainStatus": "78"}
