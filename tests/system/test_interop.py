# SPDX-License-Identifier: MIT
"""Streams to and from ffmpeg and GStreamer, in the clear and protected.

Tones that follow one another are sent, and their order, pitch and level looked at where they are
heard. In real time, on a machine that may be busy: asked is what is heard, never when, and what a
stall of it takes away is not missed.
"""

import base64
import os
import socket
import wave

import numpy as np
import pytest

import audio
from rig import wait_until
from streams import RATE, call, free_ports, mouth, session_with, status, stream

TONES_HZ = (400, 700, 1100, 1600)
TONE_SECONDS = 0.75
HEARD_SECONDS = 8
AMPLITUDE = 0.25
WINDOW = 2048


def tones(seconds):
    """One after the other, each fading in and out."""
    length = int(TONE_SECONDS * RATE)
    fade = np.clip(np.minimum(np.arange(length), np.arange(length)[::-1]) / (0.01 * RATE), 0, 1)
    one = np.concatenate([
        AMPLITUDE * fade * np.sin(2 * np.pi * hz / RATE * np.arange(length)) for hz in TONES_HZ
    ])  # fmt: skip
    return np.tile(one, int(np.ceil(seconds * RATE / len(one))))


def pitches(samples):
    """(pitch in Hz or 0, amplitude) of each window; 0: no tone alone."""
    found = []
    shape = np.hanning(WINDOW)
    for at in range(0, len(samples) - WINDOW, WINDOW):
        power = np.abs(np.fft.rfft(samples[at : at + WINDOW] * shape)) ** 2
        peak = int(np.argmax(power[2:-3])) + 2
        near = power[peak - 2 : peak + 3]
        amplitude = np.sqrt(near.sum() / (np.sum(shape**2) * WINDOW / 4))
        alone = amplitude > AMPLITUDE / 30 and near.sum() > 0.9 * power.sum()
        hz = float(np.sum(near * np.arange(peak - 2, peak + 3)) / max(near.sum(), 1e-30)) * RATE / WINDOW
        found.append((hz if alone else 0.0, float(amplitude)))
    return found


def find_tones(samples):
    """(which of them follow one another, median level in dB against AMPLITUDE, share of the windows)"""
    windows = pitches(samples)
    order, levels = [], []
    for hz, amplitude in windows:
        nearest = int(np.argmin([abs(hz - wanted) for wanted in TONES_HZ]))
        if abs(hz - TONES_HZ[nearest]) > 0.02 * TONES_HZ[nearest] + 3:
            continue
        levels.append(audio.db(amplitude / AMPLITUDE))
        if not order or order[-1] != nearest:
            order.append(nearest)
    return order, float(np.median(levels)) if levels else -99.0, len(levels) / len(windows)


def assert_tones(samples, sent_db=0.0):
    """In their order, but for what a stall took, at their pitch and as loud as they were sent."""
    order, level, share = found = find_tones(samples)
    steps = [(b - a) % len(TONES_HZ) for a, b in zip(order, order[1:])]
    right = steps.count(1)
    assert right >= 6 and right >= 2 * (len(steps) - right), found
    assert abs(level - sent_db) < 1.5, found
    assert share > 0.5, found


def find_ssrc(port):
    """Of what is sent there: GStreamer's receiver wants to be told."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind(("127.0.0.1", port))
        ear.settimeout(audio.GUARD_SECONDS)
        while True:
            packet = ear.recv(2048)
            if len(packet) > 12 and packet[1] & 0x7F == 96:
                return int.from_bytes(packet[8:12], "big")


class Ffmpeg:
    """It has AES-CM-128 only, and takes a description with its key."""

    cipher, secret_size = "aes_128_cm", 30

    @staticmethod
    def receive(description, _port, _secret, path):
        return ["ffmpeg", "-nostdin", "-v", "warning", "-protocol_whitelist",
                "file,crypto,rtp,srtp,udp", "-i", description, "-f", "f32le", "-ar", RATE,
                "-af", "pan=mono|c0=c0", "-flush_packets", 1, "-y", path]  # fmt: skip

    @staticmethod
    def send(port, secret, path):
        out = ["ffmpeg", "-nostdin", "-v", "warning", "-re", "-i", path, "-c:a", "libopus",
               "-b:a", "64k", "-payload_type", 96, "-f", "rtp"]  # fmt: skip
        if not secret:
            return [*out, f"rtp://127.0.0.1:{port}"]
        key = base64.b64encode(secret).decode()
        suite = "AES_CM_128_HMAC_SHA1_80"
        return [*out, "-srtp_out_suite", suite, "-srtp_out_params", key, f"srtp://127.0.0.1:{port}"]


class GStreamer:
    """Its sdpdemux takes no key; its SRTP has AES-256-GCM."""

    cipher, secret_size = "aes_256_gcm", 44

    @staticmethod
    def receive(description, port, secret, path):
        source = ["filesrc", f"location={description}", "!", "sdpdemux"]
        if secret:
            caps = (
                f"application/x-srtp,media=audio,clock-rate=48000,encoding-name=OPUS,payload=96,"
                f"ssrc=(uint){find_ssrc(port)},srtp-key=(buffer){secret.hex()},"
                "srtp-cipher=aes-256-gcm,srtp-auth=null,srtcp-cipher=aes-256-gcm,srtcp-auth=null"
            )
            source = ["udpsrc", f"port={port}", f"caps={caps}", "!", "srtpdec", "!", "rtpjitterbuffer"]
        sound = f"audio/x-raw,format=F32LE,rate={RATE},channels=1"
        return ["gst-launch-1.0", "-q", *source, "!", "rtpopusdepay", "!", "opusdec", "!",
                "audioconvert", "!", "audioresample", "!", sound, "!", "filesink", "sync=false",
                "buffer-mode=unbuffered", f"location={path}"]  # fmt: skip

    @staticmethod
    def send(port, secret, path):
        protect = []
        if secret:
            protect = ["srtpenc", f"key={secret.hex()}", "rtp-cipher=aes-256-gcm", "rtp-auth=null",
                       "rtcp-cipher=aes-256-gcm", "rtcp-auth=null", "!"]  # fmt: skip
        return ["gst-launch-1.0", "-q", "filesrc", f"location={path}", "!", "wavparse", "!",
                "audioconvert", "!", "audioresample", "!", "opusenc", "bitrate=64000", "!",
                "rtpopuspay", "pt=96", "!", *protect, "udpsink", "host=127.0.0.1",
                f"port={port}"]  # fmt: skip


def protection(peer, secret):
    if not secret:
        return {"srtp": {"cipher": "none"}}
    return {"srtp": {"cipher": peer.cipher, "key": base64.b64encode(secret).decode()}}


def new_streams(peer, way, side):
    """{name: (port, secret, definition)}: one in the clear, one protected, on channels 1 and 2."""
    out = {}
    secrets = {"clear": None, "srtp": os.urandom(peer.secret_size)}
    for number, (port, (name, secret)) in enumerate(zip(free_ports(2), secrets.items()), 1):
        endpoint = "channel.1" if way == "send" else f"channel.{number}"
        definition = {**stream(name, endpoint, way, **{side: port}), **protection(peer, secret)}
        out[name] = (port, secret, definition)
    return out


@pytest.mark.parametrize("peer", [Ffmpeg, GStreamer], ids=["ffmpeg", "gstreamer"])
def test_it_hears_us(peer):
    streams = new_streams(peer, "send", "remote")
    with session_with([definition for _, _, definition in streams.values()]) as session:
        played = tones(120)
        with mouth(session, played) as speaker:
            speaker.start()
            heard = {name: session.folder / f"{name}.f32" for name in streams}
            for name, (port, secret, _) in streams.items():
                wait_until(lambda n=name: status(session, n)["packets_sent"] > 0, "packets")
                description = session.folder / f"{name}.sdp"
                description.write_text(call(session, f"/api/streams/{name}.sdp"), newline="")
                argv = peer.receive(description, port, secret, heard[name])
                session.spawn(f"peer-{name}", argv)

            def is_enough(name):
                session.processes[f"peer-{name}"].check_alive()
                path = heard[name]
                return path.exists() and path.stat().st_size > HEARD_SECONDS * RATE * 4

            for name in streams:
                wait_until(lambda n=name: is_enough(n), f"what the peer hears of {name}")
            sent, _ = speaker.finish(at_once=True)
        _, sent_db, _ = find_tones(sent["partyline.channel.1.out"])
        for path in heard.values():
            assert_tones(np.fromfile(path, "<f4", HEARD_SECONDS * RATE).astype(float), sent_db)


@pytest.mark.parametrize("peer", [Ffmpeg, GStreamer], ids=["ffmpeg", "gstreamer"])
def test_we_hear_it(peer):
    streams = new_streams(peer, "receive", "local")
    with session_with([definition for _, _, definition in streams.values()]) as session:
        path = session.folder / "tones.wav"
        with wave.open(str(path), "wb") as sink:
            sink.setparams((1, 2, RATE, 0, "NONE", ""))
            sink.writeframes(np.rint(tones(180) * 32767).astype("<i2").tobytes())
        for name, (port, secret, _) in streams.items():
            session.spawn(f"peer-{name}", peer.send(port, secret, path))

        def is_heard(name):
            session.processes[f"peer-{name}"].check_alive()
            return status(session, name)["packets_received"] > 50

        for name in streams:
            wait_until(lambda n=name: is_heard(n), "packets")
        sinks = ["partyline.channel.1", "partyline.channel.2"]
        with audio.Probe(session, sinks, HEARD_SECONDS) as ear:
            ear.start()
            heard, _ = ear.finish()
        for name in streams:
            assert status(session, name)["refused"] == 0
        for sink in sinks:
            assert_tones(heard[sink])
