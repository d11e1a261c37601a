# SPDX-License-Identifier: MIT
"""Short of memory: what is refused has not happened, what is confirmed has, and the daemon goes on."""

import http.client
import os
import resource

import pytest
from plain_daemon import PlainDaemon

pytestmark = pytest.mark.skipif("PARTYLINE_SANITIZER" in os.environ, reason="a sanitizer's shadow is all of the memory")

PAGE = os.sysconf("SC_PAGE_SIZE")
# Bytes beyond what it has: from none at all to as much as a large change takes.
ROOM = [0, 4 * PAGE, 16 * PAGE, 32 * PAGE, 64 * PAGE, 128 * PAGE, 256 * PAGE, 1024 * PAGE]


def set_limit(daemon, room):
    """At most so much more than it has now; None: no limit."""
    limit = resource.RLIM_INFINITY
    if room is not None:
        with open(f"/proc/{daemon.process.pid}/statm", encoding="ascii") as statm:
            limit = int(statm.read().split()[0]) * PAGE + room
    resource.prlimit(daemon.process.pid, resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))


def change(daemon, n):
    """A large one: the whole matrix of 64 tablets. The status; None when there was no answer."""
    body = {"headroom_db": n / 100, "uplink": {str(c): {str(t): 0.1 + n / 10000 for t in range(1, 65)}
                                               for c in range(1, 65)}}
    try:
        return daemon.call("POST", "/matrix", body)
    except (OSError, http.client.HTTPException):
        return None, None


def test_changes_happen_or_are_refused():
    with PlainDaemon({"tablets": 64, "channels": 64}) as daemon:
        daemon.start()
        now = daemon.get("/state")["config"]
        statuses = set()
        for room in ROOM:
            for n in range(8):
                number = ROOM.index(room) * 10 + n + 1
                set_limit(daemon, room)
                status, answer = change(daemon, number)
                set_limit(daemon, None)
                statuses.add(status)
                found = daemon.get("/state")["config"]
                was_done = (found["headroom_db"], found["uplink"]["64"]["64"]) == (number / 100, 0.1 + number / 10000)
                if status == 200:
                    assert was_done
                elif status is None:
                    assert was_done or found == now
                else:
                    assert status == 503, (room, status, answer)
                    assert found == now
                now = found
        # Some were done in spite of it, some were not: else the limits have tried nothing.
        assert 200 in statuses and statuses & {503, None}, statuses
        assert daemon.call("POST", "/matrix", {"headroom_db": 7.0})[0] == 200
        daemon.kill()
        daemon.start()
        assert daemon.settings()[0]["headroom_db"] == 7.0
        assert daemon.settings()[0]["uplink"] == now["uplink"]
        assert [record for _, record in daemon.records() if record["event_type"] == "state.error"] == []
