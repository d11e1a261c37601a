# SPDX-License-Identifier: MIT
"""The daemon alone: no PipeWire, no bus, folders of its own."""

import json
import os
import pathlib
import shutil
import signal
import socket
import tempfile
import urllib.error
import urllib.request

from rig import Process, wait_until
from rig.confs import find_program

GUARD_SECONDS = 60
PROGRAM = find_program(pathlib.Path(os.environ["PARTYLINE_BUILD_DIR"]), "partyline")


class PlainDaemon:
    """Use as a context; start() brings it up, as often as wanted, on the same state."""

    def __init__(self, config=None, env=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pl-", dir="/tmp"))
        self.config_path = self.folder / "partyline.json"
        self.state = self.folder / "state"
        self.write_config(config or {})
        for name in ("run", "xdg"):
            (self.folder / name).mkdir()
        self.env = {
            **os.environ,
            "XDG_RUNTIME_DIR": str(self.folder / "xdg"),
            "PIPEWIRE_RUNTIME_DIR": str(self.folder / "xdg"),
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={self.folder}/none",
            "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.folder}/none",
            "PARTYLINE_CONFIG": str(self.config_path),
            **(env or {}),
        }
        self.process = None
        self.notify = None
        self.url = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.stop()
        if self.notify:
            self.notify.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def write_config(self, config):
        self.config_path.write_text(
            json.dumps(
                {
                    "http": {"port": 0},
                    "state_directory": str(self.state),
                    "runtime_directory": str(self.folder / "run"),
                    **config,
                }
            )
        )

    def command(self, *args):
        return [PROGRAM, *args]

    def spawn(self, *args):
        """Start without waiting."""
        path = self.folder / "notify"
        if self.notify:
            self.notify.close()
            path.unlink()
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(str(path))
        self.notify.settimeout(0.5)
        self.process = Process(
            "partyline",
            self.command(*args),
            {**self.env, "NOTIFY_SOCKET": str(path)},
            self.folder / "partyline.log",
        )
        return self.process

    def start(self, *args):
        self.spawn(*args)
        text = self.wait_notify("READY=1")
        self.url = next(
            line.partition("=")[2] for line in text.split("\n") if line.startswith("STATUS=")
        )
        return self

    def wait_notify(self, word):
        """The next message to the service manager that has this line."""
        for _ in range(GUARD_SECONDS * 2):
            try:
                text = self.notify.recv(4096).decode()
                if word in text.split("\n"):
                    return text
            except socket.timeout:
                self.process.check_alive()
        raise AssertionError(f"no {word}; the log:\n{self.process.log_text()}")

    def call(self, method, path, body=None):
        """(status, JSON)"""
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=GUARD_SECONDS) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def get(self, path):
        status, value = self.call("GET", path)
        assert status == 200, value
        return value

    def settings(self):
        """What must survive: configuration and keys of /state."""
        state = self.get("/state")
        return state["config"], state["ptt"]["channels"]

    def kill(self):
        self.process.kill(signal.SIGKILL)

    def records(self):
        """The log file's records: (level, record)."""
        out = []
        for line in (self.state / "system.log").read_text().splitlines():
            _, level, record = line.split(" | ", 2)
            out.append((level.strip(), json.loads(record)))
        return out

    def wait_record(self, event):
        """The first record of this event, once it is there."""
        return wait_until(
            lambda: next((found for found in self.records() if found[1]["event_type"] == event), None),
            f"{event} in the log", check=self.process.check_alive)  # fmt: skip
