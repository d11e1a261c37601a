# SPDX-License-Identifier: MIT
"""The program echo-driver, and what it says."""

import json
import os
import pathlib
import queue
import subprocess
import threading
import time

BUILD = pathlib.Path(os.environ["PARTYLINE_BUILD_DIR"])
GUARD_SECONDS = float(os.environ.get("GUARD", "60"))  # against hanging only


class Driver:
    """Streams at one server; as a context manager."""

    def __init__(self, url, *channels, key=None, env=None):
        self.argv = [BUILD / "tests/daemon/stream/echo-driver", url, key.hex() if key else "-", *channels]
        self.env = os.environ | (env or {})
        self.audio = {n: [] for n in range(len(channels))}
        self._changed = threading.Condition()
        self._answers = queue.Queue()

    def __enter__(self):
        self.popen = subprocess.Popen(
            self.argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1, env=self.env
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        return self

    def __exit__(self, kind, *_):
        self.popen.stdin.close()
        status = self.popen.wait(GUARD_SECONDS)
        self._reader.join()
        self.popen.stdout.close()
        assert kind or status == 0

    def _read(self):
        for line in self.popen.stdout:
            verb, *rest = line.split(maxsplit=2)
            if verb == "audio":
                with self._changed:
                    self.audio[int(rest[0])].append(bytes.fromhex(rest[1]))
                    self._changed.notify_all()
            elif verb == "changed":
                with self._changed:
                    self._changed.notify_all()
            else:
                self._answers.put(rest[1])

    def say(self, *words):
        print(*words, file=self.popen.stdin)

    def transmit(self, n, on):
        self.say("transmit", n, int(on))

    def send(self, n, payload):
        """0 or a negative errno"""
        self.say("send", n, payload.hex())
        return int(self._answers.get(timeout=GUARD_SECONDS))

    def status(self, n=0):
        self.say("status", n)
        return json.loads(self._answers.get(timeout=GUARD_SECONDS))

    def wait_status(self, predicate, n=0):
        """Until the status is so; looks again when anything has changed."""
        end = time.monotonic() + GUARD_SECONDS
        while True:
            status = self.status(n)
            if predicate(status):
                return status
            if time.monotonic() > end:
                raise TimeoutError(f"it stays so: {status}")
            with self._changed:
                self._changed.wait(0.05)

    def wait_ready(self):
        for n in self.audio:
            self.wait_status(lambda s: s["connected"] and s["has_key"], n)

    def wait_audio(self, n, count):
        end = time.monotonic() + GUARD_SECONDS
        with self._changed:
            while len(self.audio[n]) < count:
                if not self._changed.wait(max(0.0, end - time.monotonic())):
                    raise TimeoutError(f"{len(self.audio[n])} packets, not {count}")
            return list(self.audio[n])
