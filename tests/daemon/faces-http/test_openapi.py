# SPDX-License-Identifier: MIT
"""openapi.json says what the daemon does: routes both ways, every answer against its schema."""

import json
import re
import struct
import time

import jsonschema
import pytest
from schema import DOCUMENT, ROOT, answer_schema, check
from wire import WebSocket, ask

BODIES = {
    "GainChange": {"gain_db": -6},
    "SidetoneChange": {"gain": 0.25},
    "MuteChange": {"mute": True},
    "NameChange": {"name": "Bühne 1"},
    "ModeChange": {"mode": "latch"},
    "KeyRequest": {"tablet_id": 2, "channel": 3, "priority": 2},
    "KeyRelease": {"tablet_id": 2, "channel": 3},
    "MatrixChange": {"uplink": {"1": {"2": 0.5}}, "downlink": {"2": {"1": 1}}, "headroom_db": 6},
    "UniformChange": {"gain_db": -20},
    "HeadroomChange": {"headroom_db": 9},
    "PartyLineChange": {"party_line": False},
    "RampChange": {"ramp_ms": 10},
    "VoxChange": {"threshold_db": -35, "hang_ms": 250},
    "TalkTimeoutChange": {"timeout_s": 30},
    "BusyRefusalChange": {"refuse": True},
    "BindingChange": {"device": "card:Desk,1", "port": 2},
    "JitterChange": {"safety": 0.25},
    "PageEnd": {"channel": 2},
    "NewToken": {"name": "Müller", "role": "view", "expires": 4102444800},
}


def code_routes():
    text = (ROOT / "daemon/faces/http/routes.c").read_text(encoding="utf-8")
    found = re.findall(r'^\t\{"(/[^"]*)", PL_HTTP_(\w+),', text, re.M)
    assert len(found) > 25
    return {(method, path) for path, method in found}


def operations():
    for path, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def json_operations():
    return [
        (m, p, o) for m, p, o in operations()
        if not p.startswith("/ws/") and p not in ("/", "/docs", "/openapi.json", "/login", "/ca.crt")
    ]


def test_every_route_is_described_and_every_description_is_a_route():
    assert {(m, p) for m, p, _ in json_operations()} == code_routes()


def test_every_operation_says_how_it_refuses_strangers():
    assert {"http", "apiKey"} == {s["type"] for s in DOCUMENT["components"]["securitySchemes"].values()}
    for method, path, operation in operations():
        answers = set(operation["responses"])
        if operation.get("security") != []:
            assert {"401", "429"} <= answers, (method, path)
        if method != "GET":
            assert "403" in answers, (method, path)


def test_the_table_is_sorted():
    text = (ROOT / "daemon/faces/http/routes.c").read_text(encoding="utf-8")
    paths = re.findall(r'^\t\{"(/[^"]*)", PL_HTTP_\w+,', text, re.M)
    assert paths == sorted(paths)


def test_schemas_are_schemas():
    for name, schema in DOCUMENT["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert json.dumps(DOCUMENT).count(f'schemas/{name}"') > 0, f"{name} is never used"


def test_served_document_is_the_one_in_the_tree(port):
    assert ask(port, "GET", "/openapi.json").json() == DOCUMENT


# What these want must be there first: test_access.py and test_gateway.py have it.
NEEDS_MORE = [("POST", "/api/session"), ("POST", "/api/tokens/remove"), ("POST", "/api/streams"),
              ("POST", "/api/pages"), ("POST", "/api/pages/from-record"), ("POST", "/whep"),
              ("POST", "/whip")]


def needs_more(method, path):
    return (method, path) in NEEDS_MORE or "{id}" in path or "{name}" in path


@pytest.mark.parametrize("method,path,operation",
                         [o for o in json_operations()
                          if not needs_more(*o[:2])],
                         ids=lambda v: v if isinstance(v, str) else "")
def test_answers(port, method, path, operation):
    real = re.sub(r"\{\w+\}", "2", path)
    body, name = None, None
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        name = schema["$ref"].split("/")[-1]
        body = BODIES[name]
        check(schema, body)
    elif method != "GET":
        body = b""
    answer = ask(port, method, real, body)
    assert answer.status == 200, answer.body
    check(answer_schema(method, path, 200), answer.json())
    if name is None:
        return
    for bad in ({"nonsense": 1}, [], {**body, "more": 1}, None):
        wrong = json.dumps(bad).encode()
        answer = ask(port, method, real, wrong)
        assert answer.status == 422, (wrong, answer.body)
        check(answer_schema(method, path, 422), answer.json())


def test_what_was_set_is_in_the_state(port):
    for path, body, look in (
        ("/api/uplink/3/16", {"gain": 0.125}, lambda s: s["uplink"][2][15] == 0.125),
        ("/api/downlink/16/3", {"gain": 2.5}, lambda s: s["downlink"][15][2] == 2.5),
        ("/api/uplink/1/1", {"gain_db": -240}, lambda s: s["uplink"][0][0] == 0),
        ("/api/uplink/1/2", {"gain_db": 20}, lambda s: abs(s["uplink"][0][1] - 10) < 1e-9),
        ("/api/tablet/3/mode", {"mode": "vox"}, lambda s: s["tablets"][2]["mode"] == "vox"),
        ("/api/tablet/3/name", {"name": "Ö"}, lambda s: s["tablets"][2]["name"] == "Ö"),
        ("/api/tablet/3/sidetone", {"gain": 0.5}, lambda s: s["tablets"][2]["sidetone"] == 0.5),
        ("/api/tablet/3/mute", {"mute": True}, lambda s: s["tablets"][2]["mute"]),
        ("/api/tablet/3/talk-mute", {"mute": True}, lambda s: s["tablets"][2]["talk_mute"]),
        ("/api/tablet/3/listen-mute", {"mute": True}, lambda s: s["tablets"][2]["listen_mute"]),
        ("/api/channel/2/name", {"name": "A"}, lambda s: s["channels"][1]["name"] == "A"),
        ("/api/channel/2/mute", {"mute": True}, lambda s: s["channels"][1]["mute"]),
        ("/api/headroom", {"headroom_db": 1}, lambda s: s["options"]["headroom_db"] == 1),
        ("/api/party-line", {"party_line": False}, lambda s: not s["options"]["party_line"]),
        ("/api/ramp", {"ramp_ms": 20}, lambda s: s["options"]["ramp_ms"] == 20),
        ("/api/vox", {"threshold_db": -20, "hang_ms": 100},
         lambda s: (s["options"]["vox_threshold_db"], s["options"]["vox_hang_ms"]) == (-20, 100)),
        ("/api/talk-timeout", {"timeout_s": 9}, lambda s: s["options"]["talk_timeout_s"] == 9),
        ("/api/busy-refusal", {"refuse": True}, lambda s: s["options"]["busy_refusal"]),
    ):
        assert ask(port, "PUT", path, body).status == 200, path
        state = ask(port, "GET", "/api/state").json()
        assert look(state), (path, body)


def test_bindings(port):
    put = {"device": "card:Desk", "port": 1}
    answer = ask(port, "PUT", "/api/channel/1/playback", put).json()
    assert answer == {
        "kind": "channel", "id": 1, "direction": "playback", "device": "card:Desk,0", "port": 1,
        "note": "channel 1 plays to card:Desk,0, which is not there; it is linked as soon as it is",
    }  # fmt: skip
    ask(port, "PUT", "/api/tablet/4/playback", {"device": "card:Desk,0"})
    found = ask(port, "GET", "/api/devices").json()["devices"]
    mine = next(d for d in found if "card:Desk,0" in d["names"])
    assert (mine["state"], mine["direction"]) == ("missing", "playback")
    assert mine["bound"] == [
        {"kind": "channel", "id": 1, "port": 1}, {"kind": "tablet", "id": 4, "port": 0},
    ]  # fmt: skip
    state = ask(port, "GET", "/api/state").json()
    assert state["channels"][0]["playback"] == {"device": "card:Desk,0", "port": 1}
    assert state["channels"][0]["capture"] is None
    for path in ("/api/channel/1/playback", "/api/tablet/4/playback"):
        assert ask(port, "DELETE", path, b"").json()["device"] == ""
    found = ask(port, "GET", "/api/devices").json()["devices"]
    assert not any("card:Desk,0" in d["names"] for d in found)


def test_busy_channel_is_409(port):
    ask(port, "PUT", "/api/busy-refusal", {"refuse": True})
    assert ask(port, "POST", "/ptt/request", {"tablet_id": 1, "channel": 1}).status == 200
    answer = ask(port, "POST", "/ptt/request", {"tablet_id": 2, "channel": 1})
    assert answer.status == 409
    check("Detail", answer.json())
    assert ask(port, "POST", "/api/tablet/1/release", b"").json()["keys"] == []
    assert ask(port, "POST", "/ptt/request", {"tablet_id": 2, "channel": 1}).status == 200
    assert ask(port, "POST", "/api/release", b"").json()["tablets"][1]["keys"] == []


def test_ws_messages(port):
    for path, schema in (("/ws/vu?hz=60", "VuFrame"), ("/ws/vu?hz=60&detail=full", "Meters")):
        with WebSocket(port, path) as ws:
            check(schema, ws.read_json())


def test_ws_binary_meters(port):
    """The layout itself is in test-meter-frame.c."""
    with WebSocket(port, "/ws/vu?hz=60&format=binary") as ws:
        before = None
        for _ in range(3):
            opcode, frame = ws.read_frame()
            version, flags, tablets, channels, serial, ts = struct.unpack_from("<BBBBId", frame)
            assert (opcode, version, flags, tablets, channels) == (2, 1, 0, 16, 4)
            assert len(frame) == 16 + 16 * tablets + 8 * channels
            assert abs(ts - time.time()) < 600
            assert before is None or serial > before
            before = serial
            levels = struct.unpack_from(f"<{4 * (tablets + channels)}h", frame, 16 + 8 * tablets)
            assert set(levels) == {-24000}, "no graph, all is silence"


def test_ws_events_tell_every_change(port):
    with WebSocket(port, "/ws/events") as ws:
        first = ws.read_json()
        check("StateEvent", first)
        state = first["state"]
        for method, path, body, kind in (
            ("PUT", "/api/uplink/3/16", {"gain": 0.125}, "matrix"),
            ("PUT", "/api/downlink/1/2", {"gain": 0}, "matrix"),
            ("POST", "/matrix", {"uplink": {"1": {"1": 1}}}, "matrix"),
            ("PUT", "/api/headroom", {"headroom_db": 2}, "matrix"),
            ("POST", "/channel/1/mute", {"mute": True}, "channel.mute"),
            ("POST", "/tablet/2/mute", {"mute": True}, "tablet.mute"),
            ("POST", "/ptt/request", {"tablet_id": 3, "channel": 2}, "ptt.request"),
            ("POST", "/ptt/release", {"tablet_id": 3, "channel": 2}, "ptt.release"),
            ("PUT", "/api/tablet/3/name", {"name": "x"}, "name"),
            ("PUT", "/api/channel/1/capture", {"device": "card:Desk"}, "binding"),
            ("PUT", "/api/tablet/2/playback", {"device": "path:x", "port": 3}, "binding"),
            ("DELETE", "/api/channel/1/capture", None, "binding"),
        ):
            assert ask(port, method, path, body).status == 200
            event = ws.read_json()
            check("Event", event)
            assert event["type"] == kind, event
            assert event["actor"]["face"] == "http"
            for part in ("options", "devices"):
                state[part] = event.get(part, state[part])
            for part in ("tablets", "channels"):
                for item in event.get(part, []):
                    state[part][item["id"] - 1] = item
            for cell in event.get("uplink", []):
                state["uplink"][cell["channel"] - 1][cell["tablet"] - 1] = cell["gain"]
            for cell in event.get("downlink", []):
                state["downlink"][cell["tablet"] - 1][cell["channel"] - 1] = cell["gain"]
        now = ask(port, "GET", "/api/state").json()
        # who only listened knows exactly what the server has
        assert {**state, "ts": 0} == {**now, "ts": 0}


