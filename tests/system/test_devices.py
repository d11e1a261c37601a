# SPDX-License-Identifier: MIT
"""Sound cards and bindings, from partylinectl to the link: nodes with ALSA's properties stand for cards.

What takes real cards is in tests/vm/test_devices.py.
"""

import json

import pytest
from rig import Session, wait_until

KEYS = "partyline.channel.3.capture", "partyline.tablet.1.playback"


def ctl(session, *words):
    return json.loads(session.check(["partylinectl", "--json", *words]))


def wait(session, ready, what):
    """Until ready() gives something true; that."""
    return wait_until(ready, lambda: f"{what}\n{session.log_text('partyline')}",
                      check=session.processes["partyline"].check_alive)


def states(session):
    """{(first name, direction): state}"""
    return {(d["names"][0], d["direction"]): d["state"] for d in ctl(session, "devices")}


def wait_state(session, name, direction, wanted):
    wait(session, lambda: states(session).get((name, direction)) == wanted, f"{name} {wanted}")


def metadata(session):
    """{key: value} of the daemon's keys, as any program reads them."""
    text = session.check(["pw-metadata", "-n", "partyline"])
    found = {}
    for line in text.splitlines():
        if line.startswith("update: id:0 key:'partyline."):
            key, _, rest = line.partition("key:'")[2].partition("' value:'")
            value, _, kind = rest.partition("' type:'")
            assert kind == "Spa:String:JSON'"
            found[key] = json.loads(value)
    return found


def metadata_keys(session):
    text = session.check(["pw-metadata", "-n", "partyline"])
    return {line.partition("key:'")[2].partition("'")[0] for line in text.splitlines()}


def make_card(session, card, media_class, **more):
    """A node that looks as one side of that card does."""
    side = "output" if media_class == "Audio/Sink" else "input"
    factory = {
        "output": {"factory.name": "support.null-audio-sink"},
        "input": {"factory.name": "audiotestsrc", "library.name": "audiotestsrc/libspa-audiotestsrc"},
    }
    props = {
        **factory[side],
        "media.class": media_class,
        "node.name": f"alsa_{side}.{card}",
        "node.description": f"{card} {side}",
        "object.linger": "true",
        "audio.position": "[ FL FR ]",
        "device.api": "alsa",
        "api.alsa.card.id": card,
        "api.alsa.pcm.device": "0",
        "device.bus-path": f"pci-0000:00:1f.3-{card}",
        **more,
    }
    words = " ".join(f'{key} = "{value}"' if value[0] != "[" else f"{key} = {value}"
                     for key, value in props.items())  # fmt: skip
    session.check(["pw-cli", "create-node", "adapter", f"{{ {words} }}"])
    with session.graph() as graph:
        graph.wait_for(lambda g: g.node(props["node.name"]), props["node.name"])


def unplug(session, name):
    with session.graph() as graph:
        node = graph.wait_for(lambda g: g.node(name), name)
    session.check(["pw-cli", "destroy", node["id"]])


def wait_links(session, *wanted):
    """Until there are these links, and no others, at cards: (output node, input node) each."""
    with session.graph() as graph:
        graph.wait_for(
            lambda g: sorted({(link[0], link[2]) for link in g.links()
                              if link[0].startswith("alsa_") or link[2].startswith("alsa_")})
            == sorted(wanted),
            f"the links {wanted}",
        )  # fmt: skip


@pytest.fixture
def session():
    with Session(tablets=2, channels=3, daemon=True) as live:
        make_card(live, "Desk", "Audio/Source", **{"device.serial": "Maker_Desk_17"})
        make_card(live, "Desk", "Audio/Sink")
        wait_state(live, "card:Desk,0", "playback", "idle")
        yield live


def test_cards_are_listed_with_all_their_names(session):
    capture, playback = ctl(session, "devices")
    path = "path:pci-0000:00:1f.3-Desk,0"
    assert capture["names"] == ["card:Desk,0", path, "serial:Maker_Desk_17,0"]
    assert playback["names"] == ["card:Desk,0", path]
    assert (capture["direction"], playback["direction"]) == ("capture", "playback")
    assert (playback["description"], playback["ports"]) == ("Desk output", 2)
    assert capture["bound"] == playback["bound"] == []
    text = session.check(["partylinectl", "devices"])
    assert "card:Desk,0" in text and "Desk output" in text and f"\n  {path}\n" in text
    names = session.check(["partylinectl", "devices", "--ids"]).split()
    assert names == ["card:Desk,0", path, "serial:Maker_Desk_17,0"]


def test_a_binding_makes_a_link_and_survives_what_comes(session):
    bind = ("bind", "channel", "3", "capture", "serial:Maker_Desk_17", "--port", "1")
    assert ctl(session, *bind)["note"] == ""
    assert ctl(session, "bind", "tablet", "1", "playback", "card:Desk")["note"] == ""
    links = (
        ("alsa_input.Desk", "partyline.channel.3"),
        ("partyline.tablet.1.listen", "alsa_output.Desk"),
    )
    wait_links(session, *links)
    written = dict(zip(KEYS, (
        {"device": "serial:Maker_Desk_17,0", "port": 1}, {"device": "card:Desk,0", "port": 0},
    )))  # fmt: skip
    assert metadata(session) == written
    capture, playback = ctl(session, "devices")
    assert capture["bound"] == [{"kind": "channel", "id": 3, "port": 1}]
    assert playback["bound"] == [{"kind": "tablet", "id": 1, "port": 0}]
    wait_state(session, "card:Desk,0", "playback", "running")
    wait(session, lambda: ctl(session, "devices")[1]["rate_hz"] == 48000, "the rate")

    # the daemon: nothing changes; what it did not write is taken out
    session.processes["partyline"].kill()
    stale_key, stale = "partyline.channel.9.capture", '{"device":"card:Old,0","port":0}'
    session.check(["pw-metadata", "-n", "partyline", "0", stale_key, stale])
    session.check(["pw-metadata", "-n", "partyline", "0", "partyline.note", "not ours"])
    session.start_daemon()
    wait(session, lambda: stale_key not in metadata_keys(session), "the stale key's end")
    assert "partyline.note" in metadata_keys(session)
    wait_links(session, *links)

    # the server: all is written again, and linked once the card is there
    session.processes["pipewire"].kill()
    session.processes["wireplumber"].wait()
    wait_state(session, "card:Desk,0", "playback", "missing")
    session.start_pipewire()
    session.start_wireplumber()
    wait(session, lambda: metadata(session) == written, "the bindings in the new server")
    make_card(session, "Desk", "Audio/Sink")
    make_card(session, "Desk", "Audio/Source", **{"device.serial": "Maker_Desk_17"})
    wait_links(session, *links)
    wait_state(session, "card:Desk,0", "playback", "running")


def test_unplugged_is_missing_and_plugged_again_is_linked(session):
    ctl(session, "bind", "channel", "1", "playback", "path:pci-0000:00:1f.3-Desk", "--port", "2")
    link = ("partyline.channel.1.out", "alsa_output.Desk")
    wait_links(session, link)
    unplug(session, "alsa_output.Desk")
    wait_state(session, "path:pci-0000:00:1f.3-Desk,0", "playback", "missing")
    trouble = "channel 1 plays to path:pci-0000:00:1f.3-Desk,0, which is not there"
    assert trouble in session.check(["busctl", "--user", "get-property", "org.partyline.Partyline1",
                                     "/org/partyline/Partyline1", "org.partyline.Partyline1.Manager",
                                     "BindingTroubles"])  # fmt: skip
    status = session.run(["partylinectl", "status"])
    assert status.returncode == 5 and f"! {trouble}" in status.stdout
    make_card(session, "Desk", "Audio/Sink")
    wait_links(session, link)
    wait_state(session, "card:Desk,0", "playback", "running")
    records = session.log_text("partyline").splitlines()
    assert sum("binding.trouble" in record for record in records) == 1
    assert sum("binding.well" in record for record in records) == 1
    ctl(session, "unbind", "channel", "1", "playback")
    wait_links(session)
    wait(session, lambda: not metadata(session), "no bindings")


def test_what_is_bound_before_it_was_ever_there(session):
    note = ctl(session, "bind", "tablet", "2", "capture", "card:Later")["note"]
    assert note == "tablet 2 captures from card:Later,0, which is not there; it is linked as soon as it is"
    assert states(session)["card:Later,0", "capture"] == "missing"
    make_card(session, "Later", "Audio/Source")
    wait_links(session, ("alsa_input.Later", "partyline.tablet.2"))
    wait_state(session, "card:Later,0", "capture", "running")


def test_two_outputs_on_one_port_are_summed_and_said(session):
    ctl(session, "bind", "channel", "1", "playback", "card:Desk", "--port", "1")
    note = ctl(session, "bind", "channel", "2", "playback", "card:Desk")["note"]
    assert note == "channel 1 plays to card:Desk,0 too: it gets the sum of all"
    wait_links(session, ("partyline.channel.1.out", "alsa_output.Desk"),
               ("partyline.channel.2.out", "alsa_output.Desk"))  # fmt: skip
    assert ctl(session, "bind", "channel", "1", "capture", "card:Desk", "--port", "3")["note"] == (
        "channel 1 captures from port 3 of card:Desk,0, which has only 2"
    )
