# SPDX-License-Identifier: MIT
"""The daemon and the server may be killed at any moment: audio, state and links survive."""

import json
import subprocess
import urllib.request

import numpy as np
import pytest

import audio
import model
from rig import Session
from test_life import CHANNELS, N_LINKS, TABLETS, Watch, wait_links


def call(session, path, body=None):
    """One request; the JSON answer."""
    url = f"http://127.0.0.1:{session.http_port}{path}"
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=audio.GUARD_SECONDS) as answer:
        return json.load(answer)


def set_state(session):
    """A state unlike the default in every part that makes sound; the model of it."""
    matrix = model.Matrix(TABLETS, CHANNELS, headroom_db=6.0)
    rng = np.random.default_rng(7)
    up = matrix.uplink = rng.uniform(0.1, 1.0, matrix.uplink.shape).round(3)
    down = matrix.downlink = rng.uniform(0.1, 1.0, matrix.downlink.shape).round(3)
    matrix.tablet_mute[2] = True
    matrix.channel_mute[1] = True
    call(session, "/matrix", {
        "uplink": {
            c + 1: {t + 1: float(up[c, t]) for t in range(TABLETS)} for c in range(CHANNELS)
        },
        "downlink": {
            t + 1: {c + 1: float(down[t, c]) for c in range(CHANNELS)} for t in range(TABLETS)
        },
        "headroom_db": 6.0,
    })  # fmt: skip
    call(session, "/tablet/3/mute", {"mute": True})
    call(session, "/channel/2/mute", {"mute": True})
    call(session, "/ptt/request", {"tablet_id": 2, "channel": 1})
    return matrix


def wait_for_effect(session, matrix):
    """Until the matrix node itself shows that state."""

    def taken(graph):
        node = graph.node("partyline.matrix")
        props = ((node or {}).get("info", {}).get("params", {}).get("Props") or [{}])[0]
        flat = props.get("params", [])
        now = {flat[i]: flat[i + 1] for i in range(0, len(flat), 2)}
        return (
            now.get("partyline.headroom-db") == matrix.headroom_db
            and np.allclose(now["partyline.uplink"], matrix.uplink.ravel(), atol=1e-5)
            and np.allclose(now["partyline.downlink"], matrix.downlink.ravel(), atol=1e-5)
            and now["partyline.tablet-mute"] == 4
            and now["partyline.channel-mute"] == 2
            and now["partyline.keys"] == [0, 1, 0]
        )

    with session.graph() as graph:
        graph.wait_for(taken, "the state in the matrix")


def state(session):
    """What must survive: everything but time and levels."""
    answer = call(session, "/state")
    keys = call(session, "/ptt/state")
    return answer["config"], keys["channels"]


class Connection:
    """Waits until the daemon says on the bus that its engine is connected."""

    def __init__(self, session):
        self.session = session

    def wait(self):
        words = ["--user", "--json=short", "get-property", "org.partyline.Partyline1"]
        words += ["/org/partyline/Partyline1", "org.partyline.Partyline1.Manager", "Connected"]
        process = self.session.spawn(
            "bus-monitor",
            ["busctl", "--user", "monitor", "org.partyline.Partyline1"],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        # Told once it listens; a message may be long in coming.
        assert "Monitoring" in process.popen.stdout.readline()
        try:
            while json.loads(self.session.check(["busctl", *words]))["data"] is not True:
                for line in process.popen.stdout:
                    if "Connected" in line:
                        break
        finally:
            process.stop()
            process.popen.stdout.close()


@pytest.fixture
def session():
    with Session(tablets=TABLETS, channels=CHANNELS, daemon=True) as running:
        Connection(running).wait()
        yield running


def test_the_daemon_may_die_and_no_sample_is_lost(session):
    matrix = set_state(session)
    before = state(session)
    wait_for_effect(session, matrix)
    with Watch(session, seed=2) as watch:
        watch.wait(0.5)
        for _ in range(3):
            session.processes["partyline"].kill()
            session.start_daemon()
            Connection(session).wait()
            assert state(session) == before
        watch.wait(0.5)
        watch.check_no_sample_lost(matrix)


def test_the_server_may_die_and_the_daemon_restores_everything(session):
    matrix = set_state(session)
    before = state(session)
    links = wait_links(session)
    session.processes["pipewire"].kill()
    session.processes["wireplumber"].wait()
    session.start_pipewire()
    session.start_wireplumber()
    assert wait_links(session) == links and len(links) == N_LINKS
    assert session.processes["partyline"].alive
    Connection(session).wait()
    assert state(session) == before
    wait_for_effect(session, matrix)
    with Watch(session, seed=3) as watch:
        watch.wait(1.0)
        watch.check_no_sample_lost(matrix)
