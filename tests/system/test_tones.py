# SPDX-License-Identifier: MIT
"""Tones played into a channel come out as events, whatever has died meanwhile."""

import pathlib
import sys

import numpy as np
import pytest

import audio
from rig import Session

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "web"))
from wire import WebSocket, ask  # noqa: E402

LOW = (697, 770, 852, 941)
HIGH = (1209, 1336, 1477, 1633)
KEYS = "123A456B789C*0#D"
RATE = 48000
PAGE = {"id": "engine-7", "source": "channel.2", "kind": "two_tone", "a_hz": 1000.0,
        "b_hz": 1500.0, "a_length_s": 0.5, "b_length_s": 1.0}  # fmt: skip
GATEWAY = {
    "tones": {
        "inputs": [{"endpoint": "channel.1", "dtmf": True}],
        "pages": [PAGE],
    }
}


def sine(hz, seconds):
    return 0.1 * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE)


def digits(text):
    """50 ms each with pauses of 50 ms, half a second of silence at both ends."""
    silence, parts = np.zeros(RATE // 20), [np.zeros(RATE // 2)]
    for key in text:
        low, high = LOW[KEYS.index(key) // 4], HIGH[KEYS.index(key) % 4]
        parts += [sine(low, 0.05) + sine(high, 0.05), silence]
    return np.concatenate([*parts, np.zeros(RATE // 2)])


def page():
    return np.concatenate(
        [np.zeros(RATE // 2), sine(1000, 0.5), sine(1500, 1.0), np.zeros(RATE)]
    )


def wait_links(session, n_inputs=2):
    """The detector's inputs, and its events' way back to the daemon."""
    with session.graph() as graph:
        graph.wait_for(
            lambda g: sum("partyline.tones" in (link[0], link[2]) for link in g.links())
            == n_inputs + 1,
            "the links of the tone detector",
        )


def play(session, sink, samples):
    """In the graph's own time: no sample is lost, however busy the machine is."""
    with audio.Probe(session, [], len(samples) / RATE, samples, sink, freewheel=4) as probe:
        probe.start()
        probe.finish()


def tones(events, count):
    """The next so many tones among the daemon's events."""
    found = []
    while len(found) < count:
        event = events.read_json()
        if event["type"] == "tone":
            found.append(event["tone"])
    return found


@pytest.fixture
def session():
    with Session(
        tablets=2, channels=2, daemon=True, config={"gateway": GATEWAY}, rate=RATE
    ) as running:
        yield running


def check_everything(session):
    wait_links(session)
    with WebSocket(session.http_port, "/ws/events") as events:
        play(session, "partyline.channel.1", digits("159#D"))
        heard = tones(events, 5)
        assert "".join(tone["digit"] for tone in heard) == "159#D"
        assert {tone["endpoint"] for tone in heard} == {"channel.1"}
        for one, after in zip(heard, heard[1:]):
            assert one["end_position"] - one["begin_position"] == pytest.approx(2400, abs=240)
            assert after["begin_position"] - one["begin_position"] == pytest.approx(4800, abs=240)
        play(session, "partyline.channel.2", page())
        (heard,) = tones(events, 1)
        assert heard["page_id"] == PAGE["id"] and heard["endpoint"] == "channel.2"
        assert heard["a_hz"] == pytest.approx(1000, abs=2)
        assert heard["b_hz"] == pytest.approx(1500, abs=2)


def test_tones_become_events_again_after_each_part_was_restarted(session):
    check_everything(session)
    session.processes["partyline"].kill()
    session.start_daemon()
    check_everything(session)
    session.processes["pipewire"].kill()
    session.processes["wireplumber"].wait()
    session.start_pipewire()
    session.start_wireplumber()
    check_everything(session)


def test_a_page_that_is_added_is_heard_and_one_that_is_removed_is_not(session):
    wait_links(session)
    port = session.http_port
    with WebSocket(port, "/ws/events") as events:
        answer = ask(port, "POST", "/api/pages", {**PAGE, "id": "added", "source": "channel.1"})
        assert answer.status in (200, 201), answer.body
        play(session, "partyline.channel.1", page())
        assert tones(events, 1)[0]["page_id"] == "added"
        answer = ask(port, "DELETE", "/api/pages/added")
        assert answer.status in (200, 204), answer.body
        play(session, "partyline.channel.1", np.concatenate([page(), digits("7")]))
        assert tones(events, 1)[0]["digit"] == "7"
