# SPDX-License-Identifier: MIT
"""The exact witness of an appliance's sound, and what it needs set: inside of a guest.

For functions under @in_guest(systemd=True, installed=True, simulated=True).
"""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request

from appliance import MANAGER, check
from rig.confs import multiarch

BUILD = pathlib.Path(os.environ.get("PARTYLINE_BUILD_DIR", "build")).resolve()
RATE = 48000
TABLETS, CHANNELS = 16, 4
URL = "http://127.0.0.1:8000"
GUARD_SECONDS = 600
DROP_INS = pathlib.Path("/etc/pipewire/partyline-pipewire.conf.d")


# A node in the server that hands on what it gets: a client then wakes one node instead of twenty, which
# saves two thirds of the system calls of a cycle.
RELAY = "partyline-test.relay"
RELAY_CONF = f"""\
context.objects = [
    {{  factory = spa-node-factory
        args = {{
            factory.name = partyline.meter
            library.name = partyline/libspa-partyline
            node.name = {RELAY}
            partyline.meter.ports = {TABLETS + CHANNELS}
        }}
    }}
]
"""


def install_thrifty_system():
    """Its library.name.system."""
    name = "libspa-thrifty-system"
    shutil.copy(BUILD / "tests/vm" / f"{name}.so", multiarch() / "spa-0.2")
    return name


def thrifty_drop_ins():
    """A folder for rig.Session(drop_ins): on the simulated clock, with fewer system calls."""
    folder = pathlib.Path(tempfile.mkdtemp())
    (folder / "pipewire.conf.d").mkdir()
    (folder / "pipewire.conf.d/90-test.conf").write_text(
        f"context.properties = {{ library.name.system = {install_thrifty_system()} }}\n"
    )
    return folder


def set_quantum(quantum, relay=False):
    """Of the server that is started next. On the simulated clock: with fewer system calls.

    relay  there is a node for Witness(relay=True)
    """
    name = install_thrifty_system()
    DROP_INS.mkdir(parents=True, exist_ok=True)
    (DROP_INS / "90-test.conf").write_text(
        "context.properties = {\n"
        f"    library.name.system = {name}\n"
        f"    default.clock.quantum = {quantum}\n"
        f"    default.clock.min-quantum = {quantum}\n"
        f"    default.clock.max-quantum = {quantum}\n"
        "}\n" + (RELAY_CONF if relay else "")
    )


def set_card_props(text):
    """Properties of all sound cards, of the server that is started next."""
    DROP_INS.mkdir(parents=True, exist_ok=True)
    rule = f"{{ matches = [ {{ api.alsa.card.id = \"~.*\" }} ] actions = {{ update-props = {text} }} }}"
    (DROP_INS / "90-cards.conf").write_text(f"node.rules = [ {rule} ]\n")


def make_token(role="operate"):
    """For request(): a token of that role."""
    made = check("partylinectl", "--system", "--json", "token", "add", f"test-{role}", "--role", role)
    return json.loads(made)["token"]


def request(method, path, body=None, token=None):
    """(status, answer) of one HTTP request."""
    data = json.dumps(body).encode() if body is not None else None
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    asked = urllib.request.Request(URL + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=GUARD_SECONDS) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def settings(token):
    """The daemon's settings, without what time changes."""
    status, answer = request("GET", "/state", token=token)
    assert status == 200, answer
    return answer["config"]


def set_gains(token, uplink, downlink, headroom_db):
    """uplink[channel][tablet], downlink[tablet][channel], linear"""
    status, answer = request(
        "POST",
        "/matrix",
        {
            "uplink": {c: dict(enumerate(row, 1)) for c, row in enumerate(uplink, 1)},
            "downlink": {t: dict(enumerate(row, 1)) for t, row in enumerate(downlink, 1)},
            "headroom_db": headroom_db,
        },
        token,
    )
    assert status == 200, answer


class Witness:
    """tests/vm/witness.c between all inputs and outputs of a 16×4 system; time in its samples.

    card   number of a channel into which a sound card plays
    relay  what is played goes through the server's relay
    """

    def __init__(self, seconds, uplink, downlink, headroom_db, card=None, relay=False):
        path = pathlib.Path("/run/witness.settings")
        numbers = [headroom_db, *(g for row in uplink for g in row), *(g for row in downlink for g in row)]
        path.write_text(" ".join(map(repr, numbers)))
        words = [BUILD / "tests/vm/partyline-witness", "--tablets", TABLETS, "--channels", CHANNELS]
        words += ["--frames", seconds * RATE, "--settings", path]
        words += ["--card", card] if card else []
        self.popen = subprocess.Popen(
            list(map(str, words)), env={**os.environ, **MANAGER}, stdout=subprocess.PIPE, text=True
        )
        self.result = None
        self._link(card, relay)

    def _link(self, card, relay):
        sides = [f"partyline.tablet.{t}" for t in range(1, TABLETS + 1)]
        sides += [f"partyline.channel.{c}" for c in range(1, CHANNELS + 1)]
        pairs = []
        for number, name in enumerate(sides, 1):
            heard = f"{name}.listen" if "tablet" in name else f"{name}.out"
            pairs.append((f"{heard}:capture_MONO", f"partyline-witness.hear:in_{number}"))
            if card and number == TABLETS + card:
                pairs.append((f"{name}:monitor_MONO", "partyline-witness.hear:in_card"))
            elif relay:
                pairs.append((f"partyline-witness.play:out_{number}", f"{RELAY}:in_{number}"))
                pairs.append((f"{RELAY}:out_{number}", f"{name}:playback_MONO"))
            else:
                pairs.append((f"partyline-witness.play:out_{number}", f"{name}:playback_MONO"))
        self._wait_for_ports([port for pair in pairs for port in pair])
        for output, wanted in pairs:
            check("pw-link", "-L", output, wanted, env=MANAGER)

    def _wait_for_ports(self, names):
        """Until all of these are there."""
        with subprocess.Popen(
            ["pw-link", "--monitor", "--input", "--output"],
            env={**os.environ, **MANAGER},
            stdout=subprocess.PIPE,
            text=True,
        ) as monitor:
            missing = set(names)
            for line in monitor.stdout:
                missing.discard(line.split()[-1])
                if not missing:
                    break
            monitor.kill()
        assert not missing, f"there are no ports {sorted(missing)}"

    def wait_steady(self):
        """Until everything has been right for a second: the count begins."""
        for line in self.popen.stdout:
            if line.startswith("steady"):
                return
        raise AssertionError("the witness ended before all was as the model has it")

    def wait_until(self, seconds):
        """Until so many seconds have been counted."""
        for line in self.popen.stdout:
            if line.startswith("{"):
                self.result = json.loads(line)
                break
            words = line.split()
            if words[0] == "at" and int(words[1]) >= seconds * RATE:
                return
        assert self.result and seconds * RATE >= self.result["frames"], f"ended early: {self.result}"

    def finish(self):
        """Wait for the last sample; its findings."""
        self.wait_until(float("inf"))
        assert self.popen.wait(GUARD_SECONDS) == 0
        return self.result
