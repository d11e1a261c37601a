# SPDX-License-Identifier: MIT
"""A listener hears what a sound card captures, by the card's stable name."""

import pathlib
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "system")]

from crowd import BUILD, Crowd, Refused  # noqa: E402
from rig import Session, wait_until  # noqa: E402

CARD_HZ = (400, 700)  # of its ports
CARD_DB = -23.0  # RMS, each
OFF = -240
FIRST, SECOND = [CARD_DB, OFF], [OFF, CARD_DB]
QUIET = [OFF, OFF]
SILENCE = [QUIET, QUIET]
NODE = "alsa_input.Desk"


def plug(session):
    """A node like one that WirePlumber's ALSA monitor makes of a card's capture side; it hears a tone."""
    props = {
        "node.name": NODE,
        "media.class": "Audio/Source",
        "device.api": "alsa",
        "api.alsa.card.id": "Desk",
        "api.alsa.pcm.device": "0",
        "device.bus-path": "pci-0000:00:1f.3",
        "device.serial": "Maker_Desk_17",
    }
    words = [f"{key}={value}" for key, value in props.items()]
    session.spawn(NODE, [BUILD / "tests/web/partyline-tones", NODE, CARD_DB, *CARD_HZ, *words])


def unplug(session):
    session.processes.pop(NODE).stop()
    with session.graph() as graph:
        graph.wait_for(lambda g: not g.node(NODE), "the end of it")


@pytest.fixture(scope="module")
def session():
    with Session(daemon=True, tablets=1, channels=1, quantum=1024) as running:
        yield running


@pytest.fixture
def crowd(session):
    with Crowd(session, CARD_HZ) as running:
        yield running
        for number in list(running.places):
            running.end(number)


def wait_heard(crowd, levels):
    """Every listener hears its own of these."""
    for number, level in levels.items():
        crowd.expect(number, level)
    try:
        wait_until(lambda: all(ear.right >= 3 for ear in crowd.look().values()), "it is heard")
    except AssertionError:
        raise AssertionError({n: ear.level for n, ear in crowd.look().items()}) from None


def wait_ports(session, number):
    """So many ports of the graph capture cards for listeners."""
    with session.graph() as graph:
        graph.wait_for(
            lambda g: sum(g.props(p)["port.name"].startswith("listen-device") for p in g.ports()) == number,
            f"{number} ports")  # fmt: skip


def test_a_card_is_heard_and_comes_again(session, crowd):
    # Before it is there: silence.
    crowd.open(0, "(device:card:Desk)")
    wait_heard(crowd, {0: SILENCE})
    plug(session)
    wait_heard(crowd, {0: [FIRST, FIRST]})
    # By any of its names, any port of it; one port of the graph for all who name it alike.
    crowd.open(1, "(device:path:pci-0000:00:1f.3/2):-6:-1")
    crowd.open(2, "channel.1.in,(device:serial:Maker_Desk_17,0/1):0:1,(device:card:Desk/2):0:-1")
    crowd.open(3, "(device:card:Desk,0):-12")
    crowd.open(4, "(device:card:Desk,1)")
    heard = {
        0: [FIRST, FIRST],
        1: [[OFF, CARD_DB - 6], QUIET],
        2: [SECOND, FIRST],
        3: [[CARD_DB - 12, OFF]] * 2,
        4: SILENCE,
    }
    wait_heard(crowd, heard)
    wait_ports(session, 5)
    mixes = [one["mix"] for one in crowd.ask("GET", "/api/listeners").json()["listeners"]]
    assert [source["source"] for mix in mixes for source in mix] == [
        "device:card:Desk,0", "device:path:pci-0000:00:1f.3,0/2", "channel.1.in",
        "device:serial:Maker_Desk_17,0", "device:card:Desk,0/2", "device:card:Desk,0",
        "device:card:Desk,1"]  # fmt: skip
    # Changed while it plays.
    crowd.set_mix(3, [{"source": "device:card:Desk/2", "gain_db": -6, "pan": 1}])
    heard[3] = [QUIET, [OFF, CARD_DB - 6]]
    wait_heard(crowd, heard)
    # Unplugged, and plugged in again.
    unplug(session)
    wait_heard(crowd, dict.fromkeys(heard, SILENCE))
    plug(session)
    wait_heard(crowd, heard)
    for number in heard:
        crowd.end(number)
    wait_ports(session, 0)


@pytest.mark.parametrize(
    ("mix", "why"),
    [
        ("(device:Desk)", "card:ID"),
        ("(device:card:Desk", "bracket"),
        ("(device:card:Desk/99)", "port"),
        ("(device:card:Desk),(device:card:Desk,0/1)", "twice"),
    ],
)
def test_what_names_no_card_is_refused(crowd, mix, why):
    with pytest.raises(Refused) as refused:
        crowd.open(0, mix)
    assert refused.value.answer.status == 422
    assert why in str(refused.value.answer.detail)


def test_devices_are_limited(crowd):
    """More than there are places for are refused, and who listens goes on to."""
    opened = []
    with pytest.raises(Refused) as refused:
        for number in range(5):
            crowd.open(number, ",".join(f"(device:card:C{number}_{k})" for k in range(8)))
            opened.append(number)
    assert refused.value.answer.status == 503
    assert "more than 32 devices" in str(refused.value.answer.detail)
    assert opened == [0, 1, 2, 3]
    crowd.end(0)
    crowd.open(5, "(device:card:Desk)")
    for number in (1, 2, 3, 5):
        crowd.end(number)
