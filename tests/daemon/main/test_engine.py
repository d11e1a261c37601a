# SPDX-License-Identifier: MIT
"""The engine against the real thing: PipeWire, WirePlumber, module, matrix, simulated tablets."""

import json
import os
import signal
import urllib.request

import pytest
from rig import Session, wait_until

GUARD_SECONDS = 60
SILENCE = -240.0


def call(session, method, path, body=None):
    request = urllib.request.Request(
        session.env["PARTYLINE_URL"] + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=GUARD_SECONDS) as answer:
        return json.load(answer)


def wait_for(session, condition, what):
    """Poll /state until the condition holds; its state."""
    state = {}

    def look():
        nonlocal state
        state = call(session, "GET", "/state")
        return condition(state)

    def complaint():
        logs = "\n".join(session.log_text(name) for name in session.processes)
        return f"{what}: {state['vu_db']}\n{session.run(['pw-link', '-l']).stdout}\n{logs}"

    wait_until(look, complaint, check=session.processes["partyline"].check_alive)
    return state


def channel(state, number):
    return state["vu_db"]["channels"][str(number)]


def tablet(state, number):
    return state["vu_db"]["tablets"][str(number)]


def sounds(level):
    return level > -80


def events(session):
    text = (session.folder / "state/partyline/system.log").read_text()
    return [json.loads(line.split(" | ", 2)[2]) for line in text.splitlines()]


def wait_event(session, name, n=1):
    """The n-th record of this name, once it is there."""
    def records():
        return [record for record in events(session) if record["event_type"] == name]

    wait_until(lambda: len(records()) >= n, lambda: f"{name}\n{session.log_text('partyline')}")
    return records()[n - 1]


@pytest.fixture(scope="module")
def session():
    with Session(tablets=3, channels=2, daemon=True, simulate=True) as live:
        wait_for(live, lambda s: sounds(channel(s, 1)) and sounds(tablet(s, 3)), "sound")
        yield live


@pytest.fixture(autouse=True)
def fresh(request):
    """Each test of the shared session begins at the defaults."""
    if "session" in request.fixturenames:
        call(request.getfixturevalue("session"), "POST", "/api/reset")


def test_the_system_knows_its_graph(session):
    found = call(session, "GET", "/api/system")
    assert found["graph"]["connected"] and found["graph"]["rate_hz"] == 48000
    assert found["graph"]["quantum"] > 0 and found["graph"]["cycles"] > 0
    assert found["versions"]["pipewire"] == found["versions"]["libpipewire"]
    assert not [t for t in found["troubles"] if "engine" in t]


def test_gains_reach_the_matrix(session):
    uplink = {"1": {"1": 1.0}}
    call(session, "POST", "/matrix", {"uplink": uplink, "headroom_db": 0})
    state = wait_for(session, lambda s: channel(s, 2) == SILENCE, "silence on channel 2")
    # one sine of amplitude 0.05 at gain 1: 20 log10(0.05 / sqrt 2) = -29.03 dB
    state = wait_for(session, lambda s: abs(channel(s, 1) + 29.03) < 0.05, "the sine's level")
    assert state["config"]["uplink"]["1"] == {"1": 1.0}
    call(session, "PUT", "/api/uplink/1/1", {"gain": 0.5})
    wait_for(session, lambda s: abs(channel(s, 1) + 35.05) < 0.05, "half of it")
    call(session, "PUT", "/api/uplink/1/1", {"gain": 0.0})
    wait_for(session, lambda s: channel(s, 1) == SILENCE, "silence on channel 1")


def test_mutes_reach_the_matrix(session):
    call(session, "POST", "/channel/1/mute", {"mute": True})
    wait_for(session, lambda s: channel(s, 1) == SILENCE and sounds(channel(s, 2)), "channel mute")
    call(session, "POST", "/channel/1/mute", {"mute": False})
    wait_for(session, lambda s: sounds(channel(s, 1)), "channel open")
    call(session, "PUT", "/api/tablet/2/listen-mute", {"mute": True})
    wait_for(session, lambda s: tablet(s, 2) == SILENCE and sounds(tablet(s, 1)), "listen mute")


def test_keys_gate_in_momentary_mode(session):
    for number in (1, 2, 3):
        call(session, "PUT", f"/api/tablet/{number}/mode", {"mode": "momentary"})
    wait_for(session, lambda s: channel(s, 1) == channel(s, 2) == SILENCE, "closed gates")
    call(session, "POST", "/ptt/request", {"tablet_id": 2, "channel": 1})
    wait_for(session, lambda s: sounds(channel(s, 1)) and channel(s, 2) == SILENCE, "an open gate")
    call(session, "POST", "/ptt/release", {"tablet_id": 2, "channel": 1})
    wait_for(session, lambda s: channel(s, 1) == SILENCE, "a closed gate")


def test_health_shows_the_graph(session):
    health = call(session, "GET", "/health")
    assert (health["fs"], health["frame_size"]) == (48000, 256)


def test_a_graph_that_stands_still_is_silent(session):
    call(session, "PUT", "/api/headroom", {"headroom_db": 6})
    wait_for(session, lambda s: sounds(channel(s, 1)), "sound")
    server = session.processes["pipewire"]
    os.kill(server.pid, signal.SIGSTOP)
    try:
        wait_for(session, lambda s: channel(s, 1) == tablet(s, 1) == SILENCE, "silence")
        wait_until(lambda: any("stands still" in t for t in call(session, "GET", "/api/system")["troubles"]),
                   "the trouble")
    finally:
        os.kill(server.pid, signal.SIGCONT)
    wait_for(session, lambda s: sounds(channel(s, 1)), "sound again")


def test_kill_9_of_the_daemon_changes_no_sound():
    with Session(tablets=2, channels=2, daemon=True, simulate=True) as session:
        call(session, "POST", "/matrix", {"uplink": {"1": {"1": 1.0}}, "headroom_db": 0})
        call(session, "POST", "/tablet/2/mute", {"mute": True})
        call(session, "POST", "/ptt/request", {"tablet_id": 1, "channel": 2})
        wait_for(session, lambda s: abs(channel(s, 1) + 29.03) < 0.05, "the sine's level")
        before = call(session, "GET", "/state")
        session.processes["partyline"].kill()
        session.start_daemon()
        wait_event(session, "engine.start", 2)
        after = call(session, "GET", "/state")
        assert after["config"] == before["config"]
        assert after["ptt"]["channels"] == before["ptt"]["channels"] == {"1": [], "2": [1]}
        assert abs(channel(after, 1) + 29.03) < 0.05


def test_kill_9_of_pipewire_restores_everything():
    with Session(tablets=2, channels=2, daemon=True, simulate=True) as session:
        call(session, "POST", "/matrix", {"uplink": {"1": {"2": 1.0}}, "headroom_db": 0})
        call(session, "POST", "/channel/2/mute", {"mute": True})
        wait_for(session, lambda s: abs(channel(s, 1) + 29.03) < 0.05, "the sine's level")
        before = call(session, "GET", "/state")
        session.processes["pipewire"].kill()
        session.processes["wireplumber"].wait()
        wait_event(session, "engine.stopped")
        state = call(session, "GET", "/state")
        assert channel(state, 1) == tablet(state, 1) == SILENCE
        # changes in the meantime are part of what is restored
        call(session, "POST", "/channel/2/mute", {"mute": False})
        call(session, "PUT", "/api/uplink/2/1", {"gain": 0.5})
        session.start_pipewire()
        session.start_wireplumber()
        wait_event(session, "engine.start", 2)
        after = wait_for(
            session,
            lambda s: abs(channel(s, 1) + 29.03) < 0.05 and abs(channel(s, 2) + 35.05) < 0.05,
            "both levels",
        )
        assert after["config"]["downlink"] == before["config"]["downlink"]


def test_module_in_its_own_process_may_come_and_go():
    with Session(tablets=2, channels=1, module="process", daemon=True) as session:
        wait_event(session, "engine.start")
        session.processes["partyline-nodes"].kill()
        wait_event(session, "engine.stopped")
        session.start_module_process()
        wait_event(session, "engine.start", 2)


def test_daemon_before_the_server():
    with Session(tablets=2, channels=1, daemon=True) as session:
        wait_event(session, "engine.start")
        session.processes["partyline"].stop()
        session.processes["pipewire"].kill()
        session.start_daemon()
        wait_event(session, "engine.waiting")
        call(session, "POST", "/channel/1/mute", {"mute": True})
        session.start_pipewire()
        wait_event(session, "engine.start", 2)


def test_another_size_is_left_alone():
    with Session(tablets=3, channels=2, daemon=True, config={"tablets": 4}) as session:
        record = wait_event(session, "engine.size_differs")
        assert "3 tablets and 2 channels" in record["message"]
        assert "4 and 2" in record["message"]
        assert not any(r["event_type"] == "engine.start" for r in events(session))
        assert call(session, "GET", "/health")["status"] == "ok"


def test_expected_rate_is_only_warned_of():
    with Session(tablets=1, channels=1, daemon=True, config={"fs": 44100}) as session:
        record = wait_event(session, "config.fs_differs")
        assert "44100" in record["message"] and "48000" in record["message"]
