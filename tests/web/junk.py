# SPDX-License-Identifier: MIT
"""A flood of junk to a UDP port, by a process of its own: what somebody can send who has seen the
offers and answers go by, but has neither a session's password nor its keys."""

import binascii
import hashlib
import hmac
import multiprocessing
import os
import random
import socket
import struct

BURST = 50
PAUSE_SECONDS = 0.005  # about 8,000 a second, so that the machine has time for what is tested
COOKIE = 0x2112A442


def check(username, password):
    """A connectivity check, RFC 8445 7.1, that would like to be nominated."""
    name = username.encode()
    body = struct.pack("!HH", 0x0006, len(name)) + name + bytes(-len(name) % 4)
    body += struct.pack("!HHI", 0x0024, 4, 0x6E7F1EFF) + struct.pack("!HH", 0x0025, 0)
    transaction = os.urandom(12)

    def head(more):
        return struct.pack("!HHI", 0x0001, len(body) + more, COOKIE) + transaction

    mac = hmac.new(password.encode(), head(24) + body, hashlib.sha1).digest()
    body += struct.pack("!HH", 0x0008, 20) + mac
    crc = binascii.crc32(head(8) + body) ^ 0x5354554E
    body += struct.pack("!HHI", 0x8028, 4, crc)
    return head(0) + body


def record(kind, epoch, size):
    """Of DTLS 1.2."""
    return struct.pack("!BHHHIH", kind, 0xFEFD, epoch, 0, random.getrandbits(32), size) + os.urandom(size)


def packet(kind):
    """Of RTP or RTCP, under no key."""
    return struct.pack("!BBHII", 0x80, kind, random.getrandbits(16), random.getrandbits(32),
                       random.getrandbits(32)) + os.urandom(random.randrange(8, 300))


def datagrams(usernames):
    """A burst of everything."""
    kinds = [
        lambda: os.urandom(random.randrange(0, 1400)),
        lambda: check(random.choice(usernames), "0123456789abcdefghijkl"),
        lambda: check("nobody:knows", "0123456789abcdefghijkl"),
        lambda: record(random.choice((20, 21, 22, 23)), random.randrange(3), random.randrange(60)),
        lambda: packet(111),
        lambda: packet(200),
    ]
    return [random.choice(kinds)() for _ in range(BURST)]


def run(port, usernames, n_sent, n_refused, stop):
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(8)]
    prepared = [datagrams(usernames) for _ in range(50)]
    while not stop.wait(PAUSE_SECONDS):
        for data in random.choice(prepared):
            one = random.choice(sockets)
            try:
                one.sendto(data, ("127.0.0.1", port))
                n_sent.value += 1
                answer = one.recv(2048, socket.MSG_DONTWAIT)
            except OSError:
                continue
            n_refused.value += answer[:2] == b"\x01\x11"


class Flood:
    """From __enter__ to __exit__."""

    def __init__(self, port, usernames):
        context = multiprocessing.get_context("fork")
        self._sent, self._refused = context.Value("Q", 0), context.Value("Q", 0)
        self._stop = context.Event()
        self._process = context.Process(
            target=run, args=(port, usernames, self._sent, self._refused, self._stop), daemon=True)

    def __enter__(self):
        self._process.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._process.join()

    @property
    def n_sent(self):
        return self._sent.value

    @property
    def n_refused(self):
        """Checks that were told that they are wrong: what is sent arrives."""
        return self._refused.value
