# SPDX-License-Identifier: MIT
"""Loading, unloading, killing and restarting: what comes back, and that no sample is lost."""

import mmap
import os

import numpy as np
import pytest

import audio
import meterpage
import model
from rig import Graph, Session, wait_until

TABLETS, CHANNELS = 3, 2
N_LINKS = 2 * (TABLETS + CHANNELS)
TALK = [f"partyline.tablet.{t}" for t in range(1, TABLETS + 1)]
LISTEN = [f"partyline.tablet.{t}.listen" for t in range(1, TABLETS + 1)]
SPEED = 4  # times real time that freewheeling clients run at
OUT = [f"partyline.channel.{c}.out" for c in range(1, CHANNELS + 1)]


def partyline_nodes(graph):
    return {
        Graph.props(node).get("node.name"): Graph.props(node)
        for node in graph.of_type("Node")
        if "partyline.role" in Graph.props(node)
    }


def port_names(graph, node):
    node = graph.node(node)
    ports = graph.ports(node_id=node["id"]) if node else []
    return {Graph.props(port)["port.name"] for port in ports}


def wait_links(session, n_links=N_LINKS):
    with session.graph() as graph:
        return graph.wait_for(
            lambda g: len(g.partyline_links()) == n_links and g.partyline_links(), "the links"
        )


def noise(seconds, seed, rate=48000):
    """Speech-like loud, and every sample tells where it is from."""
    return np.random.default_rng(seed).uniform(-0.5, 0.5, int(seconds * rate)).astype("<f4")


class Watch:
    """Noise through tablet 1 into everything that can be heard, every sample waited for.

    Two clients, so that the graph has no circle in which one of them would hear itself later.
    """

    def __init__(self, session, seed):
        seconds = 60.0  # at the most; it ends with check_no_sample_lost()
        self.played = noise(seconds, seed)
        self.player = audio.Probe(session, [], seconds, self.played, TALK[0], freewheel=SPEED)
        self.recorder = audio.Probe(session, [TALK[0], *OUT, *LISTEN], seconds, freewheel=SPEED)

    def __enter__(self):
        self.recorder.start()
        self.player.start()
        return self

    def __exit__(self, *details):
        self.player.__exit__(*details)
        self.recorder.__exit__(*details)

    def wait(self, seconds):
        """Let so much of the sound run."""
        self.recorder.wait(seconds)

    def check_no_sample_lost(self, matrix):
        """What was played is there from the first to the last sample, at the model's level."""
        _, figures = self.player.finish(at_once=True)
        assert figures["gaps"] == 0
        end = figures["frames"] - 2 * 8192  # the last cycles go with the player
        assert end >= 8192, "watch for longer than that"
        played = self.played[:end]
        recorded, _ = self.recorder.finish(at_once=True)
        heard = recorded[TALK[0]]
        offset, _ = audio.align(played[:8192].astype(np.float64), heard)
        part = heard[offset : offset + len(played)]
        wrong = np.flatnonzero(part != played) if len(part) == len(played) else []
        assert len(part) == len(played), f"{len(played) - len(part)} samples short"
        assert len(wrong) == 0, f"{len(wrong)} of {len(played)} wrong, {wrong[0]} to {wrong[-1]}"
        talk = np.zeros((TABLETS, len(heard)))
        talk[0] = heard
        outs, listens = matrix.mix(talk, np.zeros((CHANNELS, len(heard))))
        for name, wanted in zip(OUT + LISTEN, [*outs, *listens]):
            assert audio.db(np.max(np.abs(recorded[name] - wanted))) < -110, name


# --- loading ---------------------------------------------------------------


@pytest.mark.parametrize("profile", ["main", "main-systemwide", "main-embedded"])
@pytest.mark.parametrize("module", ["server", "process"])
def test_loads_in_every_way_and_profile(profile, module):
    with Session(tablets=TABLETS, channels=CHANNELS, profile=profile, module=module) as session:
        with session.graph() as graph:
            graph.wait_for(lambda g: g.is_complete(TABLETS, CHANNELS), "all links")
            nodes = partyline_nodes(graph)
            links = graph.partyline_links()
        assert len(set(links)) == len(links) == N_LINKS
        for number, name in enumerate(TALK, 1):
            assert nodes[name]["media.class"] == "Audio/Sink"
            assert nodes[name]["partyline.role"] == "tablet.talk"
            assert str(nodes[name]["partyline.id"]) == str(number)
            assert nodes[name]["node.description"] == f"Partyline Tablet {number}"
            talk = (name, "monitor_MONO", "partyline.matrix", f"tablet_{number}_talk")
            listen = ("partyline.matrix", f"tablet_{number}_listen", f"{name}.listen", "input_MONO")
            assert talk in links and listen in links
            assert nodes[f"{name}.listen"]["media.class"] == "Audio/Source/Virtual"
        assert len(nodes) == 1 + N_LINKS
        # Only partyline devices are there, and none of them is the default.
        assert session.run(["wpctl", "inspect", "@DEFAULT_AUDIO_SINK@"]).returncode != 0
        for name in ("pipewire", "wireplumber", "partyline-nodes"):
            assert " E " not in session.log_text(name) and "[E]" not in session.log_text(name)


@pytest.mark.parametrize("module", ["server", "process"])
def test_devices_have_their_ports_without_a_session_manager(module):
    with Session(tablets=1, channels=1, profile=None, module=module) as session:
        with session.graph() as graph:
            for sink in ("partyline.tablet.1", "partyline.channel.1"):
                source = f"{sink}.listen" if "tablet" in sink else f"{sink}.out"
                for node, ports in (
                    (sink, {"playback_MONO", "monitor_MONO"}),
                    (source, {"input_MONO", "capture_MONO"}),
                ):
                    graph.wait_for(lambda g: port_names(g, node) == ports, f"ports of {node}")


def test_the_shipped_drop_in_brings_sixteen_and_four():
    with Session(module="shipped") as session:
        assert len(wait_links(session, 40)) == 40


@pytest.mark.parametrize(
    "args,words",
    [
        ({"tablets": 65}, ["tablets: 65", "1..64"]),
        ({"channels": 0}, ["channels: 0", "1..64"]),
        ({"tabletz": 3}, ["tabletz", "no such argument"]),
        ({"audio.rate": 1}, ["audio.rate: 1", "8000..192000"]),
    ],
)
def test_wrong_arguments_are_told_and_leave_nothing(args, words):
    with Session(tablets=2, channels=1, module_args=args, profile=None) as session:
        with session.graph() as graph:
            graph.wait_for(lambda g: g.node("Dummy-Driver"), "the server at work")
            assert not partyline_nodes(graph)
        log = session.log_text("pipewire")
        assert "mod.partyline" in log
        for word in words:
            assert word in log
        assert not list(session.runtime.glob("partyline*"))


@pytest.mark.parametrize("module,process", [("server", "pipewire"), ("process", "partyline-nodes")])
def test_a_clean_end_leaves_nothing(module, process):
    with Session(tablets=TABLETS, channels=CHANNELS, module=module) as session:
        assert list(session.runtime.glob("partyline-meters-*"))
        assert session.processes[process].stop() == 0
        assert not list(session.runtime.glob("partyline*"))
        if module == "process":
            with session.graph() as graph:
                graph.wait_for(lambda g: g.node("Dummy-Driver"), "the server at work")
                assert not partyline_nodes(graph) and not graph.links()


# --- meters ----------------------------------------------------------------


@pytest.mark.parametrize("module", ["server", "process"])
def test_meters_run_and_nobody_can_write_them(module):
    with Session(tablets=TABLETS, channels=CHANNELS, module=module) as session:
        fd = meterpage.receive(meterpage.find_socket(session))
        size = os.fstat(fd).st_size
        page = mmap.mmap(fd, size, mmap.MAP_SHARED, mmap.PROT_READ)
        # magic, version, size, tablets, channels; then clock and position after 64 bytes
        assert page[:4] == b"PLMT"
        assert np.frombuffer(page[8:20], "<u4").tolist() == [size, TABLETS, CHANNELS]
        before = np.frombuffer(page[64:80], "<u8").copy()
        with audio.Probe(session, OUT, 0.1) as probe:  # some cycles go by
            probe.start()
            probe.finish()
        assert np.all(np.frombuffer(page[64:80], "<u8") > before)
        with pytest.raises(PermissionError):
            mmap.mmap(fd, size, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
        with pytest.raises(OSError):
            os.write(fd, b"x")
        os.close(fd)


# --- routing by the user ---------------------------------------------------


def stream_target(graph, stream):
    """Name of the node that the stream's links lead to, or None."""
    targets = {link[2] for link in graph.links() if link[0] == stream}
    return targets.pop() if len(targets) == 1 else None


def spawn_stream(session, *target, name="stream"):
    """An application that plays silence without an end: pw-cat reads raw samples from its input."""
    with open("/dev/zero", "rb") as silence:
        return session.spawn(
            name,
            ["pw-cat", "-p", "--raw", "--rate", "48000", "--channels", "1", *target]
            + ["-P", f"{{ node.name = {name} }}", "-"],
            stdin=silence,
        )


def test_a_stream_goes_where_the_user_sends_it():
    with Session(tablets=TABLETS, channels=CHANNELS) as session, session.graph() as graph:
        spawn_stream(session, "--target", "partyline.tablet.1")
        graph.wait_for(lambda g: stream_target(g, "stream") == "partyline.tablet.1", "first target")
        stream = graph.node("stream")["id"]
        serial = Graph.props(graph.node("partyline.tablet.2"))["object.serial"]
        session.check(["pw-metadata", stream, "target.object", serial])
        graph.wait_for(lambda g: stream_target(g, "stream") == "partyline.tablet.2", "second target")
        session.check(["pw-metadata", stream, "target.object", "partyline.channel.1"])
        graph.wait_for(lambda g: stream_target(g, "stream") == "partyline.channel.1", "third target")
        assert len(graph.partyline_links()) == N_LINKS


def test_partyline_becomes_default_only_when_told():
    with Session(tablets=TABLETS, channels=CHANNELS) as session, session.graph() as graph:
        graph.wait_for(lambda g: g.is_complete(TABLETS, CHANNELS), "all links")
        desk = "{ factory.name = support.null-audio-sink node.name = desk media.class = Audio/Sink"
        desk += " audio.position = [ FL FR ] }"
        session.spawn("desk", ["pw-cli", "-m", "create-node", "adapter", desk])
        graph.wait_for(lambda g: g.ports(port_name="playback_FL"), "the desk")
        # A stream without a target finds the desk, though ten of our devices were there before.
        spawn_stream(session)
        graph.wait_for(lambda g: stream_target(g, "stream") == "desk", "the desk")
        metadata = graph.metadata()
        assert metadata[(0, "default.audio.sink")]["name"] == "desk"
        # The desk's monitor, not one of our sources, is the default source.
        assert metadata[(0, "default.audio.source")]["name"] == "desk"

        session.check(["wpctl", "set-default", graph.node("partyline.tablet.2")["id"]])
        graph.wait_for(lambda g: stream_target(g, "stream") == "partyline.tablet.2", "the tablet")
        assert graph.metadata()[(0, "default.audio.sink")]["name"] == "partyline.tablet.2"


def test_a_stream_without_target_is_not_sent_to_the_intercom():
    with Session(tablets=TABLETS, channels=CHANNELS) as session:
        done = session.run(["pw-cat", "-p", audio.SHORT_SPEECH])
        assert done.returncode != 0
        assert "no target node available" in done.stderr


# --- links -----------------------------------------------------------------


def has_wireplumber(graph):
    return any(
        "WirePlumber" in str(Graph.props(client).get("application.name"))
        for client in graph.of_type("Client")
    )


def serials(graph):
    """Of all links; ids are used again, serials never."""
    return {Graph.props(item).get("object.serial") for item in graph.of_type("Link")}


def device_serials(graph):
    """Likewise, of the links between devices and matrix only; None until all are there."""
    ours = {item["id"] for item in graph.of_type("Node") if "partyline.role" in Graph.props(item)}
    found = {
        Graph.props(item).get("object.serial")
        for item in graph.of_type("Link")
        if {item["info"]["output-node-id"], item["info"]["input-node-id"]} <= ours
    }
    return found if len(found) == N_LINKS else None


def test_links_come_back_one_by_one():
    with Session(tablets=TABLETS, channels=CHANNELS) as session, session.graph() as graph:
        links = graph.wait_for(
            lambda g: g.is_complete(TABLETS, CHANNELS) and g.partyline_links(), "all links"
        )
        before = serials(graph)
        for source, port, sink, sink_port in (links[0], links[-1]):
            session.check(["pw-link", "-d", f"{source}:{port}", f"{sink}:{sink_port}"])
        graph.wait_for(
            lambda g: g.partyline_links() == links
            and len(serials(g) - before) == 2,
            "the links again",
        )


def stream_serials(graph):
    """Of the links of the player "stream"."""
    node = graph.node("stream")["id"]
    return {
        Graph.props(item).get("object.serial")
        for item in graph.of_type("Link")
        if item["info"]["output-node-id"] == node
    }


def restart_wireplumber(session, watch, number):
    """Kill WirePlumber under way, start a new one, and wait until it has seen to everything."""
    session.processes["wireplumber"].kill()
    with session.graph() as graph:
        graph.wait_for(lambda g: not has_wireplumber(g), "the end of WirePlumber")
        watch.wait(0.2)
        session.start_wireplumber()
        # One that finds a target for a stream knows the devices and is through with them.
        name = f"stream-{number}"
        stream = spawn_stream(
            session, "--target", "partyline.channel.2", "--latency", session.quantum, name=name
        )
        graph.wait_for(lambda g: stream_target(g, name) == "partyline.channel.2", "the stream")
        watch.wait(0.2)
        stream.stop()
        graph.wait_for(lambda g: not g.node(name), "the stream's end")


@pytest.mark.parametrize("quantum", [64, 256, 1024])
def test_wireplumber_may_die_and_come_back_and_no_sample_is_lost(quantum):
    matrix = model.Matrix(TABLETS, CHANNELS)
    with Session(tablets=TABLETS, channels=CHANNELS, quantum=quantum) as session:
        before = wait_links(session)
        with Watch(session, seed=1) as watch:
            watch.wait(0.2)
            with session.graph() as graph:
                old = graph.wait_for(device_serials, "the links")
            for number in range(3):
                restart_wireplumber(session, watch, number)
                assert wait_links(session) == before
                with session.graph() as graph:
                    graph.wait_for(lambda g: device_serials(g) == old, "the same links")
            watch.check_no_sample_lost(matrix)


def test_the_next_wireplumber_mends_a_link_and_doubles_none():
    matrix = model.Matrix(TABLETS, CHANNELS)
    with Session(tablets=TABLETS, channels=CHANNELS) as session:
        before = wait_links(session)
        session.processes["wireplumber"].kill()
        session.start_wireplumber()
        cut = before[0]
        with session.graph() as graph:
            graph.wait_for(has_wireplumber, "WirePlumber")
            old = serials(graph)
            session.check(["pw-link", "-d", f"{cut[0]}:{cut[1]}", f"{cut[2]}:{cut[3]}"])
            graph.wait_for(
                lambda g: g.partyline_links() == before and len(serials(g) - old) == 1,
                "one new link, all others the old ones",
            )
        with Watch(session, seed=2) as watch:
            watch.wait(1.0)
            watch.check_no_sample_lost(matrix)


@pytest.mark.parametrize("profile", ["main", "main-systemwide", "main-embedded"])
def test_a_program_plays_on_while_wireplumber_restarts(profile):
    """Its link is the same one before and after, and it can be sent elsewhere as before."""
    with Session(tablets=TABLETS, channels=CHANNELS, profile=profile) as session:
        player = spawn_stream(session, "--target", "partyline.tablet.1")
        with session.graph() as graph:
            graph.wait_for(lambda g: stream_target(g, "stream") == TALK[0], "the link")
            graph.wait_for(lambda g: g.node("stream")["info"]["state"] == "running", "the sound")
            links = stream_serials(graph)
            seen = graph.record(lambda g: (g.node("stream")["info"]["state"], stream_serials(g)))
            for _ in range(2):
                session.processes["wireplumber"].kill()
                graph.wait_for(lambda g: not has_wireplumber(g), "the end of WirePlumber")
                session.start_wireplumber()
                # The one that sees to a stream that came later has seen to the first one.
                late = spawn_stream(session, "--target", "partyline.channel.1", name="late")
                graph.wait_for(lambda g: stream_target(g, "late") == "partyline.channel.1", "late")
                late.stop()
                graph.wait_for(lambda g: not g.node("late"), "its end")
            assert seen == [("running", links)]
            assert player.alive
            serial = Graph.props(graph.node(TALK[1]))["object.serial"]
            session.check(["pw-metadata", graph.node("stream")["id"], "target.object", serial])
            graph.wait_for(lambda g: stream_target(g, "stream") == TALK[1], "the new target")
            assert len(graph.partyline_links()) == N_LINKS


def test_pipewire_may_die_and_everything_comes_back():
    with Session(tablets=TABLETS, channels=CHANNELS) as session:
        before = wait_links(session)
        session.processes["pipewire"].kill()
        session.processes["wireplumber"].wait()  # it ends with its server
        session.start_pipewire()
        session.start_wireplumber()
        assert wait_links(session) == before
        assert len(list(session.runtime.glob("partyline-meters-*"))) == 1
        os.close(meterpage.receive(meterpage.find_socket(session)))


def test_the_process_of_its_own_follows_the_server_and_can_be_replaced():
    with Session(tablets=TABLETS, channels=CHANNELS, module="process") as session:
        before = wait_links(session)
        session.processes["pipewire"].kill()
        session.processes["wireplumber"].wait()
        session.start_pipewire()
        session.start_wireplumber()
        assert wait_links(session) == before

        with session.graph() as graph:
            graph.wait_for(partyline_nodes, "the nodes")
            session.processes["partyline-nodes"].kill()
            graph.wait_for(lambda g: not partyline_nodes(g), "the nodes gone")
            assert session.processes["pipewire"].alive
            session.start_module_process()
            graph.wait_for(lambda g: g.partyline_links() == before, "the links again")
        # The second process has taken over the socket that the killed one left.
        assert len(list(session.runtime.glob("partyline-meters-*"))) == 1
        os.close(meterpage.receive(meterpage.find_socket(session)))


# --- quantum ---------------------------------------------------------------


def test_a_patient_player_does_not_raise_the_quantum():
    """The matrix asks for 256 samples by itself; a server and a player that want more get that."""
    with Session(tablets=2, channels=1, quantum=1024, module_args={"matrix.props": "{ }"}) as session:
        page = meterpage.MeterPage(meterpage.find_socket(session))
        with session.graph() as graph:
            seen = []
            for latency in ("1s", "100ms", "64"):
                name = f"stream-{latency}"
                player = spawn_stream(
                    session, "--target", "partyline.tablet.1", "--latency", latency, name=name
                )
                graph.wait_for(
                    lambda g: stream_target(g, name) == TALK[0]
                    and g.node(name)["info"]["state"] == "running",
                    "the player",
                )
                seen.append(quantum_after(page, 50))
                player.stop()
                graph.wait_for(lambda g: not g.node(name), "its end")
        assert seen == [256, 256, 64]


def quantum_after(page, n_cycles):
    """Once so many more cycles have gone by."""
    end = page.n_cycles + n_cycles
    wait_until(lambda: page.n_cycles >= end, "the graph's cycles")
    return page.quantum
