# SPDX-License-Identifier: MIT
"""Every method and property does what its documentation says; every bad input changes nothing."""

import json

import dbus
import pytest
from private_bus import (CHANNEL, ERROR, MANAGER, MATRIX, ROOT, TABLET, CallError, channel, plain,
                         tablet)

NAN, INF = float("nan"), float("inf")
CELLS = "a(uud)"


def close(value):
    return pytest.approx(value, abs=1e-9)


# --- good input ------------------------------------------------------------


@pytest.mark.parametrize("direction", ["uplink", "downlink"])
@pytest.mark.parametrize("given,shown", [(-6.0, -6.0), (0.0, 0.0), (20.0, 20.0), (-240.0, -240.0),
                                         (-1000.0, -240.0), (-INF, -240.0), (-239.9, -239.9)])
def test_crosspoint(fresh, direction, given, shown):
    fresh.call(ROOT, MATRIX, "SetCrosspoint", "suud", direction, 2, 3, given)
    assert fresh.call(ROOT, MATRIX, "GetCrosspoint", "suu", direction, 2, 3) == close(shown)
    cells = plain(fresh.call(ROOT, MATRIX, f"Get{direction.capitalize()}"))
    assert cells == [[t, c, close(shown if (t, c) == (2, 3) else -12.0)]
                     for t in range(1, 5) for c in range(1, 4)]
    gains = fresh.http("/state")["config"][direction]
    row, column = ("3", "2") if direction == "uplink" else ("2", "3")
    # Off is nothing at all, not a very small gain.
    assert gains[row][column] == (0 if shown == -240 else pytest.approx(10 ** (shown / 20)))


@pytest.mark.parametrize("direction", ["Uplink", "Downlink"])
def test_set_link_replaces_the_whole(fresh, direction):
    before = fresh.settings()
    fresh.call(ROOT, MATRIX, f"Set{direction}", CELLS, [(1, 1, -3.0), (4, 2, 6.0), (1, 1, -1.0)])
    cells = {(t, c): g for t, c, g in plain(fresh.call(ROOT, MATRIX, f"Get{direction}"))}
    # Of two words on one crosspoint the last one counts.
    expected = {(t, c): -240.0 for t in range(1, 5) for c in range(1, 4)}
    assert cells == expected | {(1, 1): close(-1.0), (4, 2): close(6.0)}
    other = {"Uplink": "downlink", "Downlink": "uplink"}[direction]
    assert fresh.settings()[other] == before[other]


def test_set_matrix_is_one_change(fresh):
    with fresh.monitor() as lines:
        fresh.call(ROOT, MATRIX, "SetMatrix", CELLS + CELLS, [(1, 1, 0.0)], [(2, 2, 0.0)])
        event = json.loads(lines.until(lambda line: json.loads(line)["event"] == "matrix"))
    assert len(event["uplink"]) == len(event["downlink"]) == 12
    assert [1, 1, 0] in event["uplink"] and [2, 2, 0] in event["downlink"]


@pytest.mark.parametrize("path,interface,kind", [(channel(2), CHANNEL, "channel"),
                                                 (tablet(2), TABLET, "tablet")])
def test_binding(fresh, path, interface, kind):
    for name in ("Capture", "Playback"):
        assert plain(fresh.get(path, interface, name)) == ["", 0]
    note = fresh.call(path, interface, "Bind", "ssu", "capture", "serial:Desk", 2)
    missing = f"{kind} 2 captures from serial:Desk,0, which is not there; it is linked as soon as it is"
    assert note == missing
    assert plain(fresh.get(ROOT, MANAGER, "BindingTroubles")) == [missing]
    assert plain(fresh.get(path, interface, "Capture")) == ["serial:Desk,0", 2]
    assert plain(fresh.get(path, interface, "Playback")) == ["", 0]
    assert plain(fresh.get(ROOT, MANAGER, "Devices")) == [
        ["capture", ["serial:Desk,0"], "", 0, 0, "missing", [[kind, 2, 2]]]]
    # another takes its place; both directions are apart
    fresh.call(path, interface, "Bind", "ssu", "capture", "path:usb-1:1,3", 0)
    fresh.call(path, interface, "Bind", "ssu", "playback", "card:Desk", 1)
    assert plain(fresh.get(path, interface, "Capture")) == ["path:usb-1:1,3", 0]
    assert plain(fresh.get(path, interface, "Playback")) == ["card:Desk,0", 1]
    for direction in ("capture", "playback", "playback"):
        fresh.call(path, interface, "Unbind", "s", direction)
    assert plain(fresh.get(ROOT, MANAGER, "Devices")) == []
    assert plain(fresh.get(ROOT, MANAGER, "BindingTroubles")) == []


def test_empty_link_is_silence(fresh):
    fresh.call(ROOT, MATRIX, "SetUplink", CELLS, dbus.Array([], signature="(uud)"))
    assert all(gain == -240 for _, _, gain in fresh.call(ROOT, MATRIX, "GetUplink"))


@pytest.mark.parametrize("gain,shown", [(-3.0, -3.0), (-INF, -240.0)])
def test_uniform(fresh, gain, shown):
    fresh.call(ROOT, MATRIX, "SetUniform", "d", gain)
    for direction in ("GetUplink", "GetDownlink"):
        assert all(g == close(shown) for _, _, g in fresh.call(ROOT, MATRIX, direction))


PROPERTIES = [
    (ROOT, MATRIX, "HeadroomDb", 12.0, 6.5),
    (ROOT, MATRIX, "PartyLine", True, False),
    (ROOT, MATRIX, "RampMs", 5.0, 20.0),
    (ROOT, MATRIX, "VoxThresholdDb", -40.0, -30.0),
    (ROOT, MATRIX, "VoxHangMs", 300.0, 0.0),
    (ROOT, MATRIX, "TalkTimeoutSeconds", 0.0, 30.0),
    (ROOT, MATRIX, "BusyRefusal", False, True),
    (channel(2), CHANNEL, "Name", "Channel 2", "Lighting"),
    (channel(2), CHANNEL, "Muted", False, True),
    (tablet(3), TABLET, "Name", "Tablet 3", "Zoë 🎙"),
    (tablet(3), TABLET, "Muted", False, True),
    (tablet(3), TABLET, "TalkMuted", False, True),
    (tablet(3), TABLET, "ListenMuted", False, True),
    (tablet(3), TABLET, "Mode", "open", "momentary"),
    (tablet(3), TABLET, "Mode", "open", "latch"),
    (tablet(3), TABLET, "Mode", "open", "vox"),
    (tablet(3), TABLET, "SidetoneDb", -240.0, -10.0),
]


@pytest.mark.parametrize("path,interface,name,default,value", PROPERTIES)
def test_property(fresh, path, interface, name, default, value):
    before = fresh.settings()
    assert plain(fresh.get(path, interface, name)) == default
    with fresh.monitor() as lines:
        fresh.set(path, interface, name, value)
        event = json.loads(lines.until(lambda line: '"changed"' in line))
    expected = pytest.approx(value) if isinstance(value, float) else value
    assert plain(fresh.get(path, interface, name)) == expected
    assert event["value"] == expected
    # And nothing else.
    after = fresh.settings()
    where = path if path in after else interface
    assert after[where].pop(name) == expected
    before[where].pop(name)
    assert after == before


def test_every_writable_property_is_in_the_table(shared):
    import xml.etree.ElementTree as ElementTree

    from rig.confs import SOURCE

    for interface in (MANAGER, MATRIX, CHANNEL, TABLET):
        root = ElementTree.parse(SOURCE / "dbus" / f"{interface}.xml")
        writable = {e.get("name") for e in root.iter("property") if e.get("access") == "readwrite"}
        assert writable == {name for _, i, name, _, _ in PROPERTIES if i == interface}


def test_empty_name_brings_the_default_back(fresh):
    fresh.set(tablet(1), TABLET, "Name", "Anna")
    fresh.set(tablet(1), TABLET, "Name", "")
    assert fresh.get(tablet(1), TABLET, "Name") == "Tablet 1"


def test_set_vox_sets_both(fresh):
    fresh.call(ROOT, MATRIX, "SetVox", "dd", -20.0, 100.0)
    assert fresh.get(ROOT, MATRIX, "VoxThresholdDb") == -20.0
    assert fresh.get(ROOT, MATRIX, "VoxHangMs") == 100.0


def test_keys(fresh):
    def keys(number):
        return plain(fresh.get(tablet(number), TABLET, "Keys"))

    def active(number):
        return plain(fresh.get(channel(number), CHANNEL, "ActiveTablets"))

    fresh.call(tablet(1), TABLET, "PressKey", "uu", 2, 7)
    fresh.call(tablet(3), TABLET, "PressKey", "uu", 2, 1)
    fresh.call(tablet(3), TABLET, "PressKey", "uu", 3, 1)
    assert (keys(1), keys(3), active(2), active(3)) == ([2], [2, 3], [1, 3], [3])
    assert fresh.http("/ptt/state")["channels"] == {"1": [], "2": [1, 3], "3": [3]}
    fresh.call(tablet(1), TABLET, "ReleaseKey", "u", 2)
    fresh.call(tablet(1), TABLET, "ReleaseKey", "u", 2)
    assert (keys(1), active(2)) == ([], [3])
    assert fresh.call(tablet(2), TABLET, "ToggleKey", "uu", 1, 1) == 1
    assert fresh.call(tablet(2), TABLET, "ToggleKey", "uu", 1, 1) == 0
    fresh.call(tablet(3), TABLET, "ReleaseAll")
    assert (keys(3), active(2), active(3)) == ([], [], [])

    history = plain(fresh.call(ROOT, MANAGER, "GetKeyHistory", "u", 0))[-8:]
    assert [record[1:] for record in history] == [
        [1, 2, True, 7], [3, 2, True, 1], [3, 3, True, 1], [1, 2, False, 1],
        [2, 1, True, 1], [2, 1, False, 1], [3, 2, False, 1], [3, 3, False, 1]]
    assert [record[0] for record in history] == sorted(record[0] for record in history)
    assert plain(fresh.call(ROOT, MANAGER, "GetKeyHistory", "u", 2)) == history[-2:]

    fresh.call(tablet(1), TABLET, "PressKey", "uu", 1, 1)
    fresh.call(tablet(2), TABLET, "PressKey", "uu", 1, 1)
    fresh.call(ROOT, MANAGER, "ReleaseAllKeys")
    assert fresh.http("/ptt/state")["channels"] == {"1": [], "2": [], "3": []}


def test_documents_are_those_of_http(fresh):
    state = json.loads(fresh.call(ROOT, MANAGER, "GetState"))
    shown = fresh.http("/state")
    for document in (state, shown):
        document.pop("ts")
        document["ptt"].pop("timestamp")
    assert state == shown
    health, shown = json.loads(fresh.call(ROOT, MANAGER, "GetHealth")), fresh.http("/health")
    health.pop("ts")
    shown.pop("ts")
    assert health == shown


def test_levels_without_a_graph_are_silence(fresh):
    tablets, channels = fresh.call(ROOT, MANAGER, "GetLevels")
    assert plain(tablets) == {str(i): -240.0 for i in range(1, 5)}
    assert plain(channels) == {str(i): -240.0 for i in range(1, 4)}
    tablets, channels = plain(fresh.call(ROOT, MANAGER, "GetMeters"))
    silent = [-240.0] * 4
    assert tablets == [[i, silent, silent, [], []] for i in range(1, 5)]
    assert channels == [[i, silent, silent, [], []] for i in range(1, 4)]
    assert not fresh.get(ROOT, MANAGER, "Connected")


def test_manager_properties(fresh):
    facts = plain(fresh.call(ROOT, dbus.PROPERTIES_IFACE, "GetAll", "s", MANAGER))
    assert (facts["NTablets"], facts["NChannels"]) == (4, 3)
    assert facts["ConfigFile"] == str(fresh.folder / "partyline.json")
    assert fresh.ctl("--version").stdout == f"partylinectl {facts['Version']}\n"


def test_reset(fresh):
    at_first = fresh.settings()
    for path, interface, name, _, value in PROPERTIES:
        fresh.set(path, interface, name, value)
    fresh.call(ROOT, MATRIX, "SetUniform", "d", -3.0)
    fresh.call(tablet(1), TABLET, "PressKey", "uu", 1, 1)
    assert fresh.settings() != at_first
    fresh.call(ROOT, MANAGER, "Reset")
    assert fresh.settings() == at_first


# --- bad input --------------------------------------------------------------


def crosspoint(direction, t, c, gain=-6.0):
    return (ROOT, MATRIX, "SetCrosspoint", "suud", direction, t, c, gain)


BAD = [
    (crosspoint("uplink", 0, 1), "NoSuchTablet"),
    (crosspoint("uplink", 5, 1), "NoSuchTablet"),
    (crosspoint("downlink", 4294967295, 1), "NoSuchTablet"),
    (crosspoint("uplink", 1, 0), "NoSuchChannel"),
    (crosspoint("downlink", 1, 4), "NoSuchChannel"),
    (crosspoint("sideways", 1, 1), "InvalidArgument"),
    (crosspoint("", 1, 1), "InvalidArgument"),
    (crosspoint("uplink", 1, 1, 20.1), "InvalidArgument"),
    (crosspoint("uplink", 1, 1, NAN), "InvalidArgument"),
    (crosspoint("downlink", 1, 1, INF), "InvalidArgument"),
    ((ROOT, MATRIX, "GetCrosspoint", "suu", "up", 1, 1), "InvalidArgument"),
    ((ROOT, MATRIX, "GetCrosspoint", "suu", "uplink", 5, 1), "NoSuchTablet"),
    ((ROOT, MATRIX, "GetCrosspoint", "suu", "uplink", 1, 4), "NoSuchChannel"),
    ((ROOT, MATRIX, "SetUplink", CELLS, [(1, 1, 0.0), (5, 1, 0.0)]), "NoSuchTablet"),
    ((ROOT, MATRIX, "SetUplink", CELLS, [(1, 4, 0.0), (5, 1, 0.0)]), "NoSuchChannel"),
    ((ROOT, MATRIX, "SetDownlink", CELLS, [(0, 1, 0.0)]), "NoSuchTablet"),
    ((ROOT, MATRIX, "SetDownlink", CELLS, [(1, 0, 0.0)]), "NoSuchChannel"),
    ((ROOT, MATRIX, "SetDownlink", CELLS, [(1, 1, 0.0), (1, 2, 21.0)]), "InvalidArgument"),
    ((ROOT, MATRIX, "SetUplink", CELLS, [(1, 1, 0.0)] * 4097), "InvalidArgument"),
    ((ROOT, MATRIX, "SetMatrix", CELLS + CELLS, [(1, 1, 0.0)], [(5, 1, 0.0)]), "NoSuchTablet"),
    ((ROOT, MATRIX, "SetMatrix", CELLS + CELLS, [(1, 1, NAN)], [(1, 1, 0.0)]), "InvalidArgument"),
    ((ROOT, MATRIX, "SetUniform", "d", 20.5), "InvalidArgument"),
    ((ROOT, MATRIX, "SetUniform", "d", NAN), "InvalidArgument"),
    ((ROOT, MATRIX, "SetVox", "dd", 1.0, 300.0), "InvalidArgument"),
    ((ROOT, MATRIX, "SetVox", "dd", -20.0, 10001.0), "InvalidArgument"),
    ((channel(1), CHANNEL, "Bind", "ssu", "sideways", "card:X", 0), "InvalidArgument"),
    ((channel(1), CHANNEL, "Bind", "ssu", "capture", "card:X", 65), "InvalidArgument"),
    ((channel(1), CHANNEL, "Bind", "ssu", "capture", "X", 0), "InvalidArgument"),
    ((tablet(1), TABLET, "Bind", "ssu", "playback", "card:", 0), "InvalidArgument"),
    ((tablet(1), TABLET, "Bind", "ssu", "playback", "path:a\nb", 0), "InvalidArgument"),
    ((tablet(1), TABLET, "Unbind", "s", ""), "InvalidArgument"),
    ((tablet(1), TABLET, "PressKey", "uu", 0, 1), "NoSuchChannel"),
    ((tablet(1), TABLET, "PressKey", "uu", 4, 1), "NoSuchChannel"),
    ((tablet(1), TABLET, "PressKey", "uu", 65, 1), "NoSuchChannel"),
    ((tablet(1), TABLET, "ReleaseKey", "u", 4), "NoSuchChannel"),
    ((tablet(1), TABLET, "ToggleKey", "uu", 0, 1), "NoSuchChannel"),
    ((tablet(1), TABLET, "ToggleKey", "uu", 4294967295, 1), "NoSuchChannel"),
]

BAD_VALUES = [
    (ROOT, MATRIX, "HeadroomDb", [-0.1, 60.1, NAN, INF]),
    (ROOT, MATRIX, "RampMs", [0.9, 1000.1, NAN]),
    (ROOT, MATRIX, "VoxThresholdDb", [-80.1, 0.1, NAN]),
    (ROOT, MATRIX, "VoxHangMs", [-1.0, 10000.1, NAN]),
    (ROOT, MATRIX, "TalkTimeoutSeconds", [-1.0, 3600.1, NAN]),
    (channel(1), CHANNEL, "Name", ["x" * 64, "a\nb", "\x1b[2J"]),
    (tablet(1), TABLET, "Name", ["x" * 64, "é" * 32, "a\tb"]),
    (tablet(1), TABLET, "Mode", ["", "Open", "talk", "x" * 1000]),
    (tablet(1), TABLET, "SidetoneDb", [0.1, 20.0, NAN, INF]),
]
BAD += [((path, dbus.PROPERTIES_IFACE, "Set", "ssv", interface, name, value), "InvalidArgument")
        for path, interface, name, values in BAD_VALUES for value in values]


@pytest.mark.parametrize("call,name", BAD, ids=lambda value: str(value)[:60])
def test_bad_input_names_its_error_and_changes_nothing(shared, call, name):
    before = shared.settings()
    with pytest.raises(CallError) as caught:
        shared.call(*call)
    assert caught.value.name == ERROR + name
    assert caught.value.message and not caught.value.message.endswith(".")
    assert shared.settings() == before


@pytest.mark.parametrize("call", [
    (ROOT, MATRIX, "SetCrosspoint", "suu", "uplink", 1, 1),
    (ROOT, MATRIX, "SetCrosspoint", "sssd", "uplink", "1", "1", 0.0),
    (ROOT, MATRIX, "SetUniform", "s", "loud"),
    (ROOT, MATRIX, "NoSuchMethod", ""),
    (tablet(99), TABLET, "PressKey", "uu", 1, 1),
    (tablet(1), dbus.PROPERTIES_IFACE, "Set", "ssv", TABLET, "Muted", "yes"),
    (tablet(1), dbus.PROPERTIES_IFACE, "Set", "ssv", TABLET, "Keys", dbus.Array([1], "u")),
    (tablet(1), dbus.PROPERTIES_IFACE, "Set", "ssv", TABLET, "Id", dbus.UInt32(2)),
    (tablet(1), dbus.PROPERTIES_IFACE, "Set", "ssv", TABLET, "NoSuchProperty", 1),
], ids=lambda call: str(call[2:])[:50])
def test_wrong_types_and_members_are_refused_by_the_bus_library(shared, call):
    before = shared.settings()
    with pytest.raises(CallError) as caught:
        shared.call(*call)
    assert caught.value.name.startswith("org.freedesktop.DBus.Error.")
    assert shared.settings() == before


def test_busy(fresh):
    fresh.set(ROOT, MATRIX, "BusyRefusal", True)
    fresh.call(tablet(1), TABLET, "PressKey", "uu", 1, 1)
    for member in ("PressKey", "ToggleKey"):
        with pytest.raises(CallError) as caught:
            fresh.call(tablet(2), TABLET, member, "uu", 1, 1)
        assert caught.value.name == ERROR + "Busy"
        assert "tablet 1" in caught.value.message
    assert plain(fresh.get(tablet(2), TABLET, "Keys")) == []
    fresh.call(tablet(1), TABLET, "ReleaseKey", "u", 1)
    fresh.call(tablet(2), TABLET, "PressKey", "uu", 1, 1)


def test_broken_configuration_is_refused_and_named(fresh):
    path = fresh.folder / "partyline.json"
    good = path.read_text(encoding="utf-8")
    before = fresh.settings()
    try:
        path.write_text(json.dumps({**json.loads(good), "headroom_db": "loud"}), encoding="utf-8")
        with pytest.raises(CallError) as caught:
            fresh.call(ROOT, MANAGER, "ReloadConfig")
        assert caught.value.name == ERROR + "InvalidArgument"
        assert "headroom_db" in caught.value.message
        assert fresh.settings() == before
    finally:
        path.write_text(good, encoding="utf-8")
    fresh.call(ROOT, MANAGER, "ReloadConfig")
