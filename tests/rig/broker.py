# SPDX-License-Identifier: MIT
"""A mosquitto of the test's own, and someone who listens to it."""

import json
import os
import queue
import shutil
import socket
import subprocess
import threading

from .process import Process
from .session import free_port

GUARD_SECONDS = 60


class Broker:
    """start() and stop() as often as wanted, on the same port and with the same memory."""

    def __init__(self, folder, settings=()):
        self.folder = folder / "broker"
        self.folder.mkdir()
        self.port = free_port()
        self.process = None
        (self.folder / "mosquitto.conf").write_text(
            "\n".join(
                [
                    f"listener {self.port} 127.0.0.1",
                    "persistence true",
                    f"persistence_location {self.folder}/",
                    f"log_dest file {self.folder}/log",
                    *(settings or ["allow_anonymous true"]),
                ]
            )
            + "\n"
        )

    def start(self):
        """Comes back when it listens."""
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notify.bind(str(self.folder / "notify"))
        notify.settimeout(GUARD_SECONDS)
        # as root mosquitto gives its rights away, and could not write here any more
        user = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]
        if os.geteuid() == 0:
            for name in (self.folder, *self.folder.iterdir()):
                shutil.chown(name, "nobody", "nogroup")
        argv = ["mosquitto", "-c", self.folder / "mosquitto.conf"]
        self.process = Process(
            "mosquitto",
            [*(user if os.geteuid() == 0 else []), shutil.which("mosquitto", path=PATH) or argv[0], *argv[1:]],
            {**os.environ, "NOTIFY_SOCKET": str(self.folder / "notify")},
            self.folder / "out",
        )
        while b"READY=1" not in notify.recv(4096):
            pass
        notify.close()
        (self.folder / "notify").unlink()

    def stop(self):
        if self.process:
            self.process.stop()
        self.process = None

    def kill(self):
        self.process.kill()
        self.process = None


PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


class Ear:
    """Everything that a broker says from now on, and what it retained: next() waits for it."""

    def __init__(self, broker, topic="#", options=()):
        self.messages = queue.Queue()
        self.popen = subprocess.Popen(
            [
                "setpriv", "--pdeathsig", "TERM",
                # each line at once, also when nobody says anything after it
                "stdbuf", "-oL",
                "mosquitto_sub", "-h", "127.0.0.1", "-p", str(broker.port), "-q", "1", "-F", "%j", "-d",
                "-c", "-i", f"ear-{os.getpid()}-{id(self)}", "-t", topic, *options,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        for line in self.popen.stdout:
            if line.startswith("Subscribed"):
                break
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        for line in self.popen.stdout:
            if not line.startswith("{"):
                continue
            message = json.loads(line)
            self.messages.put((message["topic"], message.get("payload", ""), message.get("retain")))

    def next(self, topic=None):
        """(topic, payload) of the next message, or of the next on this topic."""
        while True:
            heard, payload, _ = self.messages.get(timeout=GUARD_SECONDS)
            if topic is None or heard == topic:
                return heard, payload

    def close(self):
        self.popen.kill()
        self.popen.wait()
        self.thread.join()
        self.popen.stdout.close()
