# SPDX-License-Identifier: MIT
"""Every command of partylinectl against the real daemon, as text and as JSON."""

import json
import re
import subprocess

import pytest
from private_bus import MANAGER, MATRIX, ROOT, TABLET, channel, plain, tablet

OK, REFUSED, USAGE, NOT_RUNNING, NOT_PERMITTED, UNWELL = range(6)

SILENT = {"vu_db": -240, "rms_db": -240, "peak_db": -240, "peak_hold_db": -240}


def table_of_commands(session):
    """The names in --help."""
    text = session.ctl("--help").stdout
    part = text.split("COMMANDS\n")[1].split("\n\n")[0]
    return re.findall(r"^  (\S+) ", part, re.M)


# Words, JSON that comes back (a function of it, or a value), a piece of the text. Each is run on a
# daemon that was reset.
CASES = [
    (["bind", "channel", "3", "capture"],
     {"channel": 3, "direction": "capture", "device": "", "port": 0, "note": ""},
     "channel 3 capture: not bound"),
    (["bind", "tablet", "2", "playback", "card:Desk,1", "--port", "2"],
     {"tablet": 2, "direction": "playback", "device": "card:Desk,1", "port": 2,
      "note": "tablet 2 plays to card:Desk,1, which is not there; it is linked as soon as it is"},
     "tablet 2 playback: card:Desk,1, port 2\nnote: "),
    (["busy-refusal"], {"busy_refusal": False}, "busy refusal: off"),
    (["busy-refusal", "on"], {"busy_refusal": True}, "busy refusal: on"),
    (["channels"], lambda a: [c["id"] for c in a] == [1, 2, 3] and a[0]["name"] == "Channel 1",
     "Channel 3"),
    (["crosspoint", "get", "downlink", "1", "2"],
     {"direction": "downlink", "tablet": 1, "channel": 2, "gain_db": -12}, ": -12.0 dB"),
    (["crosspoint", "set", "uplink", "1", "2", "-6"],
     {"direction": "uplink", "tablet": 1, "channel": 2, "gain_db": -6}, ": -6.0 dB"),
    (["crosspoint", "set", "uplink", "1", "2", "off"],
     {"direction": "uplink", "tablet": 1, "channel": 2, "gain_db": -240}, ": off"),
    (["crosspoint", "set", "downlink", "4", "3", "-inf"],
     {"direction": "downlink", "tablet": 4, "channel": 3, "gain_db": -240}, ": off"),
    (["devices"], [], "DEVICE "),
    (["export"], lambda a: a["mqtt"] is None and a["s3"] is None, "MQTT   not in use"),
    (["gateway"], lambda a: [r["endpoint"] for r in a] == ["channel.1", "channel.2", "channel.3"],
     "channel.3 "),
    (["gpio"], [], "ID "),
    (["headroom"], {"headroom_db": 12}, "headroom: 12 dB"),
    (["headroom", "6.5"], {"headroom_db": 6.5}, "headroom: 6.5 dB"),
    (["health"], lambda a: a["status"] == "ok" and a["num_tablets"] == 4, '"num_channels": 3'),
    (["history", "--limit", "1"], lambda a: isinstance(a, list) and len(a) <= 1, ""),
    (["key", "press", "1", "2", "--priority", "5"], {"tablet": 1, "channel": 2, "down": True},
     "key down"),
    (["key", "release", "1", "2"], {"tablet": 1, "channel": 2, "down": False}, "key up"),
    (["key", "toggle", "3", "1"], {"tablet": 3, "channel": 1, "down": True}, "key down"),
    (["levels"], {"tablets": {str(i): -240 for i in range(1, 5)},
                  "channels": {str(i): -240 for i in range(1, 4)}}, "silent"),
    (["log", "--lines", "0"], [], ""),
    (["log", "--event", "api"], lambda a: [r["event_type"] for r in a] == ["api.startup"], "  api.startup "),
    (["matrix"], lambda a: a["uplink"]["4"]["3"] == a["downlink"]["1"]["1"] == -12,
     "tablet 4  -12.0  -12.0  -12.0\ndownlink"),
    (["matrix", "uplink"], lambda a: list(a) == ["uplink"] and len(a["uplink"]) == 4, "uplink [dB]"),
    (["meters", "--once"],
     lambda a: a["tablets"][3] == {"id": 4, "talk": SILENT, "listen": SILENT, "keys": [],
                                   "talking": []}
     and a["channels"][0] == {"id": 1, "outside": SILENT, "line": SILENT, "active_tablets": [],
                              "talking_tablets": []},
     "tablet   4  talk"),
    (["mode", "2"], {"tablet": 2, "mode": "open"}, "tablet 2: mode open"),
    (["mode", "2", "latch"], {"tablet": 2, "mode": "latch"}, "tablet 2: mode latch"),
    (["mute", "channel", "3"], {"channel": 3, "muted": True}, "channel 3: muted"),
    (["mute", "tablet", "3"], {"tablet": 3, "muted": True}, "tablet 3: muted"),
    (["mute", "talk", "3"], {"tablet": 3, "talk_muted": True}, "tablet 3: talk muted"),
    (["mute", "listen", "3"], {"tablet": 3, "listen_muted": True}, "tablet 3: listen muted"),
    (["name", "tablet", "1"], {"tablet": 1, "name": "Tablet 1"}, "tablet 1: Tablet 1"),
    (["name", "channel", "1", "Stage ←"], {"channel": 1, "name": "Stage ←"}, "channel 1: Stage "),
    (["page", "end", "2"], {"ended": "2"}, "2 ended"),
    (["page", "history"], [], ""),
    (["page", "list"], [], "ID "),
    (["party-line"], {"party_line": True}, "party line: on"),
    (["party-line", "off"], {"party_line": False}, "party line: off"),
    (["ramp"], {"ramp_ms": 5}, "ramp: 5 ms"),
    (["ramp", "50"], {"ramp_ms": 50}, "ramp: 50 ms"),
    (["release-all"], {"released": True}, "all keys of all tablets"),
    (["release-all", "2"], {"tablet": 2, "released": True}, "tablet 2: all keys up"),
    (["reload"], {"reloaded": True}, "read again"),
    (["reset", "--yes"], {"reset": True}, "as at first"),
    (["sap"], [], "no session"),
    (["sidetone", "1"], {"tablet": 1, "sidetone_db": -240}, "sidetone off"),
    (["sidetone", "1", "-20"], {"tablet": 1, "sidetone_db": -20}, "sidetone -20.0 dB"),
    (["sidetone", "1", "off"], {"tablet": 1, "sidetone_db": -240}, "sidetone off"),
    (["state"], lambda a: set(a) == {"ts", "vu_db", "config", "ptt"}, '"headroom_db": 12'),
    (["stream", "key"], lambda a: len(a["key"]) == 60, "="),
    (["stream", "key", "aes_128_cm"], lambda a: len(a["key"]) == 40, ""),
    (["stream", "list"], [], "ID "),
    (["tablets"], lambda a: [t["id"] for t in a] == [1, 2, 3, 4] and a[1]["mode"] == "open",
     "Tablet 4"),
    (["talk-timeout"], {"talk_timeout_seconds": 0}, "0 s"),
    (["talk-timeout", "90"], {"talk_timeout_seconds": 90}, "90 s"),
    (["talk-timeout", "off"], {"talk_timeout_seconds": 0}, "0 s"),
    (["unbind", "tablet", "1", "capture"],
     {"tablet": 1, "direction": "capture", "device": "", "port": 0, "note": ""},
     "tablet 1 capture: not bound"),
    (["uniform", "-3"], {"gain_db": -3}, "everyone to everyone: -3.0 dB"),
    (["uniform", "off"], {"gain_db": -240}, "everyone to everyone: off"),
    (["unmute", "channel", "3"], {"channel": 3, "muted": False}, "channel 3: not muted"),
    (["unmute", "talk", "3"], {"tablet": 3, "talk_muted": False}, "tablet 3: talk not muted"),
    (["version"], lambda a: a["partyline"] == a["partylinectl"], "partyline "),
    (["vox"], {"vox_threshold_db": -40, "vox_hang_ms": 300}, "vox opens at: -40 dBFS"),
    (["vox", "-30"], {"vox_threshold_db": -30, "vox_hang_ms": 300}, "vox opens at: -30 dBFS"),
    (["vox", "-30", "1000"], {"vox_threshold_db": -30, "vox_hang_ms": 1000}, "1000 ms"),
]
# These have tests of their own below or in other files.
ELSEWHERE = {"certificate", "claims", "discover", "import", "listeners", "monitor", "status", "token"}


@pytest.mark.parametrize("words,answer,text", CASES, ids=lambda v: " ".join(v) if isinstance(v, list) else "")
def test_command(fresh, words, answer, text):
    done = fresh.ctl(*words, "--json")
    assert (done.returncode, done.stderr) == (OK, "")
    assert done.stdout.count("\n") == 1
    found = json.loads(done.stdout)
    assert answer(found) if callable(answer) else found == answer
    fresh.ctl("reset", "--yes")
    done = fresh.ctl(*words)
    assert (done.returncode, done.stderr) == (OK, "")
    assert text in done.stdout


def test_devices_are_watched(fresh):
    with fresh.lines(fresh.program("partylinectl"), "devices", "--watch", "--json") as lines:
        lines.until(lambda line: json.loads(line) == [])
        fresh.ctl("bind", "channel", "1", "capture", "card:Desk")
        lines.until(lambda line: json.loads(line)[0]["names"] == ["card:Desk,0"])
        fresh.ctl("mute", "channel", "1")
        fresh.ctl("unbind", "channel", "1", "capture")
        lines.until(lambda line: json.loads(line) == [])
        assert len(lines.seen) == 3  # what is no news is not told


def test_every_command_is_run(shared):
    commands = table_of_commands(shared)
    assert set(commands) == {words[0] for words, _, _ in CASES} | ELSEWHERE
    assert commands == sorted(commands)


def test_what_is_set_is_set(fresh):
    fresh.ctl("crosspoint", "set", "uplink", "1", "2", "-6")
    fresh.ctl("crosspoint", "set", "downlink", "2", "1", "off")
    assert fresh.call(ROOT, MATRIX, "GetCrosspoint", "suu", "uplink", 1, 2) == pytest.approx(-6)
    assert fresh.call(ROOT, MATRIX, "GetCrosspoint", "suu", "downlink", 2, 1) == -240
    fresh.ctl("mute", "talk", "2")
    fresh.ctl("key", "press", "4", "3")
    assert plain(fresh.get(tablet(2), TABLET, "TalkMuted"))
    assert plain(fresh.get(tablet(4), TABLET, "Keys")) == [3]
    fresh.ctl("release-all", "4")
    assert plain(fresh.get(tablet(4), TABLET, "Keys")) == []


def test_history(fresh):
    fresh.ctl("key", "press", "1", "2", "--priority=9")
    fresh.ctl("key", "release", "1", "2")
    down, up = fresh.ctl_json("history", "-n", "2")
    assert down.pop("ts") <= up.pop("ts")
    assert down == {"tablet": 1, "channel": 2, "down": True, "priority": 9}
    assert up == {"tablet": 1, "channel": 2, "down": False, "priority": 1}
    lines = fresh.ctl("history").stdout.splitlines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}  tablet  1  channel  2  up    priority 1",
                        lines[-1])


def test_ids(shared):
    assert shared.ctl("tablets", "--ids").stdout.split() == ["1", "2", "3", "4"]
    assert shared.ctl("channels", "--ids").stdout.split() == ["1", "2", "3"]


def test_a_name_cannot_drive_the_terminal(fresh):
    # What control refuses today another version of the daemon may allow: C1 controls are UTF-8.
    fresh.call(channel(1), "org.freedesktop.DBus.Properties", "Set", "ssv",
               "org.partyline.Partyline1.Channel", "Name", "ab‮cd")
    out = fresh.ctl("channels").stdout
    assert "\033" not in out and "\u009b" not in out


# --- status -----------------------------------------------------------------------


def test_status_without_the_engine(fresh):
    fresh.ctl("mute", "channel", "2")
    fresh.ctl("mute", "tablet", "4")
    fresh.ctl("key", "press", "3", "1")
    done = fresh.ctl("status")
    assert done.returncode == UNWELL
    first, problem, *rest = done.stdout.splitlines()
    assert first.endswith("on the session bus needs attention:")
    assert problem.startswith("  ! the audio engine is not connected: there is no PipeWire server")
    assert "  4 tablets, 3 channels" in rest
    assert "  muted channels: 2" in rest and "  muted tablets: 4" in rest
    assert "  tablet 3 holds the key of channel 1" in rest
    done = fresh.ctl("--json", "status")
    status = json.loads(done.stdout)
    assert done.returncode == UNWELL
    assert status["ok"] is False and len(status["problems"]) == 1 and status["bus"] == "session"
    assert status["muted_tablets"] == [4] and status["muted_channels"] == [2]


# --- what goes wrong -----------------------------------------------------------------

BAD = [
    ([], USAGE, "a command is wanted"),
    (["frobnicate"], USAGE, 'no command "frobnicate"'),
    (["head"], USAGE, 'no command "head"'),
    (["ramp", "--frob"], USAGE, "no option --frob"),
    (["ramp", "-x"], USAGE, "no option -x"),
    (["ramp", "--json=1"], USAGE, "no option --json=1"),
    (["ramp", "--once"], USAGE, "ramp does not take --once"),
    (["history", "--limit"], USAGE, "--limit wants a value"),
    (["history", "--limit", "-1"], USAGE, "--limit is a number"),
    (["crosspoint"], USAGE, "too few arguments; usage: partylinectl crosspoint get|set"),
    (["headroom", "1", "2"], USAGE, "too many arguments"),
    (["headroom", "loud"], USAGE, 'not "loud"'),
    (["headroom", "nan"], USAGE, 'not "nan"'),
    (["headroom", ""], USAGE, 'not ""'),
    (["headroom", "99"], REFUSED, "99 is out of range; it must be 0 to 60"),
    (["crosspoint", "put", "uplink", "1", "1"], USAGE, "get or set"),
    (["crosspoint", "set", "uplink", "1", "1"], USAGE, "set wants"),
    (["crosspoint", "get", "uplink", "1", "1", "-6"], USAGE, "get wants"),
    (["crosspoint", "set", "sideways", "1", "1", "-6"], USAGE, "uplink or downlink"),
    (["crosspoint", "set", "uplink", "one", "1", "-6"], USAGE, 'TABLET is a number from 1, not "one"'),
    (["crosspoint", "set", "uplink", "-1", "1", "-6"], USAGE, "TABLET is a number"),
    (["crosspoint", "set", "uplink", "99999999999", "1", "-6"], USAGE, "TABLET is a number"),
    (["crosspoint", "set", "uplink", "5", "1", "-6"], REFUSED, "no tablet 5; tablets are 1 to 4"),
    (["crosspoint", "set", "uplink", "1", "1", "21"], REFUSED, "at most +20 dB"),
    (["key", "push", "1", "1"], USAGE, "press, release or toggle"),
    (["key", "press", "5", "1"], REFUSED, "no tablet 5"),
    (["key", "press", "1", "4"], REFUSED, "no channel 4; channels are 1 to 3"),
    (["mute", "door", "1"], USAGE, "channel, tablet, talk or listen"),
    (["mute", "channel", "0"], REFUSED, "there is no channel 0; channels are 1 to 3"),
    (["mute", "talk", "5"], REFUSED, "there is no tablet 5; tablets are 1 to 4"),
    (["mode", "1", "loud"], REFUSED, "open, momentary, latch and vox"),
    (["name", "door", "1"], USAGE, "channel or tablet"),
    (["name", "tablet", "1", "x" * 64], REFUSED, "63 bytes"),
    (["party-line", "yes"], USAGE, "on or off"),
    (["sidetone", "1", "3"], REFUSED, "at most 0 dB"),
    (["vox", "-30", "long"], USAGE, 'not "long"'),
    (["vox", "-30", "10001"], REFUSED, "out of range"),
    (["matrix", "both"], USAGE, "uplink or downlink"),
    (["meters", "--hz", "0", "--once=1"], USAGE, "no option --once=1"),
    (["meters", "--hz", "61"], USAGE, "at most 60"),
    (["reset"], USAGE, "wants --yes"),
]


@pytest.mark.parametrize("words,code,text", BAD, ids=lambda v: " ".join(v)[:40] if isinstance(v, list) else "")
def test_bad_input(shared, words, code, text):
    before = shared.settings()
    done = shared.ctl(*words)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith("partylinectl: ") and text in done.stderr
    assert done.stderr.count("\n") == 1
    assert shared.settings() == before


def test_errors_as_json(shared):
    done = shared.ctl("--json", "key", "press", "1", "9")
    assert done.returncode == REFUSED
    assert json.loads(done.stdout) == {"error": {
        "name": "org.partyline.Partyline1.Error.NoSuchChannel",
        "message": "no channel 9; channels are 1 to 3"}}
    done = shared.ctl("--json", "tablets", "--limit", "3")
    assert done.returncode == USAGE
    assert "does not take --limit" in json.loads(done.stdout)["error"]["message"]


def test_busy(fresh):
    fresh.ctl("busy-refusal", "on")
    fresh.ctl("key", "press", "1", "1")
    done = fresh.ctl("key", "press", "2", "1")
    assert done.returncode == REFUSED
    assert "channel 1 is busy: tablet 1 holds its key" in done.stderr


@pytest.mark.parametrize("words,text", [
    (["--session"], "partyline is not running on the session bus; start it with "),
    (["--system"], "partyline is not running on the system bus; start it with "),
    ([], "neither on the session bus nor on the system bus"),
])
def test_not_running(words, text):
    from private_bus import PrivateBus

    class Empty(PrivateBus):
        def start_daemon(self):
            return None

    with Empty() as session:
        for command in ("status", "headroom"):
            done = session.ctl(command, *words)
            assert (done.returncode, done.stdout) == (NOT_RUNNING, "")
            assert text in done.stderr and "systemctl" in done.stderr
        answer = json.loads(session.ctl("status", "--json", *words).stdout)
        assert text in answer["error"]["message"]


def test_no_bus_at_all(shared):
    nowhere = {"DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent/bus"}
    done = shared.ctl("--session", "status", env=nowhere)
    assert done.returncode == NOT_RUNNING
    assert "there is no session bus" in done.stderr and "--system" in done.stderr


def test_reset_asks_on_a_terminal(fresh):
    fresh.ctl("headroom", "20")
    for answer, code, headroom in ((b"no\n", REFUSED, 20), (b"yes\n", OK, 12)):
        import os
        import pty

        here, there = pty.openpty()
        process = subprocess.Popen([fresh.program("partylinectl"), "reset"], env=fresh.env,
                                   stdin=there, stdout=there, stderr=there, close_fds=True)
        os.close(there)
        text = b""
        while b"Type yes: " not in text:
            text += os.read(here, 4096)
        os.write(here, answer)
        assert process.wait(60) == code
        os.close(here)
        assert fresh.ctl_json("headroom") == {"headroom_db": headroom}


# --- help, completion, the rest --------------------------------------------------------


def test_help(shared):
    text = shared.ctl("--help").stdout
    for part in ("NAME", "SYNOPSIS", "COMMANDS", "OPTIONS", "EXIT CODES", "ENVIRONMENT", "EXAMPLES"):
        assert f"\n{part}\n" in f"\n{text}"
    for command in table_of_commands(shared):
        done = shared.ctl(command, "--help")
        assert done.returncode == OK
        assert done.stdout.startswith(f"partylinectl {command}")
        assert max(map(len, done.stdout.splitlines())) <= 100
    assert max(map(len, text.splitlines())) <= 80


def test_the_examples_of_the_help_work(fresh):
    examples = fresh.ctl("--help").stdout.split("EXAMPLES\n")[1].splitlines()
    for line in examples:
        line = line.strip()
        if line.split()[1] in ("meters", "monitor", "status"):
            continue
        line = line.replace("sleep 3", "true")
        path = f"{fresh.program('partylinectl').parent}:{fresh.env['PATH']}"
        done = fresh.run(["bash", "-c", line], env={"PATH": path})
        assert done.returncode == OK, (line, done)


def test_options_stand_anywhere(fresh):
    assert fresh.ctl("--json", "headroom", "6").stdout == fresh.ctl("headroom", "-j", "6").stdout
    assert fresh.ctl("name", "tablet", "1", "--", "--json").stdout == "tablet 1: --json\n"


def test_output_ends_when_nobody_reads(shared):
    process = subprocess.Popen([shared.program("partylinectl"), "meters", "--hz", "60"],
                               env=shared.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(60) != 0


def test_meters_as_lines(shared):
    for words, is_json in ((["--hz", "50"], False), (["--hz", "50", "--json"], True)):
        with shared.lines(shared.program("partylinectl"), "meters", *words) as lines:
            for _ in range(3):
                lines.until(lambda line: '"ts"' in line if is_json else line.startswith("tablet   4"))
            assert lines.close() == OK
        if is_json:
            times = [json.loads(line)["ts"] for line in lines.seen]
            assert times == sorted(times)


# --- monitor -----------------------------------------------------------------------------


def test_monitor_as_text(fresh):
    with fresh.lines(fresh.program("partylinectl"), "monitor") as lines:
        lines.until(lambda line: "watching partyline" in line)
        fresh.ctl("mute", "tablet", "2")
        fresh.ctl("key", "press", "1", "2")
        fresh.ctl("crosspoint", "set", "uplink", "1", "2", "-6")
        fresh.ctl("uniform", "0")
        lines.until(lambda line: line.endswith("downlink tablet 4 channel 3: 0.0 dB"))
        assert lines.close() == OK
    text = [line.split("  ", 1)[1] for line in lines.seen]
    assert "tablet 2 muted: true" in text
    assert "tablet 1 channel 2 key: down" in text
    assert "channel 2 active_tablets: [1]" in text
    assert "uplink tablet 1 channel 2: -6.0 dB" in text
    assert all(re.match(r"\d\d:\d\d:\d\d\.\d{3}  ", line) for line in lines.seen)


def test_monitor_sees_the_daemon_go_and_come(shared):
    from private_bus import PrivateBus

    with PrivateBus() as session, session.monitor() as lines:
        session.processes["partyline"].stop()
        lines.until(lambda line: '"left"' in line)
        session.start_daemon()
        lines.until(lambda line: '"came"' in line)
        session.ctl("headroom", "3")
        lines.until(lambda line: '"headroom_db","value":3' in line)
        session.processes["dbus-daemon"].kill()
        assert lines.process.wait(60) == NOT_RUNNING
