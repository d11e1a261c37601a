# SPDX-License-Identifier: MIT
"""One guest: boot it, read its console, wait for its end or cut its power."""

import contextlib
import os
import pathlib
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from .layers import HERE, guest_packages, kernel

GUARD_SECONDS = 900.0  # on the machine's clock, against hanging only: a loaded machine is slow
POWER_OFF_SECONDS = 5.0  # for the guest's own end, once it has left its status
TAIL_LINES = 200
# What the kernel says of the disk that a guest without one does not have.
NO_DISK = "Failed to initialize ubd device 0"


class GuestError(Exception):
    """The guest did not do what was asked; the text ends with its console."""


def make_disk(path, megabytes=64):
    """An empty ext4 image for Guest(disk=…): what is not fsynced there is lost by kill()."""
    with open(path, "wb") as image:
        image.truncate(megabytes << 20)
    subprocess.run(["/sbin/mkfs.ext4", "-q", "-F", str(path)], check=True)
    return pathlib.Path(path)


class Guest:
    """A virtual machine. Boot it with run() or start(), one after the other as often as wanted.

    systemd    systemd is PID 1, and the program a unit of it; else the program alone, under sh
    simulated  the clock runs as fast as the guest's work allows, and stands while it works
    memory     for example "1G"; half of it at least is the guest's own: files it writes live in it
    share      folder shared with the guest as /share, read-write; None: a new one, self.share,
               removed by close()
    root       the guest's root, seen copy-on-write; "/" is this machine as it is
    layers     folders that lie over the root, first on top, for example build_layer()
    disk       image of make_disk(): /disk in the guest, and it persists
    packages   False: not even those of the list guest-packages (for a root of its own)
    target     systemd unit to boot into
    env        variables of the program, {name: text}
    kernel_args  more words for the kernel's command line
    guard_seconds  when a boot is taken to hang
    echo       copy the console to standard output as it comes
    """

    def __init__(
        self,
        *,
        systemd=False,
        simulated=False,
        memory="1G",
        share=None,
        root="/",
        layers=(),
        disk=None,
        packages=None,
        target=None,
        env=None,
        kernel_args=(),
        guard_seconds=GUARD_SECONDS,
        echo=False,
    ):
        self.systemd = systemd
        self.simulated = simulated
        self.memory = memory
        self.root = pathlib.Path(root).resolve()
        self.layers = [pathlib.Path(layer).resolve() for layer in layers]
        self.disk = pathlib.Path(disk).resolve() if disk else None
        self.target = target
        self.env = dict(env or {})
        self.kernel_args = list(kernel_args)
        self.guard_seconds = guard_seconds
        self.echo = echo
        # Short: Unix sockets are made in it.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pl-vm-", dir="/tmp"))
        self.share = pathlib.Path(share).resolve() if share else self.folder / "share"
        self.share.mkdir(parents=True, exist_ok=True)
        if packages is None:
            packages = systemd and self.root == pathlib.Path("/")
        extra = guest_packages() if packages else None
        if extra:
            self.layers.append(extra)
        self._popen = None
        self._reader = None
        self._console = []
        self._news = threading.Condition()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Cut the power if it is on, and remove the folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- boot and end ----------------------------------------------------

    def run(self, argv, check=True):
        """Boot, run ARGV as root, power off; its status. GuestError unless that is 0, if CHECK."""
        self.start(argv)
        status = self.wait()
        if check and status != 0:
            raise GuestError(f"{shlex.join(map(str, argv))} ended with {status} in the guest\n" + self.tail())
        return status

    def start(self, argv):
        """Boot and let it run ARGV."""
        assert not self._popen, "the guest is running"
        for name in ("status", "status.new"):
            (self.share / name).unlink(missing_ok=True)
        lines = [f"export {name}={shlex.quote(str(value))}\n" for name, value in self._environment()]
        lines.append(f"cd /share && exec {shlex.join(map(str, argv))}\n")
        (self.share / "start").write_text("".join(lines))
        self._console = []
        umid = tempfile.mkdtemp(prefix="um-", dir=self.folder)
        env = {**os.environ, "TMPDIR": self._memory_folder()}
        self._popen = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", *map(str, self._command(umid))],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, args=(self._popen.stdout,), daemon=True)
        self._reader.start()

    def wait(self):
        """Wait for the end; the program's status."""
        end = time.monotonic() + self.guard_seconds
        status = self.share / "status"
        left = None
        while self._popen.poll() is None:
            now = time.monotonic()
            # A power-off hangs now and then; the status is the last thing that a guest writes.
            if left is None and status.exists():
                left = now + POWER_OFF_SECONDS
            if left is not None and now > left:
                break
            if now > end:
                self.kill()
                raise GuestError(f"the guest did not end within {self.guard_seconds} s\n" + self.tail())
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._popen.wait(0.05)
        self.kill()
        if not status.exists():
            raise GuestError("the guest ended without a status\n" + self.tail())
        return int(status.read_text())

    @property
    def has_ended(self):
        """Whether the program has left its status: nothing more will come of it."""
        return (self.share / "status").exists()

    def kill(self):
        """Cut the power: nothing in the guest hears of it. Safe at any time."""
        if not self._popen:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait()
        self._reader.join()
        self._popen.stdout.close()
        self._popen = None

    # --- the console -----------------------------------------------------

    @property
    def console(self):
        """What the guest has printed so far, as lines."""
        with self._news:
            return list(self._console)

    def tail(self):
        return "\n".join(["--- console of the guest", *self.console[-TAIL_LINES:]])

    def wait_for_line(self, text, seconds=GUARD_SECONDS):
        """Wait until a line of the console contains TEXT; that line."""
        end = time.monotonic() + seconds
        seen = 0
        ended = False
        with self._news:
            while True:
                for line in self._console[seen:]:
                    if text in line:
                        return line
                seen = len(self._console)
                left = end - time.monotonic()
                if left <= 0 or ended or (self._reader and not self._reader.is_alive()):
                    break
                ended = self.has_ended  # its last words may still be on their way
                self._news.wait(min(left, 1.0))
        raise GuestError(f"the guest did not print {text!r}\n" + self.tail())

    def wait_for_count(self, text, count, seconds=GUARD_SECONDS):
        """Wait until COUNT lines of the console contain TEXT."""
        end = time.monotonic() + seconds
        ended = False
        with self._news:
            while sum(text in line for line in self._console) < count:
                left = end - time.monotonic()
                if left <= 0 or ended or not self._reader.is_alive():
                    raise GuestError(f"the guest did not print {text!r} {count} times\n" + self.tail())
                ended = self.has_ended
                self._news.wait(min(left, 1.0))

    def _read(self, source):
        for raw in source:
            line = raw.decode(errors="replace").rstrip("\r\n")
            if line.startswith(NO_DISK):
                continue
            if self.echo:
                sys.stdout.write(line + "\n")
                sys.stdout.flush()
            with self._news:
                self._console.append(line)
                self._news.notify_all()
        with self._news:
            self._news.notify_all()

    # --- the command -----------------------------------------------------

    def _environment(self):
        fixed = {"PARTYLINE_IN_GUEST": "1", "TERM": "dumb", "SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": "cat"}
        return {**fixed, **self.env}.items()

    def _memory_folder(self):
        """Where the guest's memory is kept: shared memory, if there is enough of it."""
        size = int(self.memory[:-1]) << {"M": 20, "G": 30}[self.memory[-1]]
        with contextlib.suppress(OSError):
            if shutil.disk_usage("/dev/shm").free > size and os.access("/dev/shm", os.W_OK):
                return "/dev/shm"
        return str(self.folder)

    def _command(self, umid):
        words = [kernel(), f"mem={self.memory}", "root=/dev/root", "rootfstype=hostfs"]
        words += ["rootflags=/", "ro", f"init={HERE / 'guest-init'}", "con=null", "con0=null,fd:1"]
        words += ["console=tty0", "quiet", "noreboot", "panic=-1", "seccomp=auto", f"uml_dir={umid}"]
        words += [f"vm_share={self.share}", f"vm_mode={'systemd' if self.systemd else 'plain'}"]
        if self.root != pathlib.Path("/"):
            words.append(f"vm_lower={self.root}")
        if self.layers:
            words.append("vm_layers=" + ":".join(map(str, self.layers)))
        if self.disk:
            words += [f"ubd0={self.disk}", "vm_disk=1"]
        if self.target:
            words.append(f"vm_target={self.target}")
        if self.simulated:
            words.append("time-travel=inf-cpu")
        return words + self.kernel_args
