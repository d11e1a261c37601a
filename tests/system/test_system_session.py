# SPDX-License-Identifier: MIT
"""The drop-ins for PipeWire as a system service: ordinary clients talk and listen, and no more."""

import pytest

import audio
from rig import Graph, Session
from rig.confs import SOURCE

TABLETS, CHANNELS = 2, 1
GAINS = '{ params = [ "partyline.headroom-db" 6.0 ] }'


@pytest.fixture(scope="module", params=["main-systemwide", "main-embedded"])
def session(request):
    with Session(
        tablets=TABLETS,
        channels=CHANNELS,
        profile=request.param,
        drop_ins=SOURCE / "conf/system-session",
    ) as running:
        yield running


def ordinary(session, argv):
    """Run as one whom the manager socket does not belong to: he has only the other one."""
    folder = session.runtime / "ordinary"
    folder.mkdir(exist_ok=True)
    if not (folder / "pipewire-0").exists():
        (folder / "pipewire-0").symlink_to(session.runtime / "pipewire-0")
    return session.run(argv, env={"PIPEWIRE_RUNTIME_DIR": str(folder)})


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


def test_a_link_that_a_client_removes_comes_back(session):
    with session.graph() as graph:
        links = graph.wait_for(
            lambda g: g.is_complete(TABLETS, CHANNELS) and g.partyline_links(), "all links"
        )
        before = {Graph.props(item)["object.serial"] for item in graph.of_type("Link")}
        cut = links[0]
        ordinary(session, ["pw-link", "-d", f"{cut[0]}:{cut[1]}", f"{cut[2]}:{cut[3]}"])
        graph.wait_for(
            lambda g: g.partyline_links() == links
            and {Graph.props(item)["object.serial"] for item in g.of_type("Link")} != before,
            "the link again",
        )
