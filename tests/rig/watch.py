# SPDX-License-Identifier: MIT
"""Waiting for a file or socket to appear, by inotify (not in Python's library)."""

import ctypes
import os
import select
import time

from .process import GUARD_SECONDS, RigError

IN_MOVED_TO = 0x80
IN_CREATE = 0x100
IN_CLOEXEC = os.O_CLOEXEC

_libc = ctypes.CDLL(None, use_errno=True)


def wait_for_path(path, process=None, seconds=GUARD_SECONDS):
    """Return once PATH exists; RigError when PROCESS ends first or the guard runs out."""
    folder = os.path.dirname(path)
    fd = _libc.inotify_init1(IN_CLOEXEC)
    if fd < 0:
        raise OSError(ctypes.get_errno(), "inotify_init1")
    pidfd = os.pidfd_open(process.pid) if process and process.alive else -1
    try:
        if _libc.inotify_add_watch(fd, os.fsencode(folder), IN_CREATE | IN_MOVED_TO) < 0:
            raise OSError(ctypes.get_errno(), f"inotify_add_watch {folder}")
        end = time.monotonic() + seconds
        watched = [fd] + ([pidfd] if pidfd >= 0 else [])
        while not os.path.exists(path):
            if process:
                process.check_alive()
            left = end - time.monotonic()
            if left <= 0:
                raise RigError(f"{path} did not appear within {seconds} s")
            ready, _, _ = select.select(watched, [], [], left)
            if fd in ready:
                os.read(fd, 65536)
    finally:
        os.close(fd)
        if pidfd >= 0:
            os.close(pidfd)
