# SPDX-License-Identifier: MIT
"""What a page leads to, through all of the daemon. How soon is told by tests/vm/test_pages.py, whose
clock stands while a busy machine is late."""

import json
import urllib.request
import wave

import numpy as np
import pytest

from audio import Probe
from rig import Session
from rig.broker import Ear
from rig.fixtures import broker, folder, server  # noqa: F401
from rig.s3_server import ACCESS_KEY, SECRET_KEY, fetch

RATE = 48000
A_HZ, B_HZ = 1232.0, 1648.0
TOPIC = "from/device/box/tone_detection"
DEVICE = "partyline.channel.1"


def noise(seconds, level=0.002):
    return level * np.random.default_rng(1).standard_normal(int(seconds * RATE))


def tone(hz, seconds):
    return 0.25 * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE)


CALL = np.concatenate([noise(1.0), tone(A_HZ, 1.0), tone(B_HZ, 1.5), noise(2.0)])


def start(tones, **gateway):
    return Session(
        tablets=2, channels=2, daemon=True, config={"gateway": {"tones": tones, **gateway}}, rate=RATE
    )


def wait_listening(session):
    wanted = {(DEVICE, "partyline.tones"), ("partyline.tones", "partyline.gateway")}
    with session.graph() as graph:
        graph.wait_for(
            lambda g: wanted <= {(link[0], link[2]) for link in g.links()}, "the tones' links"
        )


def play(session):
    """In the graph's own time: no sample is lost on the way to the detector."""
    with Probe(session, [], len(CALL) / RATE, CALL, DEVICE, freewheel=4) as probe:
        probe.start()
        probe.finish()


def history(session):
    with urllib.request.urlopen(f"{session.env['PARTYLINE_URL']}/api/pages/history") as answer:
        return json.load(answer)["history"]


def test_a_page_is_told_and_its_clip_uploaded(folder, broker, server):
    page = {"id": "engine-1", "source": "channel.1", "a_hz": A_HZ, "b_hz": B_HZ, "a_length_s": 0.8,
            "b_length_s": 1.2, "record_length_s": 1.0, "pre_roll_s": 0.5}  # fmt: skip
    mqtt = {"host": "127.0.0.1", "port": broker.port, "tls": False, "device_id": "box"}
    s3 = {"endpoint": server.url, "bucket": "clips", "access_key": ACCESS_KEY,
          "secret_key": SECRET_KEY}  # fmt: skip
    ear = Ear(broker, TOPIC + "/#")
    with start({"pages": [page]}, mqtt=mqtt, s3=s3) as session:
        wait_listening(session)
        play(session)
        message = json.loads(ear.next(TOPIC)[1])
        uploaded = json.loads(ear.next(TOPIC + "/clip")[1])
        assert message["event_type"] == "defined_tones_detected"
        assert (message["channel"], message["tone_id"]) == (1, "engine-1")
        assert message["tone_details"] == {"tone_a": A_HZ, "tone_b": B_HZ}
        assert uploaded["message_id"] == message["message_id"]
        (record,) = history(session)
        assert record["message_id"] == message["message_id"] and record["clip_uploaded"]
        local = session.folder / "state/partyline/clips" / record["clip"]
        stored = server.get("audio_recordings/" + record["clip"])
        assert stored == local.read_bytes()
        assert fetch(record["clip_url"]) == (200, stored)
        with wave.open(str(local)) as clip:
            assert (clip.getnchannels(), clip.getframerate()) == (1, RATE)
            assert clip.getnframes() == round(record["clip_length_s"] * RATE) > RATE
    ear.close()


def test_an_unknown_pair_becomes_a_page(broker):
    mqtt = {"host": "127.0.0.1", "port": broker.port, "tls": False, "device_id": "box"}
    tones = {"inputs": [{"endpoint": "channel.1", "detect_new_tones": True}]}
    ear = Ear(broker, TOPIC)
    with start(tones, mqtt=mqtt) as session:
        wait_listening(session)
        play(session)
        message = json.loads(ear.next()[1])
        assert message["event_type"] == "new_tone_detected"
        assert message["tone_details"]["tone_a"] == pytest.approx(A_HZ, abs=0.5)
        session.check(["partylinectl", "page", "make", message["message_id"], "found"])
        (made,) = json.loads(session.check(["partylinectl", "--json", "page", "list"]))
        assert (made["id"], made["source"]) == ("found", "channel.1")
        play(session)
        message = json.loads(ear.next()[1])
        assert (message["event_type"], message["tone_id"]) == ("defined_tones_detected", "found")
    ear.close()
