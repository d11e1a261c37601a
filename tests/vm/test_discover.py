# SPDX-License-Identifier: MIT
"""An appliance in its units' sandbox is found by another machine, whatever restarts."""

import json
import pathlib
import subprocess

from machine import Machine, wait_until
from vm import in_guest


def run(*argv):
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def manager(name):
    done = subprocess.run(["busctl", "--system", "--json=short", "get-property", "org.partyline.Partyline1",
                           "/org/partyline/Partyline1", "org.partyline.Partyline1.Manager", name],
                          capture_output=True, text=True, check=False)
    return json.loads(done.stdout)["data"] if done.returncode == 0 else None


def main_pid(unit):
    return int(run("systemctl", "show", "-P", "MainPID", unit))


@in_guest(systemd=True, installed=True, simulated=True)
def test_an_appliance_is_found():
    pathlib.Path("/etc/partyline").mkdir(exist_ok=True)
    pathlib.Path("/etc/partyline/partyline.json").write_text(json.dumps({
        "http": {"address": "0.0.0.0", "insecure_lan": True}, "discover": {"name": "appliance"}}))
    with Machine("other") as other:
        # A cable between the guest itself and a network namespace in it.
        run("ip", "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", str(other.holder.pid))
        run("ip", "address", "add", "10.99.0.1/24", "dev", "cable")
        run("ip", "link", "set", "cable", "up")
        other.run("ip", "address", "add", "10.99.0.2/24", "dev", "cable")
        other.run("ip", "link", "set", "cable", "up")
        other.start_avahi()

        # Not even the bus may start avahi-daemon: the intercom does without it.
        avahi = ("avahi-daemon.service", "avahi-daemon.socket")
        run("systemctl", "mask", "--runtime", "--now", *avahi)
        run("systemctl", "start", "partyline.service")
        trouble = wait_until(lambda: manager("DiscoverTrouble"), "trouble without avahi-daemon")
        assert "avahi-daemon is not on the system bus" in trouble
        run("systemctl", "unmask", "--runtime", *avahi)

        def is_found():
            peer = other.discover().get("appliance")
            return peer and manager("PublishedName") == "appliance" and peer

        def is_lost():
            return "appliance" not in other.discover()

        for restart in ("start", "restart", "kill -9", "kill -9 of partyline"):
            if restart == "kill -9":
                run("systemctl", "kill", "--signal=KILL", "avahi-daemon")
            elif restart == "kill -9 of partyline":
                pid = main_pid("partyline")
                run("systemctl", "kill", "--signal=KILL", "partyline")
                wait_until(lambda: main_pid("partyline") not in (0, pid), "another partyline")
            if restart in ("start", "restart", "kill -9"):
                run("systemctl", "restart" if restart == "restart" else "start", "avahi-daemon")
            peer = wait_until(is_found, f"the appliance after {restart}")
            assert (peer["address"], peer["port"], peer["is_local"]) == ("10.99.0.1", 8000, False)
            other.run("curl", "-sf", f"{peer['url']}health")

        run("systemctl", "stop", "partyline")
        wait_until(is_lost, "its leave")
