# SPDX-License-Identifier: MIT
"""The daemon's log on the bus and by partylinectl: the past, what comes, and slow readers."""

import json
import os
import pathlib
import sys

import pytest
from private_bus import ERROR, MANAGER, ROOT, CallError, PrivateBus

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "web"))

from wire import Connection  # noqa: E402

OK, REFUSED, USAGE, NOT_RUNNING = range(4)


def rename(session, name):
    assert session.ctl("name", "channel", "1", name).returncode == OK


def records(session, *words):
    return json.loads(session.call(ROOT, MANAGER, "ReadLog", "uss", *words))["records"]


def follow(session, *words):
    """A file of the records that come."""
    fd = session.call(ROOT, MANAGER, "FollowLog", "uss", *words)
    return os.fdopen(fd.take(), encoding="utf-8")


def test_the_past(shared):
    for name in ("Gate", "Bühne"):
        rename(shared, name)
    named = records(shared, 1000, "", "name")
    assert [r["data"]["name"] for r in named[-2:]] == ["Gate", "Bühne"]
    assert {r["event_type"] for r in named} == {"name.updated"}
    assert records(shared, 1, "", "name.updated") == named[-1:]
    assert records(shared, 0, "debug", "") == records(shared, 9, "error", "name") == []
    assert shared.ctl_json("log", "--event", "name", "--lines", "2") == named[-2:]
    line = shared.ctl("log", "--event", "name.updated", "--lines", "1").stdout
    assert "info     name.updated " in line and '"name":"Bühne"' in line and line.count("\n") == 1


@pytest.mark.parametrize("words,named", [((1001, "", ""), "0 to 1000"), ((1, "loud", ""), "'warning'"),
                                         ((1, "", "a b"), "name.updated")])
def test_what_makes_no_sense_is_refused(shared, words, named):
    for member in ("ReadLog", "FollowLog"):
        with pytest.raises(CallError) as refused:
            shared.call(ROOT, MANAGER, member, "uss", *words)
        assert refused.value.name == ERROR + "InvalidArgument" and named in refused.value.message
    lines, level, event = words
    options = ["--lines", str(lines)] + (["--level", level] if level else []) + (["--event", event] if event else [])
    for more in ([], ["--follow"]):
        done = shared.ctl("log", *options, *more)
        assert (done.returncode, done.stdout) == (REFUSED, "") and named in done.stderr


def test_every_record_comes_as_it_is_made(shared):
    rename(shared, "before")
    with shared.lines(shared.program("partylinectl"), "log", "--follow", "--json", "--lines", "1", "--event", "name") as ctl:
        ctl.until(lambda line: json.loads(line)["data"]["name"] == "before")
        rename(shared, "after")
        ctl.until(lambda line: json.loads(line)["data"]["name"] == "after")
        assert len(ctl.seen) == 2
    with shared.lines(shared.program("partylinectl"), "log", "--follow", "--lines", "1", "--event", "name") as ctl:
        ctl.until(lambda line: '"name":"after"' in line)


def test_a_slow_reader_is_told_what_it_missed():
    with PrivateBus(config={"log": {"level": "debug"}}) as session, follow(session, 0, "", "") as slow:
        # more than a socket holds and than is kept
        with Connection(session.http_port) as connection:
            for _ in range(5000):
                assert connection.ask("GET", "/health").status == 200
        rename(session, "the end")
        missed = n = 0
        while True:
            record = json.loads(slow.readline())
            n += "missed" not in record
            missed += record.get("missed", 0)
            if record.get("event_type") == "name.updated":
                break
        assert missed > 0 and n + missed > 5000


def test_as_many_as_there_may_be(fresh):
    readers = [follow(fresh, 0, "", "") for _ in range(16)]
    with pytest.raises(CallError) as refused:
        follow(fresh, 0, "", "")
    assert refused.value.name == ERROR + "Busy"
    for reader in readers:
        reader.close()
    while True:  # until the daemon has seen it
        try:
            follow(fresh, 0, "", "").close()
            break
        except CallError as error:
            assert error.name == ERROR + "Busy"


def test_it_ends_with_the_daemon(fresh):
    rename(fresh, "the last")
    with fresh.lines(fresh.program("partylinectl"), "log", "--follow", "--event", "name") as ctl:
        ctl.until(lambda line: '"name":"the last"' in line)
        fresh.processes["partyline"].popen.terminate()
        assert ctl.process.wait(60) == NOT_RUNNING
