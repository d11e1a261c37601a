# SPDX-License-Identifier: MIT
"""A network namespace of this process: addresses beyond the loopback that nobody else reaches.

Whoever connects from one of these addresses is a caller from the network; nothing leaves the machine.
"""

import ctypes
import fcntl
import os
import socket
import struct

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
SIOCSIFADDR, SIOCSIFFLAGS, IFF_UP = 0x8916, 0x8914, 0x1

LAN = "198.51.100.1"  # the server's; of RFC 5737's addresses for documentation


def enter(address=LAN):
    """Of the calling thread and all processes that it starts.

    address  the first one beside the loopback's, or None
    @return why not, or ''
    """
    libc = ctypes.CDLL(None, use_errno=True)
    flags = CLONE_NEWNET if os.geteuid() == 0 else CLONE_NEWNET | CLONE_NEWUSER
    if libc.unshare(flags) < 0:
        return f"no network namespace: {os.strerror(ctypes.get_errno())}"
    with socket.socket() as sock:
        fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))
    if address:
        add(address, 1)
    return ""


def cut(off):
    """Whether packets are lost, all of them, while nobody is told so."""
    with socket.socket() as sock:
        fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", 0 if off else IFF_UP))


def add(address, number):
    """One more address, of an alias of the loopback's interface."""
    with socket.socket() as sock:
        fcntl.ioctl(sock, SIOCSIFADDR, struct.pack(
            "16sHH4s8x", f"lo:{number}".encode(), socket.AF_INET, 0, socket.inet_aton(address)))
