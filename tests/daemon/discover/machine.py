# SPDX-License-Identifier: MIT
"""Machines for the tests of discovery: network namespaces with a bus and an avahi-daemon each."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import dbus
import dbus.bus
from plain_daemon import PROGRAM, PlainDaemon
from rig import Process, wait_until
from rig.confs import find_program
from rig.process import GUARD_SECONDS
from rig.watch import wait_for_path

AVAHI = shutil.which("avahi-daemon", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
CTL = find_program(pathlib.Path(os.environ["PARTYLINE_BUILD_DIR"]), "partylinectl")
SERVER = "org.freedesktop.Avahi.Server"
UNSPEC = -1
USER = [] if os.geteuid() == 0 else ["--map-root-user"]

BUS_CONF = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path={path}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
    <allow user="*"/>
  </policy>
</busconfig>
"""


class Machine:
    """A host name, a network, a bus; avahi-daemon when the test wants one."""

    def __init__(self, host):
        self.host = host
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pl-", dir="/tmp"))
        self.processes = []
        self.avahi = None
        self._bus = None
        self.env = {
            **os.environ,
            "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.folder}/bus",
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={self.folder}/bus",
        }
        # avahi-daemon has one place for its process id: everyone needs a /run of his own.
        ready = self.folder / "ready"
        self.holder = self._start(
            "holder",
            ["unshare", *USER, "--net", "--mount", "sh", "-c",
             f"mount -t tmpfs tmpfs /run && mkdir /run/avahi-daemon && ip link set lo up && "
             f": >{ready} && exec sleep infinity"])
        wait_for_path(ready, self.holder)
        self.enter = ["nsenter", f"--target={self.holder.pid}", "--net", "--mount"]
        if USER:
            self.enter += ["--user", "--preserve-credentials"]
        (self.folder / "bus.conf").write_text(BUS_CONF.format(path=self.folder / "bus"))
        self.start_bus()

    def _start(self, name, argv):
        process = Process(name, argv, self.env, self.folder / f"{name}.log")
        self.processes.append(process)
        return process

    def start_bus(self):
        self.bus_process = self._start("bus", ["dbus-daemon", f"--config-file={self.folder}/bus.conf",
                                               "--nofork", "--nopidfile", "--nosyslog"])
        wait_for_path(self.folder / "bus", self.bus_process)

    def start_avahi(self):
        conf = self.folder / "avahi.conf"
        conf.write_text(f"[server]\nhost-name={self.host}\n[publish]\npublish-workstation=no\n")
        self.avahi = self._start("avahi", [*self.enter, AVAHI, "--no-drop-root", "--no-chroot", "--no-rlimits",
                                           "--no-proc-title", "-f", conf])
        return self.avahi

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._bus is not None:
            self._bus.close()
        for process in reversed(self.processes):
            process.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- what runs on it ----------------------------------------------------

    def run(self, *argv, check=True, **kwargs):
        done = subprocess.run([*self.enter, *map(str, argv)], env=self.env, capture_output=True,
                              text=True, timeout=GUARD_SECONDS, check=False, **kwargs)
        assert not check or done.returncode == 0, done
        return done

    def ctl(self, *words, **kwargs):
        return self.run(CTL, *words, **kwargs)

    def discover(self, *words):
        """{name: peer}"""
        peers = json.loads(self.ctl("discover", "--json", *words).stdout)
        assert [peer["name"] for peer in peers] == sorted(peer["name"] for peer in peers)
        return {peer["name"]: peer for peer in peers}

    @property
    def bus(self):
        if self._bus is None:
            self._bus = dbus.bus.BusConnection(self.env["DBUS_SYSTEM_BUS_ADDRESS"])
        return self._bus

    def resolve(self, service_type, name):
        """What the network knows of a service: host, address, port and {key: value} of TXT; None: nothing."""
        try:
            answer = self.bus.call_blocking(
                "org.freedesktop.Avahi", "/", SERVER, "ResolveService", "iisssiu",
                (UNSPEC, UNSPEC, name, service_type, "local", UNSPEC, 0), timeout=GUARD_SECONDS)
        except dbus.DBusException:
            return None
        txt = [bytes(entry).decode() for entry in answer[9]]
        return {"host": str(answer[5]), "address": str(answer[7]), "port": int(answer[8]),
                "keys": [entry.partition("=")[0] for entry in txt],
                "txt": dict(entry.split("=", 1) for entry in txt)}


def join(one, two):
    """A cable between two machines: 10.99.0.1 and 10.99.0.2."""
    one.run("ip", "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns",
            str(two.holder.pid))
    for number, machine in enumerate((one, two), 1):
        machine.address = f"10.99.0.{number}"
        machine.run("ip", "address", "add", f"{machine.address}/24", "dev", "cable")
        machine.run("ip", "link", "set", "cable", "up")


class Daemon(PlainDaemon):
    """The daemon on a machine; it listens on every interface unless told otherwise."""

    def __init__(self, machine, http=None, **discover):
        self.machine = machine
        self.http = {"port": 0, "address": "0.0.0.0", "insecure_lan": True} if http is None else http
        super().__init__({"http": self.http, "discover": discover})
        self.env["DBUS_SYSTEM_BUS_ADDRESS"] = machine.env["DBUS_SYSTEM_BUS_ADDRESS"]
        self.env["DBUS_SESSION_BUS_ADDRESS"] = machine.env["DBUS_SESSION_BUS_ADDRESS"]

    def command(self, *args):
        return [*self.machine.enter, PROGRAM, *args]

    @property
    def port(self):
        return int(self.url.rpartition(":")[2])

    def reload(self, **discover):
        """New words for "discover", by SIGHUP; returns when they are taken."""
        self.write_config({"http": self.http, "discover": discover})
        n = len(self.events("config.reload"))
        self.process.popen.send_signal(1)
        self.wait_events("config.reload", n + 1)

    def events(self, event):
        return [record for _, record in self.records() if record["event_type"] == event]

    def wait_events(self, event, n):
        """The n-th record of this event, once it is there."""
        def found():
            self.process.check_alive()
            records = self.events(event)
            return records[n - 1] if len(records) >= n else None
        return wait_until(found, f"{event} number {n}")

    def published(self, n=1):
        """The name of the n-th publication."""
        return self.wait_events("discover.published", n)["data"]["name"]

    def manager(self, name):
        return str(self.machine.bus.call_blocking(
            "org.partyline.Partyline1", "/org/partyline/Partyline1", dbus.PROPERTIES_IFACE, "Get",
            "ss", ("org.partyline.Partyline1.Manager", name), timeout=GUARD_SECONDS))
