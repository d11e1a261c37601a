# SPDX-License-Identifier: MIT
"""Mission Control's document, section 5: every path, shape and status code, field by field."""

import json
import time

import pytest
from wire import WebSocket, ask

GAIN = 10 ** (-12 / 20)
TABLETS = [str(i) for i in range(1, 17)]
CHANNELS = [str(i) for i in range(1, 5)]


def now_is(ts):
    assert isinstance(ts, float) and abs(ts - time.time()) < 60


def check_levels(levels):
    assert list(levels) == ["tablets", "channels"]
    assert list(levels["tablets"]) == TABLETS
    assert list(levels["channels"]) == CHANNELS
    for part in levels.values():
        for db in part.values():
            assert isinstance(db, float) and -240.0 <= db < 20


def check_ptt(ptt, **holders):
    assert list(ptt) == ["timestamp", "channels"]
    now_is(ptt["timestamp"])
    assert ptt["channels"] == {c: holders.get(f"ch{c}", []) for c in CHANNELS}


def check_state(state):
    assert list(state) == ["ts", "vu_db", "config", "ptt"]
    now_is(state["ts"])
    check_levels(state["vu_db"])
    config = state["config"]
    assert list(config) == ["headroom_db", "tablet_mute", "channel_mute", "uplink", "downlink"]
    assert isinstance(config["headroom_db"], float)
    for part in ("tablet_mute", "channel_mute"):
        assert all(isinstance(v, bool) for v in config[part].values())
    for rows, ids, columns in (("uplink", CHANNELS, TABLETS), ("downlink", TABLETS, CHANNELS)):
        for row, cells in config[rows].items():
            assert row in ids
            for column, gain in cells.items():
                assert column in columns and isinstance(gain, (int, float)) and 0 <= gain <= 10
    return config


def ok(port, method, path, body=None):
    answer = ask(port, method, path, body)
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"] == "application/json"
    return answer.json()


def test_health(port):
    health = ok(port, "GET", "/health")
    assert list(health) == [
        "status", "ts", "num_channels", "num_tablets", "fs", "frame_size", "config",
    ]
    assert health["status"] == "ok"
    now_is(health["ts"])
    assert (health["num_channels"], health["num_tablets"]) == (4, 16)
    assert isinstance(health["fs"], int) and isinstance(health["frame_size"], int)
    assert list(health["config"]) == ["fs", "frame_size", "headroom_db"]
    assert isinstance(health["config"]["headroom_db"], float)


def test_health_config_is_the_files_value(port):
    ok(port, "POST", "/matrix", {"headroom_db": 3.5})
    assert ok(port, "GET", "/health")["config"]["headroom_db"] == 12.0
    assert ok(port, "GET", "/state")["config"]["headroom_db"] == 3.5


def test_state(port):
    state = ok(port, "GET", "/state")
    config = check_state(state)
    check_ptt(state["ptt"])
    assert config["headroom_db"] == 12.0
    assert config["tablet_mute"] == {} and config["channel_mute"] == {}
    assert config["uplink"] == {c: {t: pytest.approx(GAIN) for t in TABLETS} for c in CHANNELS}
    assert config["downlink"] == {t: {c: pytest.approx(GAIN) for c in CHANNELS} for t in TABLETS}


def test_matrix_replaces_a_part_as_a_whole(port):
    uplink = {"1": {"1": 0.2, "2": 0.3}, "2": {"1": 0.1, "3": 0.5}}
    state = ok(port, "POST", "/matrix", {"uplink": uplink, "headroom_db": 6.0})
    config = check_state(state)
    given = {c: row for c, row in config["uplink"].items() if row}
    assert given == uplink
    assert config["headroom_db"] == 6.0
    assert config["downlink"]["16"]["4"] == pytest.approx(GAIN)  # untouched
    downlink = {"1": {"1": 0.5, "2": 0.5}, "2": {"1": 0.7}}
    config = check_state(ok(port, "POST", "/matrix", {"downlink": downlink}))
    assert {t: row for t, row in config["downlink"].items() if row} == downlink
    assert {c: row for c, row in config["uplink"].items() if row} == uplink


def test_matrix_takes_every_part_or_none(port):
    before = ok(port, "GET", "/state")["config"]
    assert ok(port, "POST", "/matrix", {})["config"] == before
    nulls = {"uplink": None, "downlink": None, "headroom_db": None}
    assert ok(port, "POST", "/matrix", nulls)["config"] == before


@pytest.mark.parametrize("mute", [True, False])
def test_mutes(port, mute):
    state = ok(port, "POST", "/channel/4/mute", {"mute": mute})
    assert check_state(state)["channel_mute"] == {"4": mute}
    state = ok(port, "POST", "/tablet/16/mute", {"mute": mute})
    assert check_state(state)["tablet_mute"] == {"16": mute}
    config = ok(port, "GET", "/state")["config"]
    assert config["channel_mute"] == {"4": mute} and config["tablet_mute"] == {"16": mute}


def key(tablet, channel, active, tablets, channels):
    state = "ACTIVE" if active else "IDLE"
    return {
        "tablet_id": tablet,
        "channel": channel,
        "ptt_state": state,
        "channel_state": {
            "channel": channel,
            "state": "ACTIVE" if tablets else "IDLE",
            "active_tablets": tablets,
        },
        "tablet_channels": channels,
    }


def test_ptt(port):
    def request(t, c, **more):
        return ok(port, "POST", "/ptt/request", {"tablet_id": t, "channel": c, **more})

    def release(t, c):
        return ok(port, "POST", "/ptt/release", {"tablet_id": t, "channel": c})

    assert request(5, 1, priority=7) == key(5, 1, True, [5], [1])
    assert request(1, 1) == key(1, 1, True, [1, 5], [1])
    assert request(1, 1) == key(1, 1, True, [1, 5], [1])  # a repeat
    assert request(1, 3) == key(1, 3, True, [1], [1, 3])
    check_ptt(ok(port, "GET", "/ptt/state"), ch1=[1, 5], ch3=[1])
    check_ptt(ok(port, "GET", "/state")["ptt"], ch1=[1, 5], ch3=[1])
    assert release(5, 1) == key(5, 1, False, [1], [])
    assert release(5, 1) == key(5, 1, False, [1], [])  # not held: IDLE all the same
    assert release(1, 1) == key(1, 1, False, [], [3])
    release(1, 3)
    check_ptt(ok(port, "GET", "/ptt/state"))
    history = ok(port, "GET", "/api/ptt/history")["history"][-6:]
    assert [(h["tablet_id"], h["channel"], h["state"], h["priority"]) for h in history] == [
        (5, 1, "ACTIVE", 7), (1, 1, "ACTIVE", 1), (1, 3, "ACTIVE", 1),
        (5, 1, "IDLE", 1), (1, 1, "IDLE", 1), (1, 3, "IDLE", 1),
    ]


def test_config_reload(port, session):
    path = session.folder / "partyline.json"
    before = path.read_text()
    config = json.loads(before)
    try:
        path.write_text(json.dumps({**config, "headroom_db": 7.5}))
        answer = ok(port, "POST", "/config/reload", b"")
        assert list(answer) == ["config", "state"]
        assert answer["config"]["headroom_db"] == 7.5
        assert check_state(answer["state"])["headroom_db"] == 7.5
        path.write_text("{broken")
        refused = ask(port, "POST", "/config/reload", b"")
        assert refused.status == 422 and refused.detail
        assert ok(port, "GET", "/state")["config"]["headroom_db"] == 7.5
    finally:
        path.write_text(before)
        ok(port, "POST", "/config/reload", b"")


def test_post_without_length(port):
    """curl -X POST sends none when there is no body."""
    assert list(ok(port, "POST", "/config/reload")) == ["config", "state"]


def test_ws_vu(port):
    with WebSocket(port, "/ws/vu") as ws:
        begin = time.monotonic()
        for _ in range(11):
            frame = ws.read_json()
            assert list(frame) == ["ts", "vu_db"]
            now_is(frame["ts"])
            check_levels(frame["vu_db"])
        # never faster than asked for; slower only on a busy machine
        assert time.monotonic() - begin > 0.9


@pytest.mark.parametrize("hz", [1, 30, 60])
def test_ws_vu_rate(port, hz):
    with WebSocket(port, f"/ws/vu?hz={hz}") as ws:
        first = ws.read_json()["ts"]
        for _ in range(max(1, hz // 4)):
            last = ws.read_json()["ts"]
        assert last - first >= max(1, hz // 4) / hz * 0.8


def test_ids_out_of_range_are_refused(port):
    """Where the original took channel 99 and kept it in every snapshot."""
    for method, path, body in (
        ("POST", "/channel/99/mute", {"mute": True}),
        ("POST", "/tablet/17/mute", {"mute": True}),
        ("POST", "/ptt/request", {"tablet_id": 99, "channel": 1}),
        ("POST", "/matrix", {"uplink": {"1": {"99": 0.5}}}),
    ):
        answer = ask(port, method, path, body)
        assert answer.status == 422 and answer.detail, (path, answer.body)
    state = ok(port, "GET", "/state")
    check_state(state)
    check_ptt(state["ptt"])
    assert state["config"]["channel_mute"] == {} and state["config"]["tablet_mute"] == {}
