# SPDX-License-Identifier: MIT
"""A page heard on channel 1, through the real detector: passthrough on channel 2, a message at a real
broker, the clip in a real S3 server; and everything it needs going away meanwhile."""

import json
import pathlib
import subprocess
import tempfile
import threading
import time
import urllib.request
import wave

import numpy as np

from audio import BUILD, Probe
from rig import Session, wait_until
from rig.broker import Broker, Ear
from rig.s3_server import ACCESS_KEY, SECRET_KEY, S3Server
from vm import Guest, in_guest, make_disk

RATE = 48000
SIZE = {"tablets": 2, "channels": 2, "daemon": True, "quantum": 1024}
A_HZ, B_HZ = 1232.0, 1648.0
A_SECONDS, B_SECONDS = 1.0, 1.5
QUIET_SECONDS = 4.0
RECORD_SECONDS, PRE_ROLL_SECONDS = 4.0, 2.0
TOPIC = "from/device/box/tone_detection"
GUARD_SECONDS = 300
# How far from the end of a tone a detector may see it.
DETECTOR_SECONDS = 0.25


def noise(seconds, level=0.002, seed=1):
    return level * np.random.default_rng(seed).standard_normal(int(seconds * RATE))


def tone(hz, seconds, level=0.25):
    samples = level * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE)
    ramp = np.minimum(1.0, np.arange(len(samples)) / (0.005 * RATE))
    return samples * ramp * ramp[::-1]


def call(after=8.0):
    """What the radio sends: quiet, the two tones, then somebody speaks. (samples, where B ends)"""
    parts = [noise(QUIET_SECONDS), tone(A_HZ, A_SECONDS), tone(B_HZ, B_SECONDS), noise(after, 0.1, 2)]
    return np.concatenate(parts), sum(map(len, parts[:3]))


def config(broker, s3, clips=None, **page):
    return {
        "gateway": {
            "tones": {
                "pages": [
                    {
                        "id": "engine-1",
                        "source": "channel.1",
                        "a_hz": A_HZ,
                        "b_hz": B_HZ,
                        "a_length_s": A_SECONDS * 0.8,
                        "b_length_s": B_SECONDS * 0.8,
                        "record_length_s": RECORD_SECONDS,
                        "pre_roll_s": PRE_ROLL_SECONDS,
                        "passthrough_channel": 2,
                        **page,
                    }
                ]
            },
            **({"clips": {"directory": str(clips)}} if clips else {}),
            "mqtt": {"host": "127.0.0.1", "port": broker.port, "tls": False, "device_id": "box"},
            "s3": {
                "endpoint": s3.url,
                "bucket": "clips",
                "access_key": ACCESS_KEY,
                "secret_key": SECRET_KEY,
            },
        }
    }


def places():
    """A folder that the broker's user can enter, too."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="pl-", dir="/tmp"))
    folder.chmod(0o755)
    return folder, Broker(folder), S3Server(folder)


class Told(Session):
    """A session whose programs have a word when something was wrong."""

    def __exit__(self, kind, *rest):
        if kind:
            print(self.run(["partylinectl", "gateway"]).stdout)
            for name in self.processes:
                print(f"--- {name}\n{self.log_text(name)[-3000:]}")
        super().__exit__(kind, *rest)


def get(session, path):
    with urllib.request.urlopen(f"{session.env['PARTYLINE_URL']}{path}", timeout=GUARD_SECONDS) as answer:
        return json.load(answer)


def history(session):
    answer = get(session, "/api/pages/history")
    return answer["history"] if isinstance(answer, dict) else answer


def clips_trouble(session):
    return get(session, "/api/gateway")["export"]["clips"]["trouble"]


def wait(session, ready, what):
    return wait_until(ready, lambda: what + "\n" + "".join(session.log_text(name)[-4000:]
                                                           for name in session.processes), GUARD_SECONDS)


def wait_listening(session):
    """All that a page needs is linked."""
    wanted = {
        ("partyline.channel.1", "partyline.tones"),
        ("partyline.channel.1", "partyline.gateway"),
        ("partyline.tones", "partyline.gateway"),
        ("partyline.channel.1", "partyline.gateway.bridge"),
        ("partyline.gateway.bridge", "partyline.channel.2.out"),
    }
    with session.graph() as graph:
        graph.wait_for(
            lambda g: wanted <= {(link[0], link[2]) for link in g.links()}, "the links of the page"
        )


def clip_samples(data, folder):
    path = folder / "clip.wav"
    path.write_bytes(data)
    with wave.open(str(path)) as source:
        assert (source.getnchannels(), source.getsampwidth(), source.getframerate()) == (1, 2, RATE)
        return np.frombuffer(source.readframes(source.getnframes()), "<i2").astype(np.int64)


def check_clip(pcm, heard, b_end):
    """Each sample of the clip is the one that was heard, from before tone A to after the length."""
    as_pcm = np.rint(np.clip(heard, -1, 1) * 32767).astype(np.int64)
    # where it lies: noise is like nothing else
    key = pcm[1000:1400]
    starts = [i for i in np.flatnonzero(as_pcm[1000:] == key[0]) if np.abs(as_pcm[1000 + i : 1400 + i] - key).max() <= 1]
    assert len(starts) == 1, f"found at {starts}"
    start = int(starts[0])
    part = as_pcm[start : start + len(pcm)]
    wrong = int(np.sum(np.abs(part - pcm) > 1))
    a_begin = b_end - int((A_SECONDS + B_SECONDS) * RATE)
    print(
        f"the clip begins {(a_begin - start) / RATE:.3f} s before tone A and ends "
        f"{(start + len(pcm) - b_end) / RATE:.3f} s after tone B; {wrong} of {len(pcm)} samples differ"
    )
    assert wrong == 0 and len(part) == len(pcm)
    assert abs((a_begin - start) / RATE - PRE_ROLL_SECONDS) < DETECTOR_SECONDS
    assert abs((start + len(pcm) - b_end) / RATE - RECORD_SECONDS) < 2 * DETECTOR_SECONDS


def check_passthrough(heard, passed, b_end):
    """What channel 1 heard is at channel 2's output within a second, as it is, for the length."""
    sounds = np.flatnonzero(np.abs(passed) > 1e-9)
    assert len(sounds), "nothing is heard on channel 2"
    first, last = int(sounds[0]), int(sounds[-1])
    print(
        f"passthrough from {(first - b_end) / RATE:+.3f} s to {(last - b_end) / RATE:+.3f} s after tone B"
    )
    assert first - b_end <= RATE
    assert abs((last - b_end) / RATE - RECORD_SECONDS) < 2 * DETECTOR_SECONDS
    ramp = int(0.01 * RATE)
    lags = [lag for lag in (0, 1024) if np.array_equal(passed[first + ramp : last - ramp], heard[first + ramp - lag : last - ramp - lag])]
    assert lags, "not the same samples"
    # no click: the ramp at both ends
    assert np.abs(passed[first : first + 24]).max() < 0.02 and np.abs(passed[last - 24 : last]).max() < 0.02


@in_guest(simulated=True, memory="2G")
def test_a_page_leads_to_all_of_it():
    folder, broker, s3 = places()
    broker.start()
    s3.start()
    samples, b_end = call()
    ear = Ear(broker, TOPIC + "/#")
    devices = ["partyline.channel.1", "partyline.channel.2.out"]
    with Told(BUILD, **SIZE, config=config(broker, s3)) as session:
        wait_listening(session)
        with Probe(session, devices, len(samples) / RATE, samples, devices[0]) as probe:
            probe.start()
            message = json.loads(ear.next(TOPIC)[1])
            told = time.time()
            uploaded = json.loads(ear.next(TOPIC + "/clip")[1])
            recorded, figures = probe.finish()
        assert message["event_type"] == "defined_tones_detected" and message["tone_id"] == "engine-1"
        assert message["channel"] == 1 and message["tone_details"] == {"tone_a": A_HZ, "tone_b": B_HZ}
        assert uploaded["message_id"] == message["message_id"]
        record = history(session)[0]
        assert record["message_id"] == message["message_id"] and record["clip_uploaded"]
        # the time of the record is that of its tone's last sample; where tone B really ends is known
        begin = int(np.flatnonzero(recorded[devices[0]])[0])
        b_end_position = figures["first_position"] + begin + b_end
        late = told - record["ts"] - (b_end_position - record["tone"]["end_position"]) / RATE
        print(f"the message is there {late:+.3f} s after the end of tone B")
        assert late < 1.0
        stored = s3.get("audio_recordings/" + record["clip"])
        local = (session.folder / "state/partyline/clips" / record["clip"]).read_bytes()
        assert stored == local
        heard, passed = (recorded[name] for name in devices)
        check_clip(clip_samples(stored, folder), heard, b_end)
        check_passthrough(heard, passed, b_end)
    ear.close()
    s3.stop()
    broker.stop()


def fill(folder):
    with open(folder / "filler", "wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(4096))
        except OSError:
            pass


@in_guest(simulated=True, memory="2G")
def test_nothing_is_lost_while_things_are_away():
    """Two pages with no broker and no S3 server, the second one while the disk is full."""
    folder, broker, s3 = places()
    clips = folder / "clips"
    clips.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", clips], check=True)
    samples, b_end = call()
    devices = ["partyline.channel.1", "partyline.channel.2.out"]
    with Told(BUILD, **SIZE, config=config(broker, s3, clips)) as session:
        wait_listening(session)
        recordings = []
        for number in (1, 2):
            if number == 2:
                fill(clips)
            with Probe(session, devices, len(samples) / RATE, samples, devices[0]) as probe:
                probe.start()
                recordings.append(probe.finish()[0])
            records = wait(session, lambda n=number: len(history(session)) == n and history(session), "the page")
            # nothing of it stops the sound
            check_passthrough(*(recordings[-1][name] for name in devices), b_end)
            if number == 1:
                wait(session, lambda: history(session)[0]["clip_complete"], "the clip")
        assert not records[0]["clip_complete"]
        trouble = wait(session, lambda: clips_trouble(session), "the full disk")
        assert "No space left on device" in trouble
        assert "page.disk_error" in session.log_text("partyline")
        (clips / "filler").unlink()
        wait(session, lambda: history(session)[0]["clip_complete"], "the second clip")
        wait(session, lambda: not clips_trouble(session), "the disk's word")
        broker.start()
        ear = Ear(broker, TOPIC + "/#")
        s3.start()
        messages = [json.loads(ear.next(TOPIC)[1]) for _ in (1, 2)]
        for _ in (1, 2):
            ear.next(TOPIC + "/clip")
        records = history(session)
        assert [m["message_id"] for m in messages] == [r["message_id"] for r in reversed(records)]
        for record, recorded in zip(reversed(records), recordings):
            stored = s3.get("audio_recordings/" + record["clip"])
            assert stored == (clips / record["clip"]).read_bytes()
            check_clip(clip_samples(stored, folder), recorded[devices[0]], b_end)
        ear.close()
    s3.stop()
    broker.stop()


@in_guest(simulated=True, memory="2G")
def test_a_daemon_that_is_killed_while_it_records():
    folder, broker, s3 = places()
    broker.start()
    s3.start()
    ear = Ear(broker, TOPIC + "/#")
    samples, _ = call()
    with Told(BUILD, **SIZE, config=config(broker, s3, record_length_s=60)) as session:
        wait_listening(session)
        with Probe(session, ["partyline.channel.1"], len(samples) / RATE, samples, "partyline.channel.1") as probe:
            probe.start()
            message = json.loads(ear.next(TOPIC)[1])
            recorded, _ = probe.finish()
        session.processes.pop("partyline").kill()
        session.start_daemon()
        assert json.loads(ear.next(TOPIC + "/clip")[1])["message_id"] == message["message_id"]
        record = history(session)[0]
        assert record["message_id"] == message["message_id"] and record["clip_complete"]
        pcm = clip_samples(s3.get("audio_recordings/" + record["clip"]), folder)
        # all but what was on its way to the disk, which it goes to once a second
        n_heard = len(recorded["partyline.channel.1"]) / RATE - QUIET_SECONDS + PRE_ROLL_SECONDS
        print(f"{len(pcm) / RATE:.2f} s of at most {n_heard:.2f} s are in the clip")
        assert len(pcm) / RATE > n_heard - 2.0
    ear.close()
    s3.stop()
    broker.stop()
