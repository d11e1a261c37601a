# SPDX-License-Identifier: MIT
"""Sound cards that the server owns: bound, heard, unplugged, plugged again."""

import contextlib
import pathlib
import subprocess
import tempfile
import time

import audio
import cards
import numpy as np
from rig import Session, wait_until
from vm import in_guest

SIZE = {"tablets": 2, "channels": 2}
# Channel n hears tablet n and nobody else.
STRAIGHT = {"uplink": [[0.2, 0.0], [0.0, 0.2]], "headroom_db": 0.0}
TABLET_1 = ("partyline.tablet.1", "playback_MONO")
CHANNEL_1 = ("partyline.channel.1.out", "capture_MONO")
CHANNEL_2 = ("partyline.channel.2.out", "capture_MONO")


def wait_for_links(session, *links):
    """Until these, and no others, are at sound cards."""
    wanted = sorted(output + input for output, input in links)
    with session.graph() as graph:
        graph.wait_for(lambda g: cards.card_links(g) == wanted, f"the links {wanted}")


@in_guest(systemd=True, simulated=True, kernel_args=cards.kernel_args("Desk", "Out"))
def test_every_sample_gets_from_one_card_to_the_other():
    with Session(**SIZE, module_args=cards.MODULE_ARGS) as session:
        audio.set_matrix(session, **STRAIGHT)
        cards.bind(session, "tablet.1.capture", "card:Desk", 2)
        cards.bind(session, "channel.1.playback", "card:Out,0")
        wait_for_links(
            session,
            (cards.capture_port("Desk", "FR"), TABLET_1),
            (CHANNEL_1, cards.playback_port("Out", "FL")),
            (CHANNEL_1, cards.playback_port("Out", "FR")),
        )
        recording = cards.Recording(session, "Out")
        played = cards.noise(5, seed=1)
        assert cards.start_play(session, "Desk", played).wait() == 0
        recorded = recording.get()
        for side in (0, 1):
            assert cards.wrong_samples(cards.mixed(played[:-cards.RATE, 1]), recorded[:, side]) == 0


@in_guest(systemd=True, simulated=True, kernel_args=cards.kernel_args("Desk", "Out"))
def test_cards_with_clocks_of_their_own():
    for quantum in (64, 256, 1024):
        with Session(**SIZE, module_args=cards.OWN_CLOCKS, quantum=quantum) as session:
            audio.set_matrix(session, **STRAIGHT)
            cards.bind(session, "tablet.1.capture", "card:Desk", 1)
            cards.bind(session, "channel.1.playback", "card:Out", 1)
            wait_for_links(session, *DESK, (CHANNEL_1, cards.playback_port("Out", "FL")))
            recording = cards.Recording(session, "Out")
            times = np.arange(6 * cards.RATE) / cards.RATE
            tone = 0.1 * np.sin(2 * np.pi * 1000 * times)
            assert cards.start_play(session, "Desk", np.stack([tone, tone], axis=1)).wait() == 0
            recorded = recording.get()[:, 0]
            begin = int(np.nonzero(np.abs(recorded) > 0.01)[0][0])
            # Three seconds are for finding each other's rate.
            steady = recorded[begin + 3 * cards.RATE : begin + 5 * cards.RATE]
            assert cards.impurity_db(steady, 1000) < -40, f"quantum {quantum}"


@contextlib.contextmanager
def straight_session():
    """Channel 1 carries the card Desk and channel 2 the card Radio, to the two sides of Out."""
    with Session(**SIZE, module_args=cards.MODULE_ARGS) as session:
        audio.set_matrix(session, **STRAIGHT)
        cards.bind(session, "tablet.1.capture", "card:Desk", 1)
        cards.bind(session, "tablet.2.capture", "card:Radio", 1)
        cards.bind(session, "channel.1.playback", "card:Out", 1)
        cards.bind(session, "channel.2.playback", "card:Out", 2)
        wait_for_links(session, *DESK, *OTHERS)
        yield session


TABLET_2 = ("partyline.tablet.2", "playback_MONO")
DESK = [(cards.capture_port("Desk", "FL"), TABLET_1)]
OTHERS = [
    (cards.capture_port("Radio", "FL"), TABLET_2),
    (CHANNEL_1, cards.playback_port("Out", "FL")),
    (CHANNEL_2, cards.playback_port("Out", "FR")),
]


def wait_for_nodes(session, *names, there=True):
    with session.graph() as graph:
        graph.wait_for(lambda g: all(bool(g.node(name)) == there for name in names), f"{names}: {there}")


def unplug_desk(session):
    cards.unplug(0)
    wait_for_links(session, *OTHERS)
    wait_for_nodes(session, *NODES_OF_DESK, there=False)


@in_guest(systemd=True, simulated=True, kernel_args=cards.kernel_args("Desk", "Radio", "Out"))
def test_a_card_that_is_unplugged_and_plugged_again_disturbs_nobody():
    with straight_session() as session:
        recording = cards.Recording(session, "Out")
        radio, desk = cards.noise(12, seed=2), cards.noise(60, seed=3)
        radio_player = cards.start_play(session, "Radio", radio)
        for _ in range(3):
            desk_player = cards.start_play(session, "Desk", desk)
            time.sleep(2)  # so much of it is played, on the simulated clock
            unplug_desk(session)
            assert desk_player.wait() != 0  # its device is gone
            time.sleep(1)  # so long it is away
            cards.plug(0)
            wait_for_links(session, *DESK, *OTHERS)
        desk_player = cards.start_play(session, "Desk", desk)
        assert radio_player.wait() == 0
        desk_player.stop()
        recorded = recording.get()
        # Radio's channel: all of it, and nothing of Desk in it.
        assert cards.wrong_samples(cards.mixed(radio[: -cards.RATE, 0]), recorded[:, 1]) == 0
        # Desk's: silence while it was not there, and its sound again from the last plug on.
        heard = cards.mixed(desk[: cards.RATE, 0])
        begins = cards.find_all(heard, recorded[:, 0])
        assert len(begins) == 4
        assert all(cards.wrong_samples(heard, recorded[:, 0], begin - 1) == 0 for begin in begins)
        silence = recorded[begins[3] - cards.RATE : begins[3], 0]
        assert not silence.any()


@in_guest(systemd=True, simulated=True, kernel_args=cards.kernel_args("Desk", "Radio", "Out"))
def test_the_policy_dies_when_the_card_comes_back():
    with straight_session() as session:
        recording = cards.Recording(session, "Out")
        radio, desk = cards.noise(8, seed=6), cards.noise(2, seed=7)
        radio_player = cards.start_play(session, "Radio", radio)
        time.sleep(1)  # so much of it is played
        unplug_desk(session)
        session.processes["wireplumber"].kill()
        cards.plug(0)
        wait_for_nodes(session, *NODES_OF_DESK)
        wait_for_links(session, *OTHERS)
        session.start_wireplumber()
        wait_for_links(session, *DESK, *OTHERS)
        assert cards.start_play(session, "Desk", desk).wait() == 0
        assert radio_player.wait() == 0
        recorded = recording.get()
        assert cards.wrong_samples(cards.mixed(radio[: -cards.RATE, 0]), recorded[:, 1]) == 0
        assert cards.wrong_samples(cards.mixed(desk[: cards.RATE, 0]), recorded[:, 0]) == 0


NODES_OF_DESK = [f"alsa_{way}put.partyline.Desk.{device}" for way in ("in", "out") for device in (0, 1)]


@in_guest(systemd=True, simulated=True, kernel_args=cards.kernel_args("Desk", "Radio", "Out"))
def test_cards_keep_their_names_when_they_change_their_numbers():
    with straight_session() as session:
        cards.bind(session, "tablet.2.capture", "path:platform-snd_aloop.1,0", 1)
        before = pathlib.Path("/proc/asound/Desk").readlink()
        for number in (0, 1):
            cards.unplug(number)
        wait_for_links(session, *OTHERS[1:])
        for number in (1, 0):
            cards.plug(number)
        wait_for_links(session, *DESK, *OTHERS)
        assert pathlib.Path("/proc/asound/Radio").readlink() == before
        recording = cards.Recording(session, "Out")
        desk, radio = cards.noise(3, seed=4), cards.noise(3, seed=5)
        players = [cards.start_play(session, "Desk", desk), cards.start_play(session, "Radio", radio)]
        assert [player.wait() for player in players] == [0, 0]
        recorded = recording.get()
        for side, played in enumerate((desk, radio)):
            assert cards.wrong_samples(cards.mixed(played[: 2 * cards.RATE, 0]), recorded[:, side]) == 0


@in_guest(systemd=True, simulated=True, kernel_args=cards.kernel_args("Desk", "Out"))
def test_a_card_that_is_busy_is_told_and_taken_when_it_is_free():
    # Another program has the only way in.
    rival = subprocess.Popen(["arecord", "-q", "-D", "hw:Desk,0", *cards.FORMAT, "/dev/null"])
    wait_until(lambda: "RUNNING" in pathlib.Path("/proc/asound/Desk/pcm0c/sub0/status").read_text(), "the rival")
    with Session(**SIZE, module_args=cards.MODULE_ARGS) as session:
        cards.bind(session, "tablet.1.capture", "card:Desk", 1)
        cards.bind(session, "channel.1.playback", "card:Desk", 1)
        wait_for_links(session, (CHANNEL_1, cards.playback_port("Desk", "FL")))
        time.sleep(10)  # time for many more tries than the one that may be told
        log = session.processes["pipewire"].log_text()
        assert log.count("card Desk: cannot open device 0 for capture: Device or resource busy") == 1, log
        rival.kill()
        rival.wait()
        wait_for_links(session, *DESK, (CHANNEL_1, cards.playback_port("Desk", "FL")))


@in_guest(systemd=True, simulated=True, kernel_args=cards.kernel_args("Desk"))
def test_every_kind_of_card_gets_ports():
    with Session(**SIZE, module_args={"alsa.cards": "true"}) as session:
        with session.graph() as graph:
            for name, channels in (("Dummy", 2), ("Desk", 32)):
                ports = graph.wait_for(
                    lambda g: g.node(f"alsa_input.partyline.{name}.0")
                    and g.ports(node_id=g.node(f"alsa_input.partyline.{name}.0")["id"]),
                    f"ports of {name}",
                )
                assert len(ports) == channels, ports


@in_guest(systemd=True, simulated=True, kernel_args=cards.kernel_args("Desk"))
def test_no_stream_gets_to_a_card():
    with Session(**SIZE, module_args=cards.MODULE_ARGS) as session:
        cards.bind(session, "tablet.1.capture", "card:Desk", 1)
        wait_for_links(session, *DESK)
        streams = {
            "recorder": ["pw-record", session.folder / "default.wav"],
            "listener": ["pw-record", "--target", "alsa_input.partyline.Desk.0", session.folder / "card.wav"],
            "player": ["pw-play", audio.SPEECH],
            "talker": ["pw-play", "--target", "alsa_output.partyline.Desk.0", audio.SPEECH],
        }
        for name, words in streams.items():
            process = session.spawn(name, words)
            process.wait()
            assert "no target node available" in process.log_text()
            wait_for_links(session, *DESK)


@in_guest(systemd=True, simulated=True, kernel_args=cards.kernel_args("Desk", "Out"))
def test_a_desktop_binds_the_cards_of_wireplumbers_own_monitor():
    folder = pathlib.Path(tempfile.mkdtemp())
    for path, text in {
        "pipewire.conf.d": "context.spa-libs = { api.alsa.* = alsa/libspa-alsa }",
        "wireplumber.conf.d": "wireplumber.profiles = { main = { hardware.audio = required } }",
    }.items():
        (folder / path).mkdir()
        (folder / path / "90-alsa.conf").write_text(text + "\n", encoding="utf-8")
    desk = (("alsa_input.platform-snd_aloop.0.analog-stereo", "capture_FR"), TABLET_1)
    out = (CHANNEL_1, ("alsa_output.platform-snd_aloop.1.analog-stereo", "playback_FL"))
    with Session(**SIZE, drop_ins=folder) as session:
        cards.bind(session, "tablet.1.capture", "card:Desk", 2)
        cards.bind(session, "channel.1.playback", "path:platform-snd_aloop.1,0", 1)
        wait_for_links(session, desk, out)
        cards.unplug(0)
        wait_for_links(session, out)
        cards.plug(0)
        wait_for_links(session, desk, out)
