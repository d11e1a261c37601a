# SPDX-License-Identifier: MIT
"""What the policy does with sound cards; nodes with ALSA's properties stand for those of a desktop.

Real cards, and those that the server owns itself, are in tests/vm/test_cards.py.
"""

import json
import os
import select
import subprocess
import threading
import time

import pytest

import audio
from rig import Session
from rig.process import GUARD_SECONDS

TYPE = "Spa:String:JSON"


def make_card(session, name, side, **more):
    """One side of a stereo card, as WirePlumber's ALSA monitor would make it."""
    props = {
        "factory.name": "support.null-audio-sink",
        "media.class": "Audio/Sink" if side == "output" else "Audio/Source/Virtual",
        "node.name": name,
        "object.linger": "true",
        "audio.position": "[ FL FR ]",
        "device.api": "alsa",
        "priority.session": "1000",
        **more,
    }
    words = " ".join(f"{key} = {value if value[0] == '[' else json.dumps(value)}"
                     for key, value in props.items())  # fmt: skip
    session.check(["pw-cli", "create-node", "adapter", f"{{ {words} }}"])
    with session.graph() as graph:
        graph.wait_for(
            lambda g: g.node(name) and len(g.ports(node_id=g.node(name)["id"])) >= 2, f"ports of {name}"
        )


def bind(session, key, device, port=0):
    value = json.dumps({"device": device, "port": port})
    session.check(["pw-metadata", "-n", "partyline", "0", f"partyline.{key}", value, TYPE])


def unbind(session, key):
    session.check(["pw-metadata", "-n", "partyline", "-d", "0", f"partyline.{key}"])


def wait_for_links(session, name, *wanted):
    """Until these, and no others, are at the node: (output port, input port) each."""
    wanted = sorted(tuple(output.rsplit(":", 1) + input.rsplit(":", 1)) for output, input in wanted)
    with session.graph() as graph:
        graph.wait_for(
            lambda g: [link for link in g.links() if name in (link[0], link[2])] == wanted, f"{wanted}"
        )


@pytest.fixture
def session():
    with Session(tablets=2, channels=3) as live:
        yield live


PLAYED = "partyline.channel.1.out:capture_MONO"


@pytest.mark.parametrize(
    ("device", "props"),
    [
        ("card:USB", {"api.alsa.card.id": "USB", "api.alsa.pcm.device": "0"}),
        ("card:USB,0", {"object.path": "alsa:acp:USB:2:playback", "alsa.id": "USB Audio"}),
        ("card:USB,3", {"alsa.id": "USB", "alsa.device": "3"}),
        ("path:pci-0000:00:14.0-usb-0:2:1.0", {"device.bus-path": "pci-0000:00:14.0-usb-0:2:1.0"}),
        ("serial:ACME_Box,1", {"device.serial": "ACME_Box", "api.alsa.pcm.device": "1"}),
    ],
)
def test_each_kind_of_name_finds_its_card(session, device, props):
    make_card(session, "desk", "output", **props)
    make_card(session, "other", "output", **{"api.alsa.card.id": "Other", "api.alsa.pcm.device": "7"})
    bind(session, "channel.1.playback", device, 2)
    wait_for_links(session, "desk", (PLAYED, "desk:playback_FR"))
    wait_for_links(session, "other")


def test_bindings_change_and_go_and_links_of_others_stay(session):
    for name in ("Desk", "Booth"):
        make_card(session, name, "output", **{"api.alsa.card.id": name})
    by_hand = ("partyline.channel.3.out:capture_MONO", "Desk:playback_FL")
    session.check(["pw-link", "-L", *by_hand])
    bind(session, "channel.1.playback", "card:Desk")
    wait_for_links(session, "Desk", by_hand, (PLAYED, "Desk:playback_FL"), (PLAYED, "Desk:playback_FR"))
    bind(session, "channel.1.playback", "card:Desk", 2)
    wait_for_links(session, "Desk", by_hand, (PLAYED, "Desk:playback_FR"))
    bind(session, "channel.1.playback", "card:Desk", 3)  # it has no third port
    wait_for_links(session, "Desk", by_hand)
    bind(session, "channel.1.playback", "card:Booth", 1)
    wait_for_links(session, "Booth", (PLAYED, "Booth:playback_FL"))
    # What is no binding is told, and harms none of the others.
    session.check(["pw-metadata", "-n", "partyline", "0", "partyline.channel.2.playback", "Desk", TYPE])
    session.check(["pw-metadata", "-n", "partyline", "0", "partyline.colour", "{}", TYPE])
    bind(session, "tablet.1.playback", "card:Desk", 1)
    wait_for_links(session, "Desk", by_hand, ("partyline.tablet.1.listen:capture_MONO", "Desk:playback_FL"))
    unbind(session, "channel.1.playback")
    wait_for_links(session, "Booth")
    # A WirePlumber that comes later removes what is no longer bound, and nothing else.
    session.processes["wireplumber"].kill()
    unbind(session, "tablet.1.playback")
    session.start_wireplumber()
    wait_for_links(session, "Desk", by_hand)


def test_a_bound_card_is_no_longer_the_default(session):
    make_card(session, "Desk", "output", **{"api.alsa.card.id": "Desk"})

    def default(graph):
        return graph.metadata().get((0, "default.audio.sink"), {}).get("name")

    with session.graph() as graph:
        graph.wait_for(lambda g: default(g) == "Desk", "the only card as default")
        session.spawn("player", ["pw-play", audio.SPEECH])
        graph.wait_for(lambda g: any(link[2] == "Desk" for link in g.links()), "a stream at the card")
        bind(session, "channel.1.playback", "card:Desk", 1)
        graph.wait_for(lambda g: default(g) != "Desk", "another default")
    wait_for_links(session, "Desk", (PLAYED, "Desk:playback_FL"))


def test_bindings_live_with_a_module_of_its_own_process():
    with Session(tablets=2, channels=3, module="process") as session:
        bind(session, "channel.1.playback", "card:Desk", 1)
        make_card(session, "Desk", "output", **{"api.alsa.card.id": "Desk"})
        wait_for_links(session, "Desk", (PLAYED, "Desk:playback_FL"))
        # The server goes, its cards with it; the bindings are the module's.
        session.processes["wireplumber"].stop()
        session.processes["pipewire"].kill()
        session.start_pipewire()
        session.start_wireplumber()
        session.wait_ready()
        make_card(session, "Desk", "output", **{"api.alsa.card.id": "Desk"})
        wait_for_links(session, "Desk", (PLAYED, "Desk:playback_FL"))


def test_a_change_is_told_to_all_while_others_come():
    """PipeWire's server tells it to him alone who is being bound just then, if a client made the object."""
    numbers = range(1, 31)
    with Session(tablets=1, channels=1, module="process") as session:
        watcher = session.spawn("watcher", ["stdbuf", "-oL", "pw-metadata", "-n", "partyline", "-m"],
                                stdout=subprocess.PIPE)  # fmt: skip
        is_over = threading.Event()

        def come_and_go():
            while not is_over.is_set():
                session.check(["pw-metadata", "-n", "partyline"])

        others = [threading.Thread(target=come_and_go) for _ in range(4)]
        for other in others:
            other.start()
        try:
            for number in numbers:
                bind(session, f"channel.{number}.playback", f"card:{number}")
        finally:
            is_over.set()
            for other in others:
                other.join()
        told, end = b"", time.monotonic() + GUARD_SECONDS
        while missing := [number for number in numbers if f'"card:{number}"'.encode() not in told]:
            readable, _, _ = select.select([watcher.popen.stdout], [], [], max(0, end - time.monotonic()))
            assert readable, f"never told: {missing}"
            told += os.read(watcher.popen.stdout.fileno(), 65536)


def test_a_drop_in_changes_arguments(tmp_path):
    (tmp_path / "pipewire.conf.d").mkdir()
    (tmp_path / "pipewire.conf.d/90-names.conf").write_text(
        'module.partyline.args = { channel.descriptions = [ "Lights" ] }\n', encoding="utf-8"
    )
    with Session(tablets=1, channels=2, drop_ins=tmp_path) as session, session.graph() as graph:
        graph.wait_for(lambda g: g.node("partyline.channel.2"), "the channels")
        assert graph.props(graph.node("partyline.channel.1"))["node.description"] == "Lights"
