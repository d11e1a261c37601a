# SPDX-License-Identifier: MIT
"""Many listeners by WHEP at once, all in one process (crowd.c), HTTP is done here; and tones for
them to hear (tones.c)."""

import os
import pathlib
import re
import subprocess

import numpy as np

from rig.offer import webrtc_offer
from wire import ask

BUILD = pathlib.Path(os.environ.get("PARTYLINE_BUILD_DIR", "build")).resolve()
OPUS = "minptime=10;useinbandfec=1;stereo=1"
SDP = {"Content-Type": "application/sdp"}


class Refused(Exception):
    """The answer is no 201."""

    def __init__(self, answer):
        super().__init__(f"{answer.status} {answer.body!r}")
        self.answer = answer


class Ear:
    """What one listener has had: state, packets, gaps, lost, how often what it heard was right, and
    level[side][tone] in dBFS, the last one."""

    def __init__(self, words, n_tones):
        self.state = words[1]
        self.packets, self.gaps, self.lost, self.right = map(int, words[2:6])
        self.level = np.array(words[6:], float).reshape(2, n_tones)


class Crowd:
    """From __enter__ to __exit__; listens for TONES (Hz), which are multiples of 50."""

    def __init__(self, session, tones=()):
        self.session = session
        self.tones = tones
        self.places = {}  # number -> path of its session

    def __enter__(self):
        self.process = self.session.spawn(
            "crowd", [BUILD / "tests/web/partyline-crowd", *self.tones],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # fmt: skip
        self.fingerprint = self._read().split()[1]
        return self

    def __exit__(self, *_):
        self.process.popen.stdin.close()
        self.process.popen.stdout.close()
        self.session.processes.pop("crowd").stop()

    def _say(self, *words):
        self.process.popen.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.popen.stdin.flush()

    def _read(self):
        line = self.process.popen.stdout.readline()
        assert line, "the crowd has ended: " + self.process.log_text()
        return line.strip()

    def ask(self, method, path, body=None, headers=None):
        return ask(self.session.http_port, method, path, body, headers)

    def open(self, number, mix):
        """Listener NUMBER, of MIX as the URL has it."""
        ufrag = f"crowd{number}"
        offer = webrtc_offer(ufrag=ufrag, fingerprint=self.fingerprint, fmtp=OPUS)
        answer = self.ask("POST", f"/whep?mix={mix}", offer.encode(), SDP)
        if answer.status != 201:
            raise Refused(answer)
        sdp = answer.body.decode()
        found = [re.search(rf"a={name}:(\S+)", sdp).group(1) for name in ("ice-ufrag", "ice-pwd")]
        port = re.search(r"a=candidate:\S+ \d+ \S+ \d+ \S+ (\d+)", sdp).group(1)
        self.places[number] = answer.headers["location"]
        self._say("open", number, port, *found, ufrag)

    def set_mix(self, number, sources):
        path = self.places[number].replace("/whep/", "/api/listeners/") + "/mix"
        answer = self.ask("PUT", path, {"sources": sources})
        assert answer.status == 200, answer.body

    def end(self, number):
        """By HTTP, as a page does that is closed."""
        answer = self.ask("DELETE", self.places.pop(number))
        assert answer.status == 200, answer.body
        self._say("drop", number)

    def leave(self, number):
        """By DTLS alone."""
        del self.places[number]
        self._say("leave", number)

    def expect(self, number, levels):
        """From now on: levels[side][tone], dBFS; below -55 is silence."""
        self._say("expect", number, *np.ravel(levels))

    def count(self):
        self._say("count")

    def look(self):
        """{number: Ear}"""
        self._say("look")
        ears = {}
        while (line := self._read()) != ".":
            words = line.split()
            ears[int(words[0])] = Ear(words, len(self.tones))
        return ears

    def lateness_ms(self):
        """(median, 99 %, worst) of the packets since count()."""
        self._say("late")
        return tuple(map(float, self._read().split()))


class Tones:
    """Tablet 1 says the first of TONES (Hz), and so on, each of LEVEL_DB, RMS; from __enter__ to __exit__."""

    def __init__(self, session, tones, level_db):
        self.session, self.tones, self.level_db = session, tones, level_db

    def __enter__(self):
        self.session.spawn(
            "tones", [BUILD / "tests/web/partyline-tones", "tones", self.level_db, *self.tones])
        with self.session.graph() as graph:
            graph.wait_for(
                lambda g: g.node("tones") and len(g.ports(node_id=g.node("tones")["id"])) == len(self.tones),
                "ports of the tones")  # fmt: skip
        for number in range(1, len(self.tones) + 1):
            self.session.check(
                ["pw-link", "-L", f"tones:out_{number}", f"partyline.tablet.{number}:playback_MONO"])
        return self

    def __exit__(self, *_):
        self.session.processes.pop("tones").stop()
