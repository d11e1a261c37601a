# SPDX-License-Identifier: MIT
"""A private bus with the real daemon on it, without PipeWire: what the tests of this folder share."""

import json
import queue
import subprocess
import threading
import urllib.request

import dbus
import dbus.bus

from rig import Session
from rig.confs import find_program
from rig.process import GUARD_SECONDS

NAME = "org.partyline.Partyline1"
ROOT = "/org/partyline/Partyline1"
MANAGER, MATRIX, CHANNEL, TABLET = (
    f"{NAME}.{word}" for word in ("Manager", "Matrix", "Channel", "Tablet")
)
ERROR = f"{NAME}.Error."

# What moves by itself and is no setting.
RESTLESS = {"EngineTrouble", "PublishedName", "DiscoverTrouble", "RateHz", "QuantumFrames", "Cycles", "BadSamples", "BadControlEvents", "Talking",
            "TalkingTablets", "VuDb", "PeakDb", "OutsideVuDb", "OutsidePeakDb", "TalkVuDb",
            "TalkPeakDb", "ListenVuDb", "ListenPeakDb"}


class CallError(Exception):
    """A D-Bus error: `name` and the message."""

    def __init__(self, name, message):
        super().__init__(f"{name}: {message}")
        self.name = name
        self.message = message


class Lines:
    """The lines that a program writes, read as they come."""

    def __init__(self, session, argv, env=None):
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *map(str, argv)],
            env={**session.env, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.lines = queue.Queue()
        self.seen = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def until(self, matches):
        """Wait for a line that fits; it and everything before it is in `seen`."""
        while True:
            line = self.lines.get(timeout=GUARD_SECONDS)
            if line is None:
                raise AssertionError(f"ended before that; it wrote: {self.seen}")
            self.seen.append(line)
            if matches(line):
                return line

    def close(self):
        self.process.terminate()
        return self.process.wait(GUARD_SECONDS)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.close()
        self.process.stdout.close()


class PrivateBus(Session):
    """Session with the daemon but without PipeWire: fast, and all that the face needs."""

    def __init__(self, **kwargs):
        kwargs.setdefault("tablets", 4)
        kwargs.setdefault("channels", 3)
        super().__init__(module=None, profile=None, daemon=True, **kwargs)
        self._bus = None

    def start_pipewire(self):
        return None

    # --- programs --------------------------------------------------------

    def program(self, name):
        path = find_program(self.build, name)
        assert path, f"{name} is not built"
        return path

    def ctl(self, *words, **kwargs):
        """Run partylinectl: subprocess.CompletedProcess."""
        return self.run([self.program("partylinectl"), *words], **kwargs)

    def ctl_json(self, *words):
        done = self.ctl("--json", *words)
        assert done.returncode == 0, (words, done)
        return json.loads(done.stdout)

    def busctl(self, *words, **kwargs):
        return self.run(["busctl", "--user", *words], **kwargs)

    def lines(self, *argv, **kwargs):
        return Lines(self, argv, **kwargs)

    def monitor(self):
        """partylinectl monitor --json that watches already; take events with next_event()."""
        lines = self.lines(self.program("partylinectl"), "monitor", "--json")
        lines.until(lambda line: json.loads(line)["event"] == "watching")
        return lines

    # --- calls -----------------------------------------------------------

    @property
    def bus(self):
        """A connection of the test's own."""
        if self._bus is None:
            self._bus = dbus.bus.BusConnection(self.env["DBUS_SESSION_BUS_ADDRESS"])
        return self._bus

    def call(self, path, interface, member, signature="", *values):
        """Call a method. CallError with the D-Bus error's name."""
        try:
            return self.bus.call_blocking(
                NAME, path, interface, member, signature, values, timeout=GUARD_SECONDS
            )
        except dbus.DBusException as error:
            raise CallError(error.get_dbus_name(), error.get_dbus_message()) from None

    def get(self, path, interface, name):
        return self.call(path, dbus.PROPERTIES_IFACE, "Get", "ss", interface, name)

    def set(self, path, interface, name, value):
        self.call(path, dbus.PROPERTIES_IFACE, "Set", "ssv", interface, name, value)

    def settings(self):
        """Everything that a caller can change, to compare before and after."""
        objects = self.call(ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
        found = {str(path): interfaces.get(TABLET) or interfaces.get(CHANNEL)
                 for path, interfaces in objects.items()}
        found[MANAGER] = self.call(ROOT, dbus.PROPERTIES_IFACE, "GetAll", "s", MANAGER)
        found[MATRIX] = self.call(ROOT, dbus.PROPERTIES_IFACE, "GetAll", "s", MATRIX)
        kept = {path: {str(name): plain(value) for name, value in properties.items()
                       if name not in RESTLESS}
                for path, properties in found.items() if properties}
        kept["uplink"] = plain(self.call(ROOT, MATRIX, "GetUplink"))
        kept["downlink"] = plain(self.call(ROOT, MATRIX, "GetDownlink"))
        return kept

    def http(self, path, body=None):
        """GET, or POST a body; the answer's JSON."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.http_port}{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=GUARD_SECONDS) as answer:
            return json.load(answer)

    def stop(self):
        if self._bus is not None:
            self._bus.close()
            self._bus = None
        daemon = self.processes.get("partyline")
        was_alive = daemon is not None and daemon.alive
        code = daemon.stop() if was_alive else 0
        log = daemon.log_text()[-4000:] if was_alive else ""
        super().stop()
        # Asked to end it ends well: a sanitizer's findings come to light here too.
        assert code == 0, log


def plain(value):
    """python3-dbus types to Python's own, for comparing and printing."""
    if isinstance(value, dbus.Dictionary):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (dbus.Array, dbus.Struct, tuple, list)):
        return [plain(item) for item in value]
    if isinstance(value, dbus.Boolean):
        return bool(value)
    if isinstance(value, float):
        return float(value)
    if isinstance(value, int):
        return int(value)
    return str(value)


def tablet(number):
    return f"{ROOT}/tablet/{number}"


def channel(number):
    return f"{ROOT}/channel/{number}"
