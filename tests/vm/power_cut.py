#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What both sides of the power-cut test know: who changes what, and in which order.

In the guest this is a program: it starts the daemon on /disk, says what the daemon took up ("STATE"),
and lets clients change settings until the power goes. A change is said ("CONFIRMED client number")
once the daemon has confirmed it and before the client's next one: on the console, which is outside of
the guest's power. Outside, the same changes are made from the same seed.
"""

import http.client
import json
import math
import os
import pathlib
import random
import subprocess
import sys
import termios
import threading
import time

import dbus
import dbus.bus

N_TABLETS, N_CHANNELS, N_TOKENS = 4, 3, 3
DISK = pathlib.Path("/disk")
# Everything but the state itself lives in the guest's memory.
RUN = pathlib.Path("/run/power-cut")
GUARD_SECONDS = 300


class Client:
    """One client: by which face, and which settings are its own. One change is under way at a time."""

    def __init__(self, number):
        self.number = number
        self.face = ("dbus", "http")[number % 2]
        self.tablet = number + 1

    def changes(self, seed, boot, before):
        """(key, value), endless: the same in the guest and outside of it. `before` is the state at the boot's start."""
        tokens = {key: value for key, value in before.items() if key[0] == "token"}
        rng = random.Random(f"{seed}/{boot}/{self.number}")
        n = 0
        while True:
            n += 1
            kinds = ["uplink", "downlink", "tablet_name", "tablet_mute", "sidetone", "capture"]
            # What there is less of than clients has one owner.
            kinds += {0: ["headroom"], 1: ["channel_mute"], 2: ["channel_name"], 3: ["token"]}.get(self.number, [])
            kind = rng.choice(kinds)
            channel = rng.randint(1, N_CHANNELS)
            if kind in ("uplink", "downlink"):
                yield (kind, self.tablet, channel), round(rng.uniform(-60, 6), 3)
            elif kind == "sidetone":
                yield (kind, self.tablet), round(rng.uniform(-40, -1), 3)
            elif kind == "capture":
                yield (kind, self.tablet), rng.choice([None, (f"card:Card{n},1", rng.randint(0, 64))])
            elif kind == "token":
                # Made, or taken away: the file of the tokens is another one than the settings'.
                key = kind, rng.randint(1, N_TOKENS)
                tokens[key] = None if tokens[key] else rng.choice(["view", "operate", "admin"])
                yield key, tokens[key]
            elif kind == "headroom":
                yield (kind,), round(rng.uniform(0, 60), 3)
            elif kind == "tablet_name":
                yield (kind, self.tablet), f"tablet {seed % 1000} {boot} {n} " + "ñ" * rng.randint(0, 15)
            elif kind == "channel_name":
                yield (kind, channel), f"channel {boot} {n}"
            elif kind == "tablet_mute":
                yield (kind, self.tablet), rng.random() < 0.5
            else:
                yield (kind, channel), rng.random() < 0.5

    def owns(self, key):
        """Whether no other client changes it."""
        shared = {"headroom": 0, "channel_mute": 1, "channel_name": 2, "token": 3}
        if key[0] in shared:
            return self.number == shared[key[0]]
        return key[1] == self.tablet


CLIENTS = [Client(number) for number in range(N_TABLETS)]


def first_state():
    """The state of a daemon that was never asked for anything."""
    state = {("headroom",): 12.0}
    for tablet in range(1, N_TABLETS + 1):
        state["tablet_name", tablet] = ""
        state["tablet_mute", tablet] = False
        state["sidetone", tablet] = -240.0
        state["capture", tablet] = None
        for channel in range(1, N_CHANNELS + 1):
            state["uplink", tablet, channel] = state["downlink", tablet, channel] = -12.0
    for channel in range(1, N_CHANNELS + 1):
        state["channel_name", channel] = ""
        state["channel_mute", channel] = False
    for token in range(1, N_TOKENS + 1):
        state["token", token] = None
    return state


def gain_db(gain):
    return round(20 * math.log10(gain), 3) + 0.0 if gain > 0 else -240.0


def state_of(answer, tokens):
    """GET /api/state and /api/tokens, as first_state()."""
    state = {("headroom",): answer["options"]["headroom_db"]}
    for tablet in answer["tablets"]:
        state["tablet_name", tablet["id"]] = tablet["name"]
        state["tablet_mute", tablet["id"]] = tablet["mute"]
        state["sidetone", tablet["id"]] = gain_db(tablet["sidetone"])
        capture = tablet["capture"]
        state["capture", tablet["id"]] = capture and (capture["device"], capture["port"])
    for channel in answer["channels"]:
        state["channel_name", channel["id"]] = channel["name"]
        state["channel_mute", channel["id"]] = channel["mute"]
    for c, row in enumerate(answer["uplink"], 1):
        for t, gain in enumerate(row, 1):
            state["uplink", t, c] = gain_db(gain)
    for t, row in enumerate(answer["downlink"], 1):
        for c, gain in enumerate(row, 1):
            state["downlink", t, c] = gain_db(gain)
    for token in range(1, N_TOKENS + 1):
        state["token", token] = None
    for token in tokens["tokens"]:
        if token["name"] != "bench":
            state["token", int(token["name"])] = token["role"]
    return state


# --- in the guest ---------------------------------------------------------------


class Http:
    def __init__(self, port, token):
        self.headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=GUARD_SECONDS)

    def call(self, method, path, body=None):
        text = None if body is None else json.dumps(body)
        self.connection.request(method, path, text, self.headers)
        answer = self.connection.getresponse()
        content = json.loads(answer.read())
        assert answer.status == 200, (path, body, answer.status, content)
        return content

    def change(self, key, value):
        kind, ids = key[0], key[1:]
        if kind == "uplink":
            self.call("PUT", f"/api/uplink/{ids[1]}/{ids[0]}", {"gain_db": value})
        elif kind == "downlink":
            self.call("PUT", f"/api/downlink/{ids[0]}/{ids[1]}", {"gain_db": value})
        elif kind == "headroom":
            self.call("POST", "/matrix", {"headroom_db": value})
        elif kind == "sidetone":
            self.call("PUT", f"/api/tablet/{ids[0]}/sidetone", {"gain_db": value})
        elif kind == "capture" and value:
            self.call("PUT", f"/api/tablet/{ids[0]}/capture", {"device": value[0], "port": value[1]})
        elif kind == "capture":
            self.call("DELETE", f"/api/tablet/{ids[0]}/capture")
        elif kind == "token" and value:
            self.call("POST", "/api/tokens", {"name": str(ids[0]), "role": value})
        elif kind == "token":
            self.call("POST", "/api/tokens/remove", {"name": str(ids[0])})
        elif kind.endswith("_mute"):
            self.call("POST", f"/{kind[:-5]}/{ids[0]}/mute", {"mute": value})
        else:
            self.call("PUT", f"/api/{kind[:-5]}/{ids[0]}/name", {"name": value})


class Dbus:
    NAME = "org.partyline.Partyline1"
    ROOT = "/org/partyline/Partyline1"

    def __init__(self, address):
        self.bus = dbus.bus.BusConnection(address)

    def call(self, path, interface, member, signature, *values):
        return self.bus.call_blocking(self.NAME, path, interface, member, signature, values, timeout=GUARD_SECONDS)

    def set(self, path, interface, name, value):
        self.call(path, dbus.PROPERTIES_IFACE, "Set", "ssv", f"{self.NAME}.{interface}", name, value)

    def change(self, key, value):
        kind, ids = key[0], key[1:]
        if kind in ("uplink", "downlink"):
            self.call(self.ROOT, f"{self.NAME}.Matrix", "SetCrosspoint", "suud", kind, *ids, value)
        elif kind == "headroom":
            self.set(self.ROOT, "Matrix", "HeadroomDb", value)
        elif kind == "sidetone":
            self.set(f"{self.ROOT}/tablet/{ids[0]}", "Tablet", "SidetoneDb", value)
        elif kind == "capture":
            signature, words = ("ssu", ["Bind", "capture", *value]) if value else ("s", ["Unbind", "capture"])
            self.call(f"{self.ROOT}/tablet/{ids[0]}", f"{self.NAME}.Tablet", words[0], signature, *words[1:])
        else:
            what = kind.partition("_")[0]
            self.set(f"{self.ROOT}/{what}/{ids[0]}", what.capitalize(),
                     "Name" if kind.endswith("_name") else "Muted", value)


say_lock = threading.Lock()


def say(line):
    """One line to the console, and not on before it has left the guest."""
    with say_lock:
        os.write(1, (line + "\n").encode())
        termios.tcdrain(1)


def run_client(client, face, seed, boot, before):
    for n, (key, value) in enumerate(client.changes(seed, boot, before), 1):
        face.change(key, value)
        say(f"CONFIRMED {client.number} {n}")


def start_plain(program):
    """The daemon and a bus, and nothing else: quick. The address of the bus."""
    RUN.mkdir()
    conf = RUN / "bus.conf"
    conf.write_text(f"<busconfig><listen>unix:path={RUN}/bus</listen><auth>EXTERNAL</auth><policy context='default'>"
                    "<allow send_destination='*'/><allow receive_sender='*'/><allow own='*'/><allow user='*'/>"
                    "</policy></busconfig>")
    subprocess.Popen(["dbus-daemon", f"--config-file={conf}", "--nofork", "--nopidfile"])
    while not (RUN / "bus").exists():  # the guard is outside, where "STATE" is waited for
        time.sleep(0.001)
    (RUN / "partyline.json").write_text(json.dumps({
        "tablets": N_TABLETS, "channels": N_CHANNELS,
        "state_directory": str(DISK / "partyline"), "runtime_directory": str(RUN / "run"),
        "log": {"file": str(DISK / "partyline/system.log"), "rotate_bytes": 16384},
    }))
    address = f"unix:path={RUN}/bus"
    subprocess.Popen([program], env={**os.environ, "PARTYLINE_CONFIG": str(RUN / "partyline.json"),
                                     "XDG_RUNTIME_DIR": str(RUN), "DBUS_SESSION_BUS_ADDRESS": address,
                                     "DBUS_SYSTEM_BUS_ADDRESS": address},
                     stdout=subprocess.DEVNULL)
    return address


def start_session():
    """The whole intercom, by its units, with its state on the disk."""
    state = DISK / "partyline"
    state.mkdir(exist_ok=True)
    subprocess.run(["chown", "-R", "partyline:", str(state)], check=True)
    pathlib.Path("/etc/partyline").mkdir(exist_ok=True)
    pathlib.Path("/etc/partyline/partyline.json").write_text(json.dumps({
        "tablets": N_TABLETS, "channels": N_CHANNELS}))
    pathlib.Path("/var/lib/partyline").mkdir(exist_ok=True)
    subprocess.run(["mount", "--bind", str(state), "/var/lib/partyline"], check=True)
    subprocess.run(["systemctl", "start", "partyline.target", "partyline.service"], check=True)
    return "unix:path=/run/dbus/system_bus_socket"


def wait_for_daemon(address):
    """Until both faces are there: a token for HTTP, and what the daemon took up.

    No event says so for all of this: a poll with a guard.
    """
    end = time.monotonic() + GUARD_SECONDS
    access = (Dbus.ROOT, f"{Dbus.NAME}.Access")
    while True:
        try:
            bus = Dbus(address)
            # Of an earlier boot; it was shown only there.
            if any(str(token[0]) == "bench" for token in bus.call(*access, "ListTokens", "")):
                bus.call(*access, "RemoveToken", "s", "bench")
            token = str(bus.call(*access, "AddToken", "sst", "bench", "admin", 0))
            http = Http(8000, token)
            return token, http.call("GET", "/api/state"), http.call("GET", "/api/tokens")
        except (OSError, dbus.DBusException):
            if time.monotonic() > end:
                raise
            time.sleep(0.005)


def main():
    seed, boot, program = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    address = start_plain(program) if program != "units" else start_session()
    token, state, tokens = wait_for_daemon(address)
    bad = sorted(path.name for path in (DISK / "partyline").glob("*.bad*"))
    say("STATE " + json.dumps({"state": state, "tokens": tokens, "bad": bad}))
    before = state_of(state, tokens)
    faces = {"dbus": lambda: Dbus(address), "http": lambda: Http(8000, token)}
    for client in CLIENTS:
        threading.Thread(target=run_client, args=(client, faces[client.face](), seed, boot, before)).start()


if __name__ == "__main__":
    main()
