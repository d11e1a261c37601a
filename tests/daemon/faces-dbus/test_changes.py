# SPDX-License-Identifier: MIT
"""A change by any face is told on the bus, once."""

import json
import urllib.request


def tell(session, change, last):
    """The monitor's events from `change` on until `last` says that it is the last one."""
    with session.monitor() as lines:
        n_before = len(lines.seen)
        change()
        lines.until(lambda line: last(json.loads(line)))
        # What would be told twice would come before this one.
        session.ctl("name", "channel", "3", "end of the test")
        lines.until(lambda line: "end of the test" in line)
        events = [json.loads(line) for line in lines.seen[n_before:-1]]
    for event in events:
        event.pop("ts")
    return events


def changed(where, number, name, value):
    return {"event": "changed", "object": where, "id": number, "property": name, "value": value}


def test_mute_by_http(fresh):
    expected = changed("channel", 1, "muted", True)
    events = tell(fresh, lambda: fresh.http("/channel/1/mute", {"mute": True}),
                  lambda event: event["event"] == "changed")
    assert events == [expected]


def test_key_by_http(fresh):
    events = tell(fresh,
                  lambda: fresh.http("/ptt/request", {"tablet_id": 2, "channel": 3}),
                  lambda event: event.get("object") == "channel")
    assert events == [
        changed("tablet", 2, "keys", [3]),
        {"event": "key", "tablet": 2, "channel": 3, "down": True},
        changed("channel", 3, "active_tablets", [2]),
    ]


def test_matrix_by_http(fresh):
    body = {"uplink": {"1": {"1": 1.0}}, "headroom_db": 3}
    events = tell(fresh, lambda: fresh.http("/matrix", body),
                  lambda event: event["event"] == "matrix")
    assert events[0] == {"event": "changed", "object": "matrix", "property": "headroom_db",
                         "value": 3}
    assert len(events) == 2
    assert events[1]["downlink"] == []
    # Every crosspoint of the uplink has a new gain: one is 0 dB, the others went off.
    cells = {(t, c): gain for t, c, gain in events[1]["uplink"]}
    assert cells == {(t, c): 0 if (t, c) == (1, 1) else -240
                     for t in range(1, 5) for c in range(1, 4)}


def test_binding_by_http(fresh):
    request = urllib.request.Request(
        f"http://127.0.0.1:{fresh.http_port}/api/channel/2/capture",
        data=b'{"device":"card:Desk"}', method="PUT", headers={"Content-Type": "application/json"})
    events = tell(fresh, lambda: urllib.request.urlopen(request, timeout=60).close(),
                  lambda event: event.get("object") == "channel")
    assert events == [
        {"event": "changed", "object": "manager", "property": "devices", "value":
         [["capture", ["card:Desk,0"], "", 0, 0, "missing", [["channel", 2, 0]]]]},
        {"event": "changed", "object": "manager", "property": "binding_troubles", "value":
         ["channel 2 captures from card:Desk,0, which is not there; it is linked as soon as it is"]},
        changed("channel", 2, "capture", ["card:Desk,0", 0]),
    ]


def test_reload(fresh):
    events = tell(fresh, lambda: fresh.http("/config/reload", {}),
                  lambda event: event["event"] == "config_reloaded")
    assert events == [{"event": "config_reloaded"}]


def test_what_changes_nothing_is_not_told(fresh):
    def change():
        fresh.http("/channel/1/mute", {"mute": False})
        fresh.http("/tablet/1/mute", {"mute": True})

    events = tell(fresh, change, lambda event: event["event"] == "changed")
    assert events == [changed("tablet", 1, "muted", True)]


def test_talk_timeout_is_told(fresh):
    fresh.ctl("talk-timeout", "0.05")
    events = tell(fresh, lambda: fresh.ctl("key", "press", "1", "1"),
                  lambda event: event.get("object") == "channel" and not event["value"])
    assert [event["down"] for event in events if event["event"] == "key"] == [True, False]
