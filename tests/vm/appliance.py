# SPDX-License-Identifier: MIT
"""The installed appliance, from inside of the guest: units, users, waiting. As root, under systemd."""

import json
import os
import pathlib
import subprocess
import time

GUARD_SECONDS = 120.0
SERVICES = {
    "partyline-pipewire.service": "partyline-pipewire",
    "partyline-wireplumber.service": "partyline-wireplumber",
    "partyline.service": "partyline",
}
TARGET = "partyline.target"
MANAGER = {"PIPEWIRE_REMOTE": "pipewire-0-manager"}

# One clock and one format for all loopback cards: then every sample can be told (cards.py).
CARD_RULES = """\
node.rules = [
    {   matches = [ { api.alsa.card.id = "~.*" } ]
        actions = { update-props = {
            audio.format = S32LE
            audio.channels = 2
            clock.name = clock.system.monotonic
        } }
    }
]
"""


def write_card_rules(root="/"):
    folder = pathlib.Path(root, "etc/pipewire/partyline-pipewire.conf.d")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cards.conf").write_text(CARD_RULES, encoding="utf-8")


def run(*argv, env=None, timeout=GUARD_SECONDS, **options):
    """subprocess.run with text; nothing is checked."""
    return subprocess.run([str(word) for word in argv], capture_output=True, text=True, check=False,
                          timeout=timeout, env={**os.environ, **(env or {})}, **options)


def check(*argv, **options):
    """run(), its standard output; AssertionError unless it ends with 0."""
    done = run(*argv, **options)
    assert done.returncode == 0, (argv, done.returncode, done.stdout, done.stderr)
    return done.stdout


def as_user(user, *argv, **options):
    return run("runuser", "-u", user, "--", *argv, cwd="/", **options)


def ctl(*words):
    return check("partylinectl", "--system", *words)


def show(unit, *properties):
    """Properties of a unit, {name: text}; None: of systemd itself."""
    text = check("systemctl", "show", *([unit] if unit else []), *(f"--property={name}" for name in properties))
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def wait_until(what, condition, seconds=GUARD_SECONDS, interval=0.1):
    """Until condition() is true; its value. Looks again every INTERVAL seconds of the guest's time."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"no {what} in {seconds} s\n{journal()}")
        time.sleep(interval)


def journal():
    return run("journalctl", "--no-pager", "-b", "-n", "60", "-u", "partyline*").stdout


def status():
    """What `partylinectl status --json` says, {} while there is nobody to say it."""
    done = run("partylinectl", "--system", "--json", "status")
    return json.loads(done.stdout) if done.stdout.startswith("{") else {}


def wait_ready():
    """Until the daemon runs and the matrix has its settings."""
    return wait_until("working intercom", lambda: status().get("connected") and status())


def start():
    check("systemctl", "start", TARGET)
    return wait_ready()


def main_pid(unit):
    return int(show(unit, "MainPID")["MainPID"])


def threads(pid):
    """{name: (scheduling policy, real-time priority)} of a process; numbers of sched_setscheduler(2)."""
    found = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        # After the name, which may hold anything; proc(5) counts policy 41, rt_priority 40.
        fields = (task / "stat").read_text().rsplit(")", 1)[1].split()
        found[(task / "comm").read_text().strip()] = (int(fields[38]), int(fields[37]))
    return found
