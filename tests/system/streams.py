# SPDX-License-Identifier: MIT
"""Streams for tests: their definitions, what the daemon says of them, and sound for them."""

import base64
import json
import os
import socket
import time
import urllib.request

import audio
from rig import Session

QUANTUM = 1024  # a busy machine may be late by more than 256 samples
RATE = 48000


def call(session, path, body=None, method=None):
    """One request; the JSON answer."""
    url = f"http://127.0.0.1:{session.http_port}{path}"
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=audio.GUARD_SECONDS) as answer:
        text = answer.read()
        return json.loads(text) if "json" in answer.headers["Content-Type"] else text.decode()


def free_ports(n):
    """Even UDP ports of the loopback whose next one is free too; held until all are known."""
    sockets, ports = [], []
    while len(ports) < n:
        pair = [socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) for _ in range(2)]
        sockets += pair
        try:
            pair[0].bind(("::", 0))
            port = pair[0].getsockname()[1]
            if port % 2:
                continue
            pair[1].bind(("::", port + 1))
        except OSError:
            continue
        ports.append(port)
    for one in sockets:
        one.close()
    return ports


def new_key():
    return base64.b64encode(os.urandom(44)).decode()


def stream(name, endpoint, way, local=None, remote=None, key=None, **more):
    out = {"id": name, "endpoint": endpoint, "way": way, **more}
    if remote:
        out["remote"] = {"host": "127.0.0.1", "port": remote}
    if local:
        out["local"] = {"port": local}
    out["srtp"] = {"key": key} if key else {"cipher": "none"}
    return out


def status(session, name):
    return call(session, f"/api/streams/{name}")["status"]


def wait_for(condition, what):
    deadline = time.monotonic() + audio.GUARD_SECONDS
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {audio.GUARD_SECONDS} s")


def session_with(streams, **more):
    more = {"tablets": 2, "channels": 2, "quantum": QUANTUM, **more}
    return Session(daemon=True, config={"gateway": {"streams": streams}}, **more)


def speech():
    """As the graph has it."""
    samples, rate = audio.read_wav(audio.SPEECH)
    return audio.upsample(samples, RATE // rate)
