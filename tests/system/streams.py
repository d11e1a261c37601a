# SPDX-License-Identifier: MIT
"""Streams for tests: their definitions, what the daemon says of them, and sound for them."""

import base64
import fcntl
import json
import os
import pathlib
import socket
import tempfile
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


def _own_ports():
    """Numbers from 10000 on of a block that no other process that runs tests has; it is ours until our end.

    They are below what the kernel gives to sockets that ask for any port, so that nobody takes one between
    the look and the use.
    """
    folder = pathlib.Path(tempfile.gettempdir()) / f"partyline-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    for block in range(40):
        taken = os.open(folder / str(block), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(taken, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(taken)
            continue
        while True:  # never the same twice before all were had
            yield from range(10000 + 512 * block, 10512 + 512 * block, 2)
    raise AssertionError("40 others run tests on this machine")


PORTS = _own_ports()


def free_ports(n):
    """Even UDP ports whose next one is free too."""
    ports = []
    for port in PORTS:
        if len(ports) == n:
            return ports
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as rtp, \
                socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as rtcp:
            try:
                rtp.bind(("::", port))
                rtcp.bind(("::", port + 1))
            except OSError:
                continue
        ports.append(port)
    raise AssertionError("there is always one more")


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


def mouth(session, played):
    """Says it into tablet 1, and hears what channel 1 sends."""
    return audio.Probe(session, ["partyline.channel.1.out"], len(played) / RATE, play=played,
                       play_to="partyline.tablet.1")


def session_with(streams, **more):
    more = {"tablets": 2, "channels": 2, "quantum": QUANTUM, **more}
    return Session(daemon=True, config={"gateway": {"streams": streams}}, **more)


def speech():
    """As the graph has it."""
    samples, rate = audio.read_wav(audio.SPEECH)
    return audio.upsample(samples, RATE // rate)
