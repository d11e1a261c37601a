# SPDX-License-Identifier: MIT
"""partylinectl's commands of the gateway, and what they leave behind."""

import base64
import json
import pathlib
import stat

import pytest
from private_bus import PrivateBus
from rig.confs import SOURCE

OK, REFUSED, USAGE = 0, 1, 2
ECHOSTREAM = SOURCE / "tests/fuzz/corpus/import-echostream/four-channels"
URL = "wss://audio.example.com/ws/"


@pytest.fixture(scope="module")
def session():
    with PrivateBus() as session:
        yield session


def answer(session, *words):
    done = session.ctl(*words, "--json")
    assert (done.returncode, done.stderr) == (OK, ""), done.stderr
    return json.loads(done.stdout)


def test_a_stream_from_its_key_to_its_end(session):
    key = answer(session, "stream", "key")["key"]
    assert len(base64.b64decode(key)) == 44 and key != answer(session, "stream", "key")["key"]
    assert answer(session, "stream", "add", "mill", "channel.2", "name=911", "remote.host=192.0.2.7",
                  "remote.port=5004", "local.port=5004", f"srtp.key={key}", "opus.ptime_ms=2.5",
                  "opus.dtx=true") == {"added": "mill"}
    (stream,) = answer(session, "stream", "list")
    assert stream["opus"]["ptime_ms"] == 2.5 and stream["opus"]["dtx"] is True
    assert stream["name"] == "911" and stream["srtp"] == {"cipher": "aes_256_gcm"}
    assert answer(session, "stream", "show", "mill")["id"] == "mill"
    assert session.ctl("stream", "list", "--ids").stdout == "mill\n"
    assert answer(session, "stream", "jitter", "mill", "0.75") == {"id": "mill", "safety": 0.75}
    table = session.ctl("gateway").stdout
    assert [line for line in table.splitlines() if line.startswith("channel.2") and "mill" in line]
    assert session.ctl("stream", "add", "mill", "channel.1").returncode == REFUSED
    assert answer(session, "stream", "remove", "mill") == {"removed": "mill"}
    assert answer(session, "stream", "list") == []


@pytest.mark.parametrize("words,message", [
    (["stream", "add", "a", "channel.9", "way=send"], "channels are 1 to 3"),
    (["stream", "add", "a", "channel.1", "way=send", "remote.host=h", "remote.port=5004"],
     "partylinectl stream key"),
    (["stream", "add", "a", "channel.1", "wya=send"], "wya unknown key"),
    (["stream", "remove", "a"], 'there is no stream "a"'),
    (["stream", "show", "a"], 'there is no stream "a"'),
    (["stream", "sdp", "a"], 'there is no RTP stream "a"'),
    (["page", "add", "a", "channel.1", "a_hz=100"], "a_hz must be 200 to 3500"),
    (["page", "remove", "a"], 'there is no page "a"'),
    (["page", "make", "x", "y"], "nothing was heard"),
    (["page", "end", "9"], "channels are 1 to 3"),
])
def test_what_is_refused_says_why(session, words, message):
    done = session.ctl(*words)
    assert done.returncode == REFUSED and message in done.stderr, done.stderr


@pytest.mark.parametrize("words", [
    ["stream", "grow"], ["stream", "add", "a"], ["stream", "key", "des"], ["page", "list", "more"],
    ["stream", "add", "a", "channel.1", "novalue"], ["import", "other", "x"],
    ["import", "echostream", str(ECHOSTREAM), "http://x"],
])
def test_what_makes_no_sense_shows_the_usage(session, words):
    assert session.ctl(*words).returncode == USAGE


def test_pages_are_added_shown_and_removed(session):
    answer(session, "page", "add", "gate", "channel.1", "kind=dtmf", "digits=911")
    answer(session, "page", "add", "crew-7", "tablet.2", "a_hz=1000", "b_hz=1500", "a_length_s=1",
           "b_length_s=3", "record_length_s=30", "passthrough_channel=2")
    assert [p["digits"] for p in answer(session, "page", "list") if p["id"] == "gate"] == ["911"]
    assert "1000 Hz 1 s, 1500 Hz 3 s" in session.ctl("page", "list").stdout
    rows = {row["endpoint"]: row for row in answer(session, "gateway")}
    assert rows["channel.1"]["pages"] == [{"id": "gate", "name": "", "kind": "dtmf"}]
    assert [page["id"] for page in rows["tablet.2"]["pages"]] == ["crew-7"] and "tablet.1" not in rows
    for page in ("gate", "crew-7"):
        answer(session, "page", "remove", page)


def columns_of(text):
    """{endpoint: each column's text, put together again} of the table."""
    heading, *lines = text.splitlines()
    begins = [heading.index(word) for word in ("ENDPOINT", "DEVICE", "STREAM", "GPIO LINE", "PAGES")]
    found = {}
    for line in lines:
        cells = [line[begin:end].strip() for begin, end in zip(begins, [*begins[1:], None])]
        endpoint = cells[0] or endpoint
        before = found.setdefault(endpoint, [""] * len(cells))
        found[endpoint] = [a + b for a, b in zip(before, cells)]
    return found


@pytest.mark.parametrize("width", [60, 80, 120, 0])
def test_the_table_fits_the_terminal_and_loses_nothing(session, width):
    card = "path:platform-fd500000.pcie-pci-0000:01:00.0-usb-0:1.3:1.0"
    for direction in ("capture", "playback"):
        assert session.ctl("bind", "channel", "3", direction, card).returncode == OK
    pages = [f"crew-number-{i}" for i in range(8)]
    for i, page in enumerate(pages):
        answer(session, "page", "add", page, "channel.3", "kind=dtmf", f"digits=91{i}")
    answer(session, "stream", "add", "mill", "channel.3", "way=receive", "local.port=5004",
           "srtp.cipher=none")
    try:
        shown = session.ctl("gateway", env={"COLUMNS": str(width) if width else ""}).stdout
        lines = shown.splitlines()
        assert all(line == line.rstrip() for line in lines)
        if width:
            assert max(map(len, lines)) <= width
        else:
            assert len(lines) == 1 + 3  # a script that reads text has a line for each
        row = columns_of(shown)["channel.3"]
        assert row[0] == "channel.3" and row[1] == f"{card},0"
        assert row[2].startswith("mill(") or row[2].startswith("mill (")
        assert row[4].replace(" ", "").split(",") == pages
    finally:
        answer(session, "stream", "remove", "mill")
        for page in pages:
            answer(session, "page", "remove", page)
        for direction in ("capture", "playback"):
            session.ctl("unbind", "channel", "3", direction)


def test_status_tells_of_streams_in_the_clear(session):
    answer(session, "stream", "add", "open", "channel.1", "way=receive", "local.port=0",
           "srtp.cipher=none", "local.port=5008")
    status = json.loads(session.ctl("status", "--json").stdout)
    assert [w for w in status["warnings"] if "stream open is not encrypted" in w]
    answer(session, "stream", "remove", "open")


def test_echostreams_configuration_is_taken_by_the_daemon(session, tmp_path):
    done = session.ctl("import", "echostream", str(ECHOSTREAM), URL)
    assert done.returncode == OK
    assert "not in this file" in done.stderr and "input_high_one" in done.stderr
    gateway = json.loads("{" + done.stdout + "}")["gateway"]
    assert [s["echostream"]["channel_id"] for s in gateway["streams"]] == ["555", "666", "777"]
    assert [s["endpoint"] for s in gateway["streams"]] == ["tablet.1", "tablet.2", "tablet.3"]
    assert {s["transmit"] for s in gateway["streams"]} == {"keyed"}
    assert gateway["gpio"] == {"profile": "rpi-echostream"}
    first, second = gateway["tones"]["pages"]
    assert (first["id"], first["source"], first["passthrough_channel"]) == ("t-1", "channel.1", 2)
    assert (first["a_tolerance"], first["b_tolerance"]) == (10, 8.79)
    assert second["id"] == "t-1-2"
    assert gateway["tones"]["inputs"][0]["filters"][0]["type"] == "below"

    config = tmp_path / "partyline.json"
    config.write_text('{"tablets": 4}', encoding="utf-8")
    config.chmod(0o640)
    write = ["import", "echostream", str(ECHOSTREAM), URL, "--write", str(config)]
    assert session.ctl(*write).returncode == OK
    assert json.loads(config.read_text(encoding="utf-8")) == {"tablets": 4, "gateway": gateway}
    assert stat.S_IMODE(config.stat().st_mode) == 0o640
    checked = session.run([session.program("partyline"), "--check-config", "--config", str(config)])
    assert checked.returncode == OK, checked.stderr
    before = config.read_text(encoding="utf-8")
    again = session.ctl(*write)
    assert again.returncode == OK and "just this gateway already" in again.stderr
    other = session.ctl(*write[:3], "wss://other.example.com/ws/", *write[4:])
    assert other.returncode == REFUSED and "has another gateway already" in other.stderr
    assert config.read_text(encoding="utf-8") == before
    assert list(tmp_path.iterdir()) == [config]


def test_what_echostreams_configuration_has_and_nothing_here(session, tmp_path):
    config = json.loads(ECHOSTREAM.read_text(encoding="utf-8"))
    (first, *_) = config["shadow"]["state"]["desired"]["software_configuration"]
    first["channel_one"]["squelch"] = 3
    first["channel_one"]["a\u009b2J"] = 3
    detect = first["channel_one"]["tone_detect_configuration"]
    detect["alert_tones"] = [{**tone, "priority": 1} for tone in detect["alert_tones"] * 3]
    file = tmp_path / "config.json"
    file.write_text(json.dumps(config), encoding="utf-8")
    done = session.ctl("import", "echostream", str(file), URL)
    assert done.returncode == OK
    said = done.stderr.splitlines()
    assert [line for line in said if "squelch" in line] == [
        'channel 1: "squelch" is left out: nothing here corresponds to it']
    assert len([line for line in said if "priority" in line]) == 1
    assert '"a 2J"' in done.stderr and "\u009b" not in done.stderr


def test_echostreams_configuration_without_a_server(session):
    done = session.ctl("import", "echostream", str(ECHOSTREAM), "--json")
    assert json.loads(done.stdout)["streams"] == []
    assert "give it as the last argument" in done.stderr


def test_what_is_no_configuration_of_echostream(session, tmp_path):
    for text in ("", "{", "{}", "[]", '{"software_configuration": [{"channel_one": 7}]}'):
        file = tmp_path / "config.json"
        file.write_text(text, encoding="utf-8")
        done = session.ctl("import", "echostream", str(file), URL)
        assert done.returncode == REFUSED and "no configuration of EchoStream" in done.stderr
    assert session.ctl("import", "echostream", str(pathlib.Path("/nothing"))).returncode == REFUSED
