# SPDX-License-Identifier: MIT
"""A small theatre at work: names, speech, keys, network streams, GPIO keys, pages and their clips."""

import json
import pathlib
import sys
import time
import uuid
import wave

import numpy as np

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "system"), str(TESTS / "daemon/gpio")]

from audio import SPEECH_FOLDER, read_wav  # noqa: E402
from fake_gpio import FakeGpio  # noqa: E402
from rig import Session, wait_until  # noqa: E402
from rig.session import free_port  # noqa: E402
from streams import free_ports, new_key  # noqa: E402
from wire import ask  # noqa: E402

CHANNELS = ("Director", "Stage", "Light", "Radio")
TABLETS = ("Anna", "Ben", "Camera 1", "Camera 2", "Sound", "Light desk", "Stage left", "Stage right",
           "Fly tower", "Front of house", "Box office", "Gate", "Spot 1", "Spot 2", "Wardrobe", "Spare")
# what they say, and how loud
SPEAKERS = {1: ("vm-intro", 0.9), 2: ("vm-options", 0.5), 5: ("vm-instructions", 0.7), 8: ("vm-advopts", 0.35),
            11: ("vm-helpexit", 0.6), 12: ("vm-youhave", 0.8)}  # fmt: skip
PAGES = [
    {"id": "crew", "name": "Stage crew", "source": "channel.4", "a_hz": 1000, "b_hz": 1500, "a_length_s": 1,
     "b_length_s": 3, "record_length_s": 30, "passthrough_channel": 2},
    {"id": "doctor", "name": "House doctor", "source": "channel.4", "kind": "dtmf", "digits": "911#",
     "record_length_s": 20, "passthrough_channel": 1},
    {"id": "all-call", "name": "All call", "source": "channel.2", "kind": "long", "a_hz": 600,
     "a_length_s": 4, "record_length_s": 10},
]  # fmt: skip
LINES = [
    {"id": "desk-key", "line": "GPIO20", "function": "key", "tablet": 6, "channel": 3},
    {"id": "gate-key", "line": "GPIO21", "function": "key", "tablet": 12, "channel": 4},
    {"id": "radio-ptt", "line": "GPIO5", "function": "ptt_out", "channel": 4},
    {"id": "on-air", "line": "GPIO6", "function": "tally", "channel": 1},
]
GATE_KEY = 21


def speech(names, seconds):
    """Recorded words, over and over, as samples at 48 kHz."""
    parts = []
    for name in names:
        samples, rate = read_wav(SPEECH_FOLDER / f"{name}.wav")
        parts += [np.repeat(samples, 48000 // rate), np.zeros(24000)]
    once = np.concatenate(parts)
    return np.tile(once, int(seconds * 48000 / len(once)) + 1)[: int(seconds * 48000)]


def write_wav(path, samples):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48000)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())


class Scene(Session):
    """Use as a context: everything is at work when it is entered."""

    def __init__(self, seconds=600, **kwargs):
        (port, other), key = free_ports(2), new_key()
        streams = [
            {"id": "mill", "name": "Old mill", "endpoint": "tablet.12", "way": "receive", "local": {"port": port},
             "srtp": {"key": key}},
            {"id": "stage-feed", "name": "Stage feed", "endpoint": "channel.2", "way": "send",
             "remote": {"host": "127.0.0.1", "port": port}, "srtp": {"key": key}},
            {"id": "church", "name": "Church", "endpoint": "channel.4", "way": "both",
             "remote": {"host": "church.invalid", "port": 5004}, "local": {"port": other},
             "srtp": {"key": key}},
        ]  # fmt: skip
        config = {"gateway": {"streams": streams, "gpio": {"lines": LINES}, "tones": {"pages": PAGES}}}
        super().__init__(config=config, http_port=free_port(), **kwargs)
        self.seconds = seconds
        self.gpio = None

    def spawn(self, name, argv, env=None, **popen):
        more = self.gpio.env if name == "partyline" and self.gpio else {}
        return super().spawn(name, argv, {**(env or {}), **more}, **popen)

    def __enter__(self):
        try:
            self.start()
            self.gpio = FakeGpio(self.folder / "gpio")
            self.gpio.__enter__()
            self.gpio.plug("gpiochip0", label="pinctrl-bcm2711", lines=28, names={n: f"GPIO{n}" for n in range(28)})
            self.make_past()
            self.start_daemon()
            self.dress()
            self.speak()
            return self
        except BaseException:
            self.stop()
            raise

    def stop(self):
        if self.gpio:
            self.gpio.__exit__(None, None, None)
            self.gpio = None
        super().stop()

    # --- what was ------------------------------------------------------------------------

    def make_past(self):
        state = self.folder / "state/partyline"
        (state / "clips").mkdir(parents=True)
        now, lines = time.time(), []
        heard = [("crew", 4, 26), ("", 4, 0), ("doctor", 4, 20), ("crew", 4, 30), ("all-call", 2, 10)]
        for i, (page, channel, length) in enumerate(reversed(heard)):
            ts = now - 3400 * (len(heard) - i) + 700 * i
            name = f"{int(ts)}_tone_{page}.wav" if length else ""
            if name:
                write_wav(state / "clips" / name, speech(["vm-intro", "vm-options"], length))
            lines.append(json.dumps({
                "message_id": str(uuid.uuid4()), "ts_usec": int(ts * 1e6), "page": page,
                "type": "page" if page else "new_pair", "channel": channel, "a_hz": 1232.4, "b_hz": 1648.1,
                "a_length_s": 1, "b_length_s": 3, "level_db": -17.5, "clip": name, "clip_length_s": length,
                "clip_complete": bool(name), "clip_uploaded": False}))  # fmt: skip
        (state / "pages.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")

    # --- what is -------------------------------------------------------------------------

    def tell(self, method, path, body):
        answer = ask(self.http_port, method, path, body)
        assert answer.status == 200, (path, answer.body)

    def dress(self):
        for id_, name in enumerate(CHANNELS, 1):
            self.tell("PUT", f"/api/channel/{id_}/name", {"name": name})
        for id_, name in enumerate(TABLETS, 1):
            self.tell("PUT", f"/api/tablet/{id_}/name", {"name": name})
        for id_, mode in ((2, "momentary"), (3, "latch"), (5, "momentary"), (6, "vox"), (9, "momentary")):
            self.tell("PUT", f"/api/tablet/{id_}/mode", {"mode": mode})
        for tablet, channel in ((2, 1), (3, 1), (3, 3), (5, 2)):
            self.tell("POST", "/ptt/request", {"tablet_id": tablet, "channel": channel})
        self.tell("PUT", "/api/headroom", {"headroom_db": 3})
        for channel in range(1, 5):
            for tablet in range(1, 17):
                self.tell("PUT", f"/api/uplink/{channel}/{tablet}", {"gain_db": 6 - (tablet * 5 + channel * 3) % 19})
        for tablet in range(1, 17):
            for channel in range(1, 5):
                self.tell("PUT", f"/api/downlink/{tablet}/{channel}", {"gain_db": -((tablet * 7 + channel * 5) % 23)})
        self.tell("POST", "/tablet/7/mute", {"mute": True})
        for side in ("capture", "playback"):
            self.tell("PUT", f"/api/channel/4/{side}", {"device": "card:Radio", "port": 1})
        for name, role in (("studio", "operate"), ("wallboard", "view")):
            self.tell("POST", "/api/tokens", {"name": name, "role": role})

    def speak(self):
        """People who never run out of words while the scene is there."""
        for tablet, (words, gain) in SPEAKERS.items():
            path = self.folder / f"{words}.wav"
            write_wav(path, gain * speech([words, "vm-intro"], self.seconds))
            self.spawn(f"speaker-{tablet}", ["pw-cat", "-p", "--target", f"partyline.tablet.{tablet}", str(path)])
        wait_until(self.is_heard, "the speakers' voices")
        self.gpio.line(GATE_KEY).edge(0)

    def is_heard(self):
        levels = ask(self.http_port, "GET", "/api/meters").json()["input_db"]["tablets"]
        return all(levels[str(tablet)] > -60 for tablet in SPEAKERS)
