# SPDX-License-Identifier: MIT
"""Network namespaces of a guest, each with a cable to the guest's own."""

import contextlib
import ctypes
import subprocess

CLONE_NEWNET = 0x40000000


def run(*argv):
    subprocess.run([str(word) for word in argv], check=True)


def make(name, number):
    """10.N.0.1 there, 10.N.0.254 here."""
    run("ip", "netns", "add", name)
    run("ip", "link", "add", f"to-{name}", "type", "veth", "peer", "name", "cable", "netns", name)
    run("ip", "address", "add", f"10.{number}.0.254/24", "dev", f"to-{name}")
    run("ip", "link", "set", f"to-{name}", "up")
    inside = ("ip", "-n", name)
    run(*inside, "address", "add", f"10.{number}.0.1/24", "dev", "cable")
    run(*inside, "link", "set", "cable", "up")
    run(*inside, "link", "set", "lo", "up")


def join(one, two):
    """A cable between both: 10.0.0.1 and .2, fd00::1 and ::2, on the interface `direct`."""
    run("ip", "-n", one, "link", "add", "direct", "type", "veth", "peer", "name", "direct", "netns", two)
    for number, name in enumerate((one, two), 1):
        inside = ("ip", "-n", name)
        run(*inside, "address", "add", f"10.0.0.{number}/24", "dev", "direct")
        run(*inside, "address", "add", f"fd00::{number}/64", "dev", "direct", "nodad")
        run(*inside, "link", "set", "direct", "up")


@contextlib.contextmanager
def within(name):
    """This thread, and what it starts, is in that one."""
    libc = ctypes.CDLL(None, use_errno=True)

    def enter(path):
        with open(path, "rb") as file:
            if libc.setns(file.fileno(), CLONE_NEWNET) < 0:
                raise OSError(ctypes.get_errno(), f"setns {path}")

    with open("/proc/thread-self/ns/net", "rb") as before:
        enter(f"/run/netns/{name}")
        try:
            yield
        finally:
            libc.setns(before.fileno(), CLONE_NEWNET)
