# SPDX-License-Identifier: MIT
"""How the whole is, told to whoever looks after it. With a graph: test_engine.py."""

import os
import time

from access import Daemon
from schema import DOCUMENT, answer_schema, check
from wire import ask


def system(port):
    answer = ask(port, "GET", "/api/system")
    assert answer.status == 200
    check(answer_schema("GET", "/api/system", 200), answer.json())
    return answer.json()


def test_this_machine_and_this_program():
    before = time.time()
    with Daemon() as daemon:
        daemon.start()
        found = system(daemon.port)
        assert before - 1 <= found["started"] <= found["ts"] <= time.time() + 1
        assert found["host"] == os.uname().nodename
        assert os.uname().release in found["kernel"]
        assert found["config_file"] == str(daemon.config_path)
        assert found["disk"]["path"] == str(daemon.state)
        disk = os.statvfs(daemon.state)
        assert found["disk"]["size_bytes"] == disk.f_blocks * disk.f_frsize
        assert found["memory_bytes"] > 1e6
        versions = found["versions"]
        assert versions["partyline"] == DOCUMENT["info"]["version"]
        assert {"libpipewire", "openssl", "opus", "libsrtp2", "libwebsockets"} <= set(versions)
        assert all(v and v[0].isdigit() for v in versions.values()), versions


def test_what_is_wrong_is_said():
    stream = {"id": "mill", "endpoint": "channel.2", "remote": {"host": "127.0.0.1", "port": 5004},
              "local": {"port": 5004}, "srtp": {"cipher": "none"}}  # fmt: skip
    with Daemon() as daemon:
        daemon.start()
        found = system(daemon.port)
        assert not found["graph"]["connected"] and found["graph"]["rate_hz"] == 0
        assert "pipewire" not in found["versions"]
        assert "the audio engine is not connected" in found["troubles"][0]
        assert not [w for w in found["warnings"] if "stream" in w]
        assert daemon.ask("POST", "/api/streams", stream).status == 200
        assert any("mill is not encrypted" in w for w in system(daemon.port)["warnings"])
