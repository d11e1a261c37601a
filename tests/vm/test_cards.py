# SPDX-License-Identifier: MIT
"""Sound cards that the server owns: bound, heard, unplugged, plugged again."""

import pathlib
import time

import numpy as np

import audio
import cards
from rig import Session
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
