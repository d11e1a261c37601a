# SPDX-License-Identifier: MIT
"""A hundred listeners at the real daemon, each with a mix of its own and ears of its own."""

import os
import pathlib
import sys

import numpy as np
import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "system")]

from crowd import Crowd, Refused, Tones  # noqa: E402
from rig import Session, wait_until  # noqa: E402

N = 100  # as many as there may be
TONES_HZ = (400, 700, 1300, 2300)  # of tablets 1 to 4
TONE_DB = -26.0  # RMS
QUANTUM = 1024  # a machine that is busy keeps up with it
CONFIG = {"listen": {"port": 0, "frame_ms": 20}}  # likewise
# What a mix may do with a tone: (gain_db, pan), and what that is left and right, dB.
KINDS = (None, (0, 0), (-6, -1), (-12, 1))
SIDES = ((-240, -240), (0, 0), (-6, -240), (-240, -12))
RIGHT = 3  # fiftieths of a second; then a listener's sound is not decoded any more
# A second round may leave so much more of what the allocator keeps. A session has about 60 kB.
MEMORY_BYTES = 1 << 20


@pytest.fixture(scope="module")
def session():
    with Session(daemon=True, tablets=4, channels=1, quantum=QUANTUM, config=CONFIG) as running:
        yield running


@pytest.fixture(scope="module", autouse=True)
def tones(session):
    """Each tablet says its own."""
    with Tones(session, TONES_HZ, TONE_DB):
        yield


@pytest.fixture
def crowd(session):
    with Crowd(session, TONES_HZ) as running:
        yield running


def kinds_of(k):
    """Of 255 mixes, no two alike: for each tone an index into KINDS."""
    code = k * 37 % 255 + 1
    return [code // 4**tone % 4 for tone in range(4)]


def sources_of(k):
    pairs = [(tone, KINDS[kind]) for tone, kind in enumerate(kinds_of(k), 1) if KINDS[kind]]
    return [{"source": f"tablet.{tone}.talk", "gain_db": gain, "pan": pan} for tone, (gain, pan) in pairs]


def text_of(k):
    return ",".join("{source}:{gain_db}:{pan}".format(**source) for source in sources_of(k))


def levels_of(k):
    return TONE_DB + np.array([SIDES[kind] for kind in kinds_of(k)], float).T


def wait_right(crowd, mixes):
    """Each hears what its mix says, and nothing of the others'."""
    for number, k in mixes.items():
        crowd.expect(number, levels_of(k))
    try:
        wait_until(lambda: all(ear.right >= RIGHT for ear in crowd.look().values()), "everybody's own mix")
    except AssertionError:
        ears = crowd.look()
        wrong = [number for number in mixes if ears[number].right < RIGHT]
        ear = ears[wrong[0]]
        raise AssertionError(
            f"{len(wrong)} hear something else, number {wrong[0]} ({ear.state}, {ear.packets} packets):\n"
            f"{ear.level}\ninstead of\n{levels_of(mixes[wrong[0]])}") from None  # fmt: skip
    assert crowd.look().keys() == mixes.keys()


def dropped():
    """Packets that this machine has lost between sockets, all together."""
    lines = pathlib.Path("/proc/net/softnet_stat").read_text().splitlines()
    return sum(int(line.split()[1], 16) for line in lines)


def loses_nothing(crowd, dropped_before):
    """Nothing but what did not fit into our own sockets, or the kernel's queue."""
    ears = crowd.look().values()
    assert sum(e.gaps for e in ears) <= sum(e.lost for e in ears) + dropped() - dropped_before


def wait_packets(crowd, number):
    wait_until(lambda: min(e.packets for e in crowd.look().values()) >= number, "more packets")


def listeners(crowd):
    return crowd.ask("GET", "/api/listeners").json()["listeners"]


def wait_nobody(session, crowd):
    """No session, and no port of one in the graph."""
    wait_until(lambda: not listeners(crowd), "the end of all sessions")
    with session.graph() as graph:
        graph.wait_for(
            lambda g: not [p for p in g.ports() if g.props(p)["port.name"].startswith("listen-")],
            "the end of all ports")  # fmt: skip


class Use:
    """Of memory and of files, by the daemon."""

    def __init__(self, session):
        proc = pathlib.Path(f"/proc/{session.processes['partyline'].pid}")
        self.n_files = len(os.listdir(proc / "fd"))
        words = (proc / "statm").read_text().split()
        self.bytes = (int(words[1]) - int(words[2])) * os.sysconf("SC_PAGE_SIZE")


def test_a_hundred_hear_each_their_own(session, crowd):
    before = dropped()
    mixes = {k: k for k in range(N)}
    for k in mixes:
        crowd.open(k, text_of(k))
    wait_right(crowd, mixes)
    assert [x["state"] for x in listeners(crowd)] == ["connected"] * N

    with pytest.raises(Refused) as refused:
        crowd.open(N, "tablet.1.talk")
    assert refused.value.answer.status == 503
    assert "there are 100 listeners already" in str(refused.value.answer.detail)
    assert len(listeners(crowd)) == N

    # Some change while all play: they alone.
    for k in range(0, N, 10):
        mixes[k] = k + N
        crowd.set_mix(k, sources_of(mixes[k]))
    wait_right(crowd, mixes)
    crowd.count()
    wait_packets(crowd, 20)
    wait_right(crowd, mixes)
    loses_nothing(crowd, before)

    # Who goes makes room for one.
    crowd.end(0)
    del mixes[0]
    crowd.open(N, text_of(N))
    mixes[N] = N
    wait_right(crowd, mixes)
    for k in mixes:
        crowd.end(k)
    wait_nobody(session, crowd)


def test_nothing_is_left_of_them(session, crowd):
    """Memory and files are the same after each round, however they go."""
    ends = (crowd.end, crowd.leave)
    use = []
    for end in ends:
        for k in range(N):
            crowd.open(k, text_of(k))
        wait_packets(crowd, 5)
        for k in range(N):
            end(k)
        wait_nobody(session, crowd)
        use.append(Use(session))
    # A connection that has just been closed may still be counted.
    wait_until(lambda: Use(session).n_files <= use[0].n_files, "the files of the second round to be closed")
    # A sanitizer keeps what is freed for a while; it tells of leaks by itself.
    if not os.environ.get("PARTYLINE_SANITIZER"):
        assert use[1].bytes - use[0].bytes < MEMORY_BYTES
