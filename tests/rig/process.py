# SPDX-License-Identifier: MIT
"""One process of a session: log file, readiness, clean end."""

import os
import signal
import subprocess
import time

GUARD_SECONDS = 60.0
STOP_SECONDS = 15.0


class RigError(Exception):
    """Something of the session did not come up, or ended when it should not have."""


def wait_until(condition, what, seconds=GUARD_SECONDS, interval=0.02, check=None):
    """Poll until CONDITION() gives something true; that. For what tells of itself by no event.

    A guard against hanging, not a limit of speed: a machine that stood still gets one more look.
    WHAT is the complaint's, or makes it when it is called; CHECK() raises when waiting has become
    senseless.
    """
    end = time.monotonic() + seconds
    while True:
        is_last = time.monotonic() >= end
        found = condition()
        if found:
            return found
        assert not is_last, f"waited {seconds} s in vain for {what() if callable(what) else what}"
        if check:
            check()
        time.sleep(interval)


class Process:
    """A child with its log; stdout and stderr go to LOG unless given otherwise."""

    def __init__(self, name, argv, env, log, **popen):
        self.name = name
        self.argv = [str(word) for word in argv]
        self.log = log
        with open(log, "ab") as sink:
            popen.setdefault("stdout", sink)
            popen.setdefault("stderr", sink)
            popen.setdefault("stdin", subprocess.DEVNULL)
            # Without this a killed test run would leave its servers behind.
            self.popen = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", *self.argv], env=env, **popen
            )

    @property
    def pid(self):
        return self.popen.pid

    @property
    def alive(self):
        return self.popen.poll() is None

    def log_text(self):
        try:
            with open(self.log, encoding="utf-8", errors="replace") as source:
                return source.read()
        except FileNotFoundError:
            return ""

    def check_alive(self):
        if not self.alive:
            raise RigError(
                f"{self.name} ended with {self.popen.returncode}; its log:\n{self.log_text()[-4000:]}"
            )

    def wait(self, seconds=GUARD_SECONDS):
        """Wait for its own end; the exit code."""
        try:
            return self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            raise RigError(f"{self.name} did not end within {seconds} s") from None

    def kill(self, number=signal.SIGKILL):
        """Send a signal and wait for the end that it must bring."""
        if self.alive:
            os.kill(self.pid, number)
        return self.wait()

    def stop(self):
        """SIGTERM, then SIGKILL when that is not heard; the exit code."""
        if self.alive:
            self.popen.terminate()
            try:
                self.popen.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        return self.popen.returncode
