# SPDX-License-Identifier: MIT
"""`partylinectl status` tells in plain words what is wrong with an appliance, and what to do."""

import json
import pathlib
import subprocess

import appliance
from vm import in_guest

CONFIG = pathlib.Path("/etc/partyline/partyline.json")
WELL, UNWELL, WARNED, NOT_RUNNING = 0, 5, 6, 3


def ask():
    """(exit code, what it says, the same as JSON)"""
    done = appliance.run("partylinectl", "status", "--system")
    document = appliance.run("partylinectl", "status", "--system", "--json")
    return done.returncode, done.stdout + done.stderr, json.loads(document.stdout)


def expect(code, *words):
    """Until status ends with CODE and says WORDS; a change takes a moment to be seen."""
    seen = []

    def is_said():
        seen[:] = ask()
        return seen[0] == code and all(word in seen[1] for word in words)

    try:
        appliance.wait_until(f"status {code} with {words}", is_said, seconds=30)
    except AssertionError as error:
        raise AssertionError(f"{error}\nlast: {seen}") from None
    print(f"--- exit code {seen[0]}\n{seen[1]}")
    lists = seen[2]["problems"] + seen[2]["warnings"]
    assert all(any(word in line for line in lists) for word in words)
    return seen[2]


def drop_in(unit, text):
    """Add TEXT to a unit, or take it off again (None), and restart it."""
    path = pathlib.Path(f"/etc/systemd/system/{unit}.d/test.conf")
    path.parent.mkdir(exist_ok=True)
    if text is None:
        path.unlink()
    else:
        path.write_text(text, encoding="utf-8")
    appliance.check("systemctl", "daemon-reload")
    appliance.check("systemctl", "restart", unit)


@in_guest(systemd=True, simulated=True, installed=True)
def test_status_says_what_is_wrong():
    expect(NOT_RUNNING, "partyline.target is not started", "systemctl enable --now partyline.target")
    appliance.start()
    assert expect(WELL)["ok"] is True

    # Units.
    appliance.check("systemctl", "stop", "partyline-wireplumber.service")
    expect(UNWELL, "partyline-wireplumber.service does not run", "systemctl start partyline-wireplumber")
    appliance.check("systemctl", "start", "partyline-wireplumber.service")
    appliance.check("systemctl", "mask", "--runtime", "--now", "partyline-pipewire.service")
    expect(UNWELL, "partyline-pipewire.service is masked, so there is no sound at all")
    appliance.check("systemctl", "unmask", "--runtime", "partyline-pipewire.service")
    appliance.check("systemctl", "restart", "partyline.target", "partyline-pipewire.service")
    expect(WELL)

    # Rights: real-time priority, the manager's socket.
    drop_in("partyline-pipewire.service", "[Service]\nLimitRTPRIO=0\n")
    assert expect(WARNED, "no real-time priority")["ok"] is False
    drop_in("partyline-pipewire.service", None)
    drop_in("partyline.service", "[Service]\nSupplementaryGroups=\n")
    expect(UNWELL, "manager socket does not let the daemon in")
    drop_in("partyline.service", "[Service]\nSupplementaryGroups=\nSupplementaryGroups=audio\n")
    expect(UNWELL, "PipeWire lets the daemon look and not set")
    drop_in("partyline.service", None)
    expect(WELL)

    # A card that is not there, and one that is.
    appliance.ctl("bind", "channel", "1", "capture", "card:Nowhere")
    expect(UNWELL, "card:Nowhere")
    appliance.ctl("unbind", "channel", "1", "capture")
    expect(WELL)

    # The disk.
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32k", "full", "/var/lib/partyline"], check=True)
    expect(UNWELL, "the disk of /var/lib/partyline is full")
    subprocess.run(["umount", "/var/lib/partyline"], check=True)

    # The configuration: noticed before it hurts, and when it did.
    CONFIG.parent.mkdir(exist_ok=True)
    CONFIG.write_text('{"headroom_db": 9}', encoding="utf-8")
    appliance.check("systemctl", "restart", "partyline.service")
    expect(WELL)
    CONFIG.write_text('{"headroom_db": "loud"}', encoding="utf-8")
    expect(UNWELL, "the configuration file has a mistake", "headroom_db")
    appliance.run("systemctl", "restart", "partyline.service")
    expect(NOT_RUNNING, "partyline.service does not start because of its configuration",
           "partyline --check-config")
    CONFIG.write_text('{"tablets": 8}', encoding="utf-8")
    appliance.check("systemctl", "restart", "partyline.service")
    expect(UNWELL, "the matrix has 16 tablets and 4 channels, the configuration 8 and 4")
    CONFIG.unlink()
    appliance.check("systemctl", "restart", "partyline.service")
    expect(WELL)
