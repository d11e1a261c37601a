# SPDX-License-Identifier: MIT
"""Damaged, cut, doubled and joined requests, the same in every run: the daemon is there after each."""

import os
import random
import selectors
import time

from wire import Connection, ask

ROUNDS = int(os.environ.get("PARTYLINE_WIRE_ROUNDS", "400"))

SEEDS = [
    b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET /ws/vu?hz=30&detail=full HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
    b"Connection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\x81\x85\1\2\3\4hello\x88\x80\0\0\0\0",
    b"GET /ws/events HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    b"GET /ws/panel HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    b'\x81\x90\0\0\0\0{"type":"claim"}\x81\x9b\0\0\0\0{"type":"down","channel":1}\x88\x80\0\0\0\0',
    b"POST /channel/1/mute HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    b'Content-Length: 13\r\n\r\n{"mute":true}',
    b"PUT /api/uplink/1/2 HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n"
    b'Content-Type: application/json\r\nContent-Length: 14\r\n\r\n{"gain_db":-6}',
    b"POST /config/reload HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n",
    b"HEAD / HTTP/1.0\r\nConnection: keep-alive\r\nAccept-Encoding: gzip\r\nIf-None-Match: \"x\"\r\n\r\n",
    b"OPTIONS /state HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://a.example\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n"
    b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"POST /matrix HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    b"DELETE /state HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n\r\nhello",
]


def damage(rng, data):
    data = bytearray(data)
    for _ in range(rng.choice((0, 1, 1, 2, 5))):
        at = rng.randrange(len(data) + 1)
        kind = rng.randrange(6)
        if kind == 0 and data:
            data[at % len(data)] = rng.randrange(256)
        elif kind == 1:
            del data[at : at + rng.randrange(1, 20)]
        elif kind == 2:
            data[at:at] = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 30)))
        elif kind == 3:
            data[at:at] = data[at : at + rng.randrange(1, 60)]
        elif kind == 4:
            data[at:at] = rng.choice((b"\r\n", b"\n", b"\0", b" " * 300, b"%", b":", b"A" * 5000))
        else:
            data += rng.choice(SEEDS)
    return bytes(data)


def throw(rng, port, data):
    """Send it in pieces; read what comes without waiting for it."""
    connection = Connection(port)
    try:
        while data:
            n = rng.choice((1, 7, 50, 1000, 100000))
            connection.send(data[:n])
            data = data[n:]
        connection.sock.setblocking(False)
        with selectors.DefaultSelector() as selector:
            selector.register(connection.sock, selectors.EVENT_READ)
            while selector.select(0.002):
                if not connection.sock.recv(65536):
                    return None
    except OSError:
        return None
    return connection


def test_damaged_requests(port):
    rng = random.Random(20261121)
    open_ones = []
    for round_ in range(ROUNDS):
        joined = b"".join(rng.choice(SEEDS) for _ in range(rng.choice((1, 1, 2, 4))))
        connection = throw(rng, port, damage(rng, joined))
        if connection:
            open_ones.append(connection)
        while len(open_ones) > 40:
            open_ones.pop(rng.randrange(len(open_ones))).close()
        if round_ % 10 == 0:
            begin = time.monotonic()
            assert ask(port, "GET", "/health").status == 200
            assert time.monotonic() - begin < 30
    for connection in open_ones:
        connection.close()
    assert ask(port, "GET", "/health").status == 200
