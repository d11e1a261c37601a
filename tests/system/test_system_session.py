# SPDX-License-Identifier: MIT
"""The policy of PipeWire as a system service: ordinary clients talk and listen, and no more."""

import re
import socket

import pytest

import audio
from rig import Graph, Session
from rig.confs import SOURCE
from rig.process import GUARD_SECONDS

TABLETS, CHANNELS = 2, 1
GAINS = '{ params = [ "partyline.headroom-db" 6.0 ] }'


def access_args():
    """What the server of an appliance tells PipeWire's access module, as it is shipped."""
    shipped = (SOURCE / "conf/system-session/partyline-pipewire.conf").read_text(encoding="utf-8")
    return re.search(r"name = libpipewire-module-access\n *args = (\{.*?\n        \})", shipped, re.S)[1]


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drop-ins")
    (folder / "pipewire.conf.d").mkdir()
    (folder / "pipewire.conf.d/access.conf").write_text(
        f"module.access.args = {access_args()}\n", encoding="utf-8"
    )
    with Session(
        tablets=TABLETS, channels=CHANNELS, profile="partyline-system", drop_ins=folder
    ) as running:
        # The test itself looks on as a manager.
        running.env["PIPEWIRE_REMOTE"] = "pipewire-0-manager"
        yield running


def ordinary(session, argv, env=None, **popen):
    """Run as one whom the manager socket does not belong to: he has only the other one."""
    folder = session.runtime / "ordinary"
    folder.mkdir(exist_ok=True)
    if not (folder / "pipewire-0").exists():
        (folder / "pipewire-0").symlink_to(session.runtime / "pipewire-0")
    outside = {"PIPEWIRE_RUNTIME_DIR": str(folder), "PIPEWIRE_REMOTE": "pipewire-0"}
    return session.run(argv, env={**outside, **(env or {})}, **popen)


def setting(graph, key):
    node = graph.node("partyline.matrix") or {}
    flat = ((node.get("info") or {}).get("params", {}).get("Props") or [{}])[0].get("params", [])
    return dict(zip(flat[::2], flat[1::2])).get(key)


def headroom(graph):
    return setting(graph, "partyline.headroom-db")


def test_ordinary_clients_cannot_set_gains_and_managers_can(session):
    with session.graph() as graph:  # pw-dump, a manager
        matrix = graph.wait_for(lambda g: g.node("partyline.matrix"), "the matrix")["id"]
        graph.wait_for(lambda g: headroom(g) == 12.0, "the default headroom")
        ordinary(session, ["pw-cli", "set-param", matrix, "Props", GAINS])
        device = graph.node("partyline.tablet.1")["id"]
        ordinary(session, ["pw-cli", "set-param", device, "Props", "{ mute = true }"])
        assert headroom(graph) == 12.0
        ramp = '{ params = [ "partyline.ramp-ms" 7.0 ] }'
        session.check(["pw-cli", "-r", "pipewire-0-manager", "set-param", matrix, "Props", ramp])
        graph.wait_for(lambda g: setting(g, "partyline.ramp-ms") == 7.0, "a manager's word")
        # In the order that the server got them: what came before it has changed nothing.
        assert headroom(graph) == 12.0
        assert not graph.node("partyline.tablet.1")["info"]["params"]["Props"][0]["mute"]


def test_ordinary_clients_read_which_card_is_bound_and_cannot_bind_one(session):
    key = "partyline.channel.1.capture"
    words = ["pw-metadata", "-n", "partyline", "0", key]
    session.check([*words, '{"device":"card:Desk","port":0}', "Spa:String:JSON"])
    for change in ([*words, '{"device":"card:Spy","port":0}', "Spa:String:JSON"],
                   ["pw-metadata", "-n", "partyline", "-d"],
                   ["pw-metadata", "-n", "partyline", "-d", "0", key]):  # fmt: skip
        ordinary(session, change)
    assert "card:Desk" in ordinary(session, words).stdout
    # In the order that the server got them: a manager's word is the first that changes it.
    session.check([*words, '{"device":"card:Desk,1","port":0}', "Spa:String:JSON"])
    with session.graph() as graph:
        graph.wait_for(
            lambda g: g.metadata("partyline").get((0, key)) == {"device": "card:Desk,1", "port": 0},
            "the manager's binding",
        )
    session.check(["pw-metadata", "-n", "partyline", "-d", "0", key])


def test_ordinary_clients_talk_and_are_heard(session):
    sources = ["partyline.tablet.1", "partyline.channel.1.out"]
    with audio.Probe(session, sources, 20.0) as probe:
        probe.start()
        done = ordinary(
            session, ["pw-cat", "-p", "--target", "partyline.tablet.1", audio.SHORT_SPEECH]
        )
        assert done.returncode == 0, done.stderr
        recorded, _ = probe.finish(at_once=True)
    assert audio.rms(recorded[sources[0]]) > 0.01
    assert audio.rms(recorded[sources[1]]) > 0.001


# Whatever a client says of itself.
CLAIMS = [
    "{ }",
    "{ pipewire.client.access = flatpak media.category = Manager }",
    "{ pipewire.client.access = unrestricted pipewire.access = unrestricted }",
    "{ pipewire.access.effective = unrestricted pipewire.sec.socket = pipewire-0-manager }",
]


def snapshot(graph):
    """Nodes, links, factories and modules by id, without clients and what belongs to them."""
    kinds = ("Node", "Link", "Factory", "Module", "Device", "Metadata")
    return {
        (kind, item["id"])
        for kind in kinds
        for item in graph.of_type(kind)
        if "client.id" not in Graph.props(item) or kind == "Link"
    }


@pytest.mark.parametrize("claims", CLAIMS)
def test_ordinary_clients_remove_set_load_and_link_nothing(session, claims):
    with session.graph() as graph:
        graph.wait_for(lambda g: g.is_complete(TABLETS, CHANNELS), "all links")
        before, gain = snapshot(graph), headroom(graph)
        done = ordinary(session, [session.build / "tests/fakes/meddler", claims])
        assert done.returncode == 0 and "ALLOWED" not in done.stdout, done.stdout + done.stderr
        for what in ("destroy-Node", "destroy-Link", "destroy-Metadata", "destroy-Module", "mute",
                     "gain", "metadata", "permissions", "create"):
            assert f"refused {what} " in done.stdout, done.stdout
        assert (snapshot(graph), headroom(graph)) == (before, gain)


def test_the_meddler_would_be_seen(session):
    """With all rights it is allowed what it tries; last, because it leaves nothing whole."""
    done = session.run([session.build / "tests/fakes/meddler", "{ remote.name = pipewire-0-manager }"])
    assert done.returncode != 0 and "ALLOWED gain" in done.stdout, done.stdout


class NotifyingSession(Session):
    """As systemd starts it: with a socket for what the server says of itself."""

    def spawn(self, name, argv, env=None, **popen):
        if name == "pipewire":
            env = {**(env or {}), "NOTIFY_SOCKET": str(self.notify_path), "WATCHDOG_USEC": "200000"}
        return super().spawn(name, argv, env, **popen)


def test_the_server_says_when_it_is_ready_and_that_it_lives(tmp_path):
    said = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        session = NotifyingSession(tablets=TABLETS, channels=CHANNELS, profile=None)
        session.notify_path = tmp_path / "notify"
        notify.bind(str(session.notify_path))
        notify.settimeout(GUARD_SECONDS)
        with session:
            while said.count("WATCHDOG=1") < 3:
                said += notify.recv(4096).decode().split("\n")
    assert said[0] == "READY=1" and said.count("READY=1") == 1
