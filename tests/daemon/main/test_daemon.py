# SPDX-License-Identifier: MIT
"""The daemon as a program: command line, messages, signals, state, log."""

import json
import pathlib
import re
import signal
import subprocess
import threading

import pytest
from plain_daemon import PROGRAM, PlainDaemon
from rig import free_port


@pytest.fixture
def daemon():
    with PlainDaemon() as plain:
        yield plain


def run(*args, **env):
    return subprocess.run(
        [PROGRAM, *args], capture_output=True, text=True, timeout=60, check=False, env=env or None
    )


# --- command line -------------------------------------------------------------


def test_help_and_version():
    done = run("--help")
    assert done.returncode == 0
    for option in ("config", "system", "port", "address", "tablets", "channels", "check-config"):
        assert f"--{option}" in done.stdout
    assert re.fullmatch(r"partyline \d+\.\d+\.\d+\n", run("--version").stdout)


@pytest.mark.parametrize(
    "args, words",
    [
        (["--nonsense"], "there is no option --nonsense"),
        (["--port", "70000"], '--port must be a number from 0 to 65535, not "70000"'),
        (["--port", "80x"], '--port must be a number from 0 to 65535, not "80x"'),
        (["--port"], "--port needs a value"),
        (["--tablets", "65"], '--tablets must be a number from 1 to 64, not "65"'),
        (["--channels", "0"], '--channels must be a number from 1 to 64, not "0"'),
        (["extra"], '"extra" is not an option'),
    ],
)
def test_wrong_command_line(args, words):
    done = run(*args)
    assert done.returncode == 2
    assert done.stderr == f"partyline: {words}; see --help\n"


def test_check_config(daemon):
    done = run("--check-config", "--config", str(daemon.config_path))
    assert (done.returncode, done.stdout) == (0, f"{daemon.config_path}: fine\n")
    daemon.write_config({"http": {"prot": 1}})
    done = run("--check-config", "--config", str(daemon.config_path))
    assert done.returncode == 78
    assert done.stderr == f"partyline: {daemon.config_path}: /http/prot: unknown key\n"


def test_configuration_of_mission_control(daemon):
    daemon.config_path.write_text('{"fs": 44100, "frame_size": 1024, "headroom_db": 6.0}')
    daemon.env["STATE_DIRECTORY"] = str(daemon.state)
    daemon.env["RUNTIME_DIRECTORY"] = str(daemon.folder / "run")
    daemon.start("--port", "0")
    assert daemon.get("/health")["config"] == {"fs": 44100, "frame_size": 1024, "headroom_db": 6.0}
    assert daemon.get("/state")["config"]["headroom_db"] == 6.0


def test_size_from_the_command_line(daemon):
    daemon.start("--tablets", "3", "--channels", "2")
    health = daemon.get("/health")
    assert (health["num_tablets"], health["num_channels"]) == (3, 2)


# --- what keeps it from starting ------------------------------------------------


def fails(daemon, *args):
    process = daemon.spawn(*args)
    assert process.wait() == 1
    return process.log_text()


def test_busy_port_is_named(daemon):
    daemon.start()
    port = daemon.url.rpartition(":")[2]
    with PlainDaemon() as second:
        assert f"port {port} on 127.0.0.1 is in use" in fails(second, "--port", port)


def test_open_address_has_tls(daemon):
    # what it lets through: faces-http/test_tls.py
    daemon.start("--address", "0.0.0.0")
    assert daemon.url.startswith("https://0.0.0.0:")


def test_open_address_without_tls_by_consent(daemon):
    daemon.start("--address", "0.0.0.0", "--insecure-lan")
    assert daemon.url.startswith("http://0.0.0.0:")


def test_two_daemons_on_one_state(daemon):
    daemon.start()
    with PlainDaemon({"state_directory": str(daemon.state)}) as second:
        text = fails(second)
    assert f"another Partyline (process {daemon.process.pid}) uses the state directory" in text
    assert str(daemon.state) in text
    daemon.get("/health")


def test_unusable_state_directory():
    with PlainDaemon({"state_directory": "/dev/null/x"}) as daemon:
        text = fails(daemon)
    assert 'the state directory "/dev/null/x" cannot be used' in text
    assert "state_directory" in text


# --- signals ---------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_clean_end(daemon, number):
    daemon.start()
    daemon.process.popen.send_signal(number)
    assert "STOPPING=1" in daemon.wait_notify("STOPPING=1")
    assert daemon.process.wait() == 0
    assert daemon.records()[-1][1]["event_type"] == "api.shutdown"


def test_reload_by_signal(daemon):
    daemon.start()
    daemon.write_config({"headroom_db": 3.5})
    daemon.process.popen.send_signal(signal.SIGHUP)
    assert "MONOTONIC_USEC=" in daemon.wait_notify("RELOADING=1")
    daemon.wait_notify("READY=1")
    assert daemon.get("/state")["config"]["headroom_db"] == 3.5
    level, record = daemon.wait_record("config.reload")
    assert level == "INFO"
    assert record["data"]["headroom_db"] == 3.5

    daemon.config_path.write_text('{"headroom_db": 1.0, ')
    daemon.process.popen.send_signal(signal.SIGHUP)
    daemon.wait_notify("READY=1")
    assert daemon.get("/state")["config"]["headroom_db"] == 3.5
    level, record = daemon.wait_record("config.reload.error")
    assert level == "ERROR"
    assert str(daemon.config_path) in record["error"]


def test_reload_by_http_gives_the_reason(daemon):
    daemon.start()
    daemon.write_config({"headroom_db": 99})
    status, answer = daemon.call("POST", "/config/reload")
    assert 400 <= status < 500
    assert "/headroom_db: must be at most 60" in json.dumps(answer)
    assert daemon.get("/state")["config"]["headroom_db"] == 12.0


# --- state --------------------------------------------------------------------------


def change_much(daemon):
    uplink = {"1": {"1": 0.1, "16": 1 / 3}, "4": {"2": 0.0}}
    for path, body in (
        ("/matrix", {"uplink": uplink, "headroom_db": 6.7}),
        ("/channel/2/mute", {"mute": True}),
        ("/tablet/3/mute", {"mute": True}),
        ("/tablet/4/mute", {"mute": False}),
        ("/ptt/request", {"tablet_id": 5, "channel": 4}),
        ("/ptt/request", {"tablet_id": 6, "channel": 4}),
    ):
        status, answer = daemon.call("POST", path, body)
        assert status == 200, answer


def test_state_survives_restart_and_kill(daemon):
    daemon.start()
    change_much(daemon)
    before = daemon.settings()
    assert before[0]["uplink"]["1"] == {"1": 0.1, "16": 1 / 3}
    assert before[1]["4"] == [5, 6]
    assert daemon.process.stop() == 0
    daemon.start()
    assert daemon.settings() == before
    daemon.kill()
    daemon.start()
    assert daemon.settings() == before


def test_kill_in_a_storm(daemon):
    """kill -9 at some moment while changes come: the state is one that was confirmed, or asked for."""
    asked = confirmed = 12000  # the default headroom, in thousandths of a dB
    for _ in range(8):
        daemon.start()
        state, _ = daemon.settings()
        at = round(state["headroom_db"] * 1000)
        assert confirmed <= at <= asked
        confirmed = at
        asked = at
        enough = threading.Event()

        def storm():
            nonlocal asked, confirmed
            try:
                while True:
                    asked = confirmed + 1
                    status, _ = daemon.call("POST", "/matrix", {"headroom_db": asked / 1000})
                    assert status == 200
                    confirmed = asked
                    if confirmed - at > 20:
                        enough.set()
            except OSError:
                enough.set()

        thread = threading.Thread(target=storm)
        thread.start()
        assert enough.wait(60)
        daemon.kill()
        thread.join()
    assert confirmed > 12160


def test_damaged_state(daemon):
    daemon.start()
    daemon.call("POST", "/matrix", {"headroom_db": 5.0})
    daemon.call("POST", "/matrix", {"headroom_db": 4.0})
    daemon.process.stop()
    (daemon.state / "state.json").write_text('{"version": 1, "headroom_db": 4.')
    daemon.start()
    assert daemon.get("/state")["config"]["headroom_db"] == 5.0
    errors = [r["error"] for level, r in daemon.records() if r["event_type"] == "state.error"]
    assert len(errors) == 2
    assert "state.json was damaged" in errors[0]
    bad = list(pathlib.Path(daemon.state).glob("state.json.bad-*"))
    assert len(bad) == 1
    assert bad[0].name in errors[0]


def test_size_may_change_between_starts(daemon):
    daemon.start()
    change_much(daemon)
    daemon.process.stop()
    daemon.start("--tablets", "4", "--channels", "4")
    config, keys = daemon.settings()
    assert config["uplink"]["1"] == {"1": 0.1}
    assert config["headroom_db"] == 6.7
    assert keys["4"] == []


def test_full_disk_changes_nothing(daemon):
    daemon.start()
    before = daemon.settings()
    # A folder in the place of the new file: it cannot be written, as on a full disk.
    (daemon.state / "state.json.new").mkdir()
    status, answer = daemon.call("POST", "/matrix", {"headroom_db": 1.0})
    assert status >= 400
    assert "could not be kept" in json.dumps(answer)
    assert daemon.settings() == before
    (daemon.state / "state.json.new").rmdir()
    assert daemon.call("POST", "/matrix", {"headroom_db": 1.0})[0] == 200


def test_time_out_timer_runs_out(daemon):
    daemon.start()
    status, answer = daemon.call("PUT", "/api/talk-timeout", {"timeout_s": 0.2})
    assert status == 200, answer
    daemon.call("POST", "/ptt/request", {"tablet_id": 1, "channel": 1})
    _, record = daemon.wait_record("ptt.release")
    assert record["data"]["by"] == "internal time-out timer"
    assert daemon.settings()[1]["1"] == []


# --- log -------------------------------------------------------------------------------


def test_log_of_a_short_life(daemon):
    daemon.write_config({"log": {"level": "debug", "service": "mission-control-audio"}})
    daemon.start()
    daemon.get("/health")
    daemon.call("POST", "/ptt/request", {"tablet_id": 1, "channel": 2, "priority": 3})
    daemon.wait_record("engine.waiting")
    daemon.process.stop()
    records = daemon.records()
    events = {record["event_type"]: (level, record) for level, record in records}
    for event in ("api.startup", "ptt.request", "engine.waiting", "api.shutdown", "health.check"):
        assert event in events, list(events)
    assert events["health.check"][0] == "DEBUG"
    request = events["ptt.request"][1]
    assert request["service"] == "mission-control-audio"
    assert {"tablet_id": 1, "channel": 2, "priority": 3}.items() <= request["data"].items()
    for line in (daemon.state / "system.log").read_text().splitlines():
        assert re.match(
            r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} \| (DEBUG|INFO |WARNING|ERROR) \| \{", line
        )


def test_start_failure_is_in_the_log(daemon):
    port = free_port()
    with PlainDaemon() as other:
        other.start("--port", str(port))
        fails(daemon, "--port", str(port))
    level, record = daemon.records()[-1]
    assert (level, record["event_type"]) == ("ERROR", "api.startup_error")
    assert str(port) in record["error"]


JOURNAL_READER = """
import json, os, socket, sys
from plain_daemon import PlainDaemon
os.makedirs("/run/systemd/journal")
journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
journal.bind("/run/systemd/journal/socket")
journal.settimeout(60)
with PlainDaemon() as daemon:
    daemon.start()
    daemon.call("POST", "/ptt/request", {"tablet_id": 1, "channel": 2})
    while True:
        fields = dict(line.split("=", 1) for line in journal.recv(8192).decode().splitlines() if line)
        if fields["PARTYLINE_EVENT"] == "ptt.request":
            print(json.dumps(fields))
            break
"""


def test_journal_gets_fields():
    """A journal of our own at the fixed path, in a mount namespace of our own."""
    for unshare in (["unshare", "--mount"], ["unshare", "--mount", "--map-root-user"]):
        if subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode == 0:
            break
    else:
        pytest.skip("this machine allows no mount namespaces")
    command = "mount -t tmpfs none /run && exec /usr/bin/python3 -c \"$0\""
    done = subprocess.run(
        [*unshare, "sh", "-c", command, JOURNAL_READER],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    fields = json.loads(done.stdout)
    assert fields["MESSAGE"] == "Tablet 1 talks on channel 2"
    assert fields["PRIORITY"] == "6"
    assert fields["SYSLOG_IDENTIFIER"] == "partyline"
    assert json.loads(fields["PARTYLINE_DATA"])["channel"] == 2
