# SPDX-License-Identifier: MIT
"""A virtual machine for tests that need hardware, an init system or a clock of their own.

    from vm import Guest, in_guest

    with Guest(systemd=True, simulated=True) as guest:
        guest.run(["/usr/bin/python3", "/path/of/a/program.py"])

    @in_guest(systemd=True)
    def test_something():      # runs in a guest of its own, as root
        ...

README.md beside this file tells the rest. Standard library only.
"""

from .guest import Guest, GuestError, make_disk
from .inside import in_guest, inside
from .layers import build_layer, guest_packages, kernel

__all__ = [
    "Guest",
    "GuestError",
    "build_layer",
    "guest_packages",
    "in_guest",
    "inside",
    "kernel",
    "make_disk",
]
