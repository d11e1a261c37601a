# SPDX-License-Identifier: MIT
"""Sound cards as the daemon tells them: listed, bound, unplugged, plugged again, over every restart."""

import json
import pathlib
import tempfile

import cards
from rig import Session, wait_until
from vm import in_guest

SIZE = {"tablets": 2, "channels": 3}
DESK = {"card:Desk,0", "path:platform-snd_aloop.0,0"}
OUT = {"card:Out,0", "path:platform-snd_aloop.1,0"}
LINKS = sorted([
    cards.capture_port("Desk", "FL") + ("partyline.channel.3", "playback_MONO"),
    ("partyline.tablet.1.listen", "capture_MONO") + cards.playback_port("Out", "FL"),
    ("partyline.tablet.1.listen", "capture_MONO") + cards.playback_port("Out", "FR"),
])  # fmt: skip


def ctl(session, *words):
    return json.loads(session.check(["partylinectl", "--json", *words]))


def find(session, name, direction):
    return next((d for d in ctl(session, "devices")
                 if name in d["names"] and d["direction"] == direction), None)  # fmt: skip


def wait(session, ready, what):
    wait_until(ready, lambda: what + "\n" + "".join(session.log_text(name) for name in session.processes))


def wait_state(session, name, direction, wanted):
    wait(session, lambda: (find(session, name, direction) or {}).get("state") == wanted,
         f"{name} {direction} {wanted}")  # fmt: skip


def wait_links(session, wanted):
    with session.graph() as graph:
        graph.wait_for(lambda g: sorted(map(tuple, cards.card_links(g))) == wanted, f"{wanted}")


@in_guest(systemd=True, simulated=True, kernel_args=cards.kernel_args("Desk", "Out"))
def test_cards_are_listed_and_bindings_survive():
    with Session(**SIZE, daemon=True, module_args=cards.MODULE_ARGS) as session:
        # both cards, both directions, all their names
        for name, names in (("card:Desk,0", DESK), ("card:Out,0", OUT)):
            for direction in ("capture", "playback"):
                wait_state(session, name, direction, "idle")
                device = find(session, name, direction)
                assert set(device["names"]) == names
                assert device["ports"] == 2 and device["description"]
        assert "card:Desk,0" in session.check(["partylinectl", "devices"])

        ctl(session, "bind", "channel", "3", "capture", "card:Desk", "--port", "1")
        ctl(session, "bind", "tablet", "1", "playback", "path:platform-snd_aloop.1")
        wait_links(session, LINKS)
        wait_state(session, "card:Desk,0", "capture", "running")
        assert find(session, "card:Out,0", "playback")["bound"] == [
            {"kind": "tablet", "id": 1, "port": 0}
        ]

        # the daemon dies: the links stay, and it knows its bindings
        session.processes["partyline"].kill()
        wait_links(session, LINKS)
        session.start_daemon()
        wait_state(session, "card:Desk,0", "capture", "running")
        assert find(session, "card:Desk,0", "capture")["bound"] == [
            {"kind": "channel", "id": 3, "port": 1}
        ]

        # PipeWire dies: everything is bound and linked again
        session.processes["pipewire"].kill()
        session.processes["wireplumber"].wait()
        wait_state(session, "card:Desk,0", "capture", "missing")
        session.start_pipewire()
        session.start_wireplumber()
        wait_links(session, LINKS)
        wait_state(session, "card:Desk,0", "capture", "running")

        # unplugged: missing, and said; the other card goes on
        cards.unplug(0)
        wait_state(session, "card:Desk,0", "capture", "missing")
        assert find(session, "card:Desk,0", "playback") is None
        assert find(session, "card:Out,0", "playback")["state"] == "running"
        status = ctl(session, "bind", "channel", "3", "capture")
        assert (status["device"], status["port"]) == ("card:Desk,0", 1)
        cards.plug(0)
        wait_links(session, LINKS)
        wait_state(session, "card:Desk,0", "capture", "running")
        assert find(session, "card:Desk,0", "capture")["rate_hz"] == cards.RATE


# What the rig leaves out, for this machine has no cards: WirePlumber's own monitor of them.
MONITOR = {
    "pipewire.conf.d/50-alsa.conf": "context.spa-libs = { api.alsa.* = alsa/libspa-alsa }\n",
    "wireplumber.conf.d/50-alsa.conf": "wireplumber.profiles = { main = { hardware.audio = required } }\n",
}


@in_guest(systemd=True, simulated=True, kernel_args=cards.kernel_args("Desk"))
def test_cards_that_wireplumber_owns_are_told_as_well():
    drop_ins = pathlib.Path(tempfile.mkdtemp())
    for name, text in MONITOR.items():
        (drop_ins / name).parent.mkdir()
        (drop_ins / name).write_text(text)
    with Session(**SIZE, daemon=True, drop_ins=drop_ins) as session:
        wait(session, lambda: find(session, "path:platform-snd_aloop.0,0", "capture"), "the card")
        device = find(session, "path:platform-snd_aloop.0,0", "capture")
        assert set(device["names"]) == DESK
        assert ctl(session, "bind", "channel", "1", "capture", "card:Desk", "--port", "2")["note"] == ""
        wait_state(session, "card:Desk,0", "capture", "running")
        with session.graph() as graph:
            link = graph.wait_for(lambda g: cards.card_links(g), "the link")[0]
        assert link[2] == "partyline.channel.1", link
