# SPDX-License-Identifier: MIT
"""The daemon with GPIO chips of the tests' own (tests/fakes/fake-gpiod.c)."""

import contextlib
import errno
import signal
import subprocess
import time

import numpy as np
from fake_gpio import GUARD_SECONDS, PULL_UP, FakeGpio, now_nsec
from plain_daemon import PlainDaemon
from rig import Session, wait_until

RASPBERRY = {bcm: f"GPIO{bcm}" for bcm in range(2, 28)}
MSEC = 1_000_000


@contextlib.contextmanager
def machine(gpio, chips=True, **config):
    """A daemon on a fake Raspberry Pi: (daemon, chips); start it."""
    with PlainDaemon({"gateway": {"gpio": gpio}, **config}) as daemon:
        with FakeGpio(daemon.folder / "dev") as fake:
            daemon.env.update(fake.env)
            if chips:
                fake.plug("gpiochip0", label="pinctrl-bcm2711", names=RASPBERRY)
            yield daemon, fake


def key_line(offset=5, **more):
    return {"id": f"line-{offset}", "line": offset, "tablet": 1, "channel": 1, **more}


def held(daemon):
    """{channel: tablets that hold it}"""
    status, state = daemon.call("GET", "/ptt/state")
    assert status == 200
    return {int(channel): tablets for channel, tablets in state["channels"].items() if tablets}


def wait_held(daemon, wanted):
    wait_until(lambda: held(daemon) == wanted, f"keys {wanted}")


def history(daemon):
    """[(tablet, channel, down)] as they were"""
    status, answer = daemon.call("GET", "/api/ptt/history")
    assert status == 200
    return [(r["tablet_id"], r["channel"], r["state"] == "ACTIVE") for r in answer["history"]]


def wait_history(daemon, wanted):
    wait_until(lambda: history(daemon) == wanted, f"edges {wanted}")


def test_the_profile_is_four_keys():
    with machine({"profile": "rpi-echostream"}) as (daemon, fake):
        daemon.start()
        for k, bcm in enumerate((20, 21, 23, 24), 1):
            line = fake.line(bcm)
            assert (line.way, line.edges, line.active, line.bias) == ("in", "edges", "low", PULL_UP)
            assert line.consumer == f"partyline key-{k}"
        fake.line(21).edge(0)
        wait_held(daemon, {2: [2]})
        fake.line(24).edge(0)
        wait_held(daemon, {2: [2], 4: [4]})
        fake.line(21).edge(1)
        wait_held(daemon, {4: [4]})


def test_a_contact_that_bounces_is_one_edge():
    with machine({"lines": [key_line(debounce_ms=5)]}) as (daemon, fake):
        daemon.start()
        line = fake.line(5)
        begin = now_nsec()
        for i in range(8):
            line.edge(i % 2, begin + i * MSEC)  # ends open: nothing was there
        for i in range(9):
            line.edge(i % 2, begin + (100 + i) * MSEC)
        wait_held(daemon, {1: [1]})
        for i in range(9):
            line.edge((i + 1) % 2, begin + (200 + i) * MSEC)
        wait_history(daemon, [(1, 1, True), (1, 1, False)])


def test_a_chip_without_interrupts_is_polled():
    with machine({"lines": [key_line(poll_ms=2)]}) as (daemon, fake):
        fake.refuse = lambda request: errno.ENXIO if request.edges == "edges" else 0
        daemon.start()
        line = fake.line(5)
        line.edge(0)
        wait_held(daemon, {1: [1]})
        line.edge(1)
        wait_held(daemon, {})


def test_an_edge_that_the_kernel_lost_is_seen():
    with machine({"lines": [key_line()]}) as (daemon, fake):
        daemon.start()
        line = fake.line(5)
        line.edge(0)
        wait_held(daemon, {1: [1]})
        # Up, down, up, of which the first and the last did not fit: it must not stay down.
        line.lose(1)
        line.edge(0)
        line.lose(1)
        line.edge(1)
        wait_held(daemon, {})


def test_a_busy_line_is_taken_when_it_is_free():
    with machine({"lines": [key_line()]}) as (daemon, fake):
        busy = [errno.EBUSY]
        fake.refuse = lambda request: busy[0]
        fake.plug("gpiochip0", label="pinctrl-bcm2711", more="consumer 5 spi0 CS0\n")
        daemon.start()
        busy[0] = 0
        fake.line(5).edge(0)
        wait_held(daemon, {1: [1]})


def test_a_chip_that_goes_lets_go_and_is_taken_up_again():
    lines = [key_line(), {**key_line(7, chip="expander"), "tablet": 2, "channel": 2}]
    with machine({"lines": lines}) as (daemon, fake):
        daemon.start()
        fake.plug("gpiochip1", label="expander", lines=8)
        far = fake.line(7, "gpiochip1")
        far.edge(0)
        fake.line(5).edge(0)
        wait_held(daemon, {1: [1], 2: [2]})
        fake.unplug("gpiochip1")
        wait_held(daemon, {1: [1]})
        # Another number, the same label, and somebody's hand still on the key.
        fake.plug("gpiochip2", label="expander", lines=8)
        fake.levels["gpiochip2", 7] = 0
        fake.line(7, "gpiochip2")
        fake.unplug("gpiochip2")
        fake.plug("gpiochip1", label="expander", lines=8)
        again = fake.line(7, "gpiochip1")
        wait_held(daemon, {1: [1], 2: [2]})
        again.edge(1)
        wait_held(daemon, {1: [1]})


def test_a_stuck_key_is_let_go():
    with machine({"lines": [key_line(timeout_s=1)]}) as (daemon, fake):
        daemon.start()
        line = fake.line(5)
        line.edge(0)
        wait_history(daemon, [(1, 1, True), (1, 1, False)])
        line.edge(1)
        line.edge(0)
        wait_history(daemon, [(1, 1, True), (1, 1, False)] * 2)


def test_a_latch_toggles_what_there_is():
    with machine({"lines": [key_line(mode="latch")]}) as (daemon, fake):
        daemon.start()
        line = fake.line(5)
        for wanted in ({1: [1]}, {}, {1: [1]}):
            line.edge(0)
            line.edge(1)
            wait_held(daemon, wanted)
        # Released by somebody else: the next press presses.
        assert daemon.call("POST", "/ptt/release", {"tablet_id": 1, "channel": 1})[0] == 200
        line.edge(0)
        line.edge(1)
        wait_held(daemon, {1: [1]})


def test_two_lines_are_one_key():
    with machine({"lines": [key_line(5), key_line(6)]}) as (daemon, fake):
        daemon.start()
        fake.line(5).edge(0)
        wait_held(daemon, {1: [1]})
        fake.line(6).edge(0)
        fake.line(5).edge(1)
        fake.line(6).edge(1)
        wait_held(daemon, {})
        assert history(daemon) == [(1, 1, True), (1, 1, False)]


def test_a_refused_press_is_over_with_its_release():
    with machine({"lines": [key_line()]}) as (daemon, fake):
        daemon.start()
        assert daemon.call("PUT", "/api/busy-refusal", {"refuse": True})[0] == 200
        assert daemon.call("POST", "/ptt/request", {"tablet_id": 3, "channel": 1})[0] == 200
        line = fake.line(5)
        line.edge(0)
        line.edge(1)
        assert daemon.call("POST", "/ptt/release", {"tablet_id": 3, "channel": 1})[0] == 200
        line.edge(0)
        wait_held(daemon, {1: [1]})


def test_ptt_out_follows_every_key_of_its_channel():
    lines = [
        {"id": "ptt", "line": 10, "function": "ptt_out", "channel": 2},
        {"id": "lamp", "line": 11, "function": "ptt_out", "channel": 2, "active_low": True},
    ]
    with machine({"lines": lines}) as (daemon, fake):
        daemon.start()
        ptt, lamp = fake.line(10), fake.line(11)
        fake.wait_level(ptt, 0)
        fake.wait_level(lamp, 1)
        for tablet in (1, 7):
            assert daemon.call("POST", "/ptt/request", {"tablet_id": tablet, "channel": 2})[0] == 200
        fake.wait_level(ptt, 1)
        fake.wait_level(lamp, 0)
        assert daemon.call("POST", "/ptt/release", {"tablet_id": 1, "channel": 2})[0] == 200
        assert daemon.call("POST", "/ptt/request", {"tablet_id": 1, "channel": 3})[0] == 200
        assert daemon.call("POST", "/ptt/release", {"tablet_id": 7, "channel": 2})[0] == 200
        fake.wait_level(ptt, 0)
        fake.wait_level(lamp, 1)
        assert ptt.levels == [0, 1, 0] and lamp.levels == [1, 0, 1]
        assert daemon.call("POST", "/ptt/request", {"tablet_id": 1, "channel": 2})[0] == 200
        fake.wait_level(ptt, 1)
        fake.wait_level(lamp, 0)
        assert daemon.process.stop() == 0
        fake.wait_closed(ptt)
        fake.wait_closed(lamp)
        assert ptt.levels[-1] == 0 and lamp.levels[-1] == 1


def test_stopping_lets_go_of_its_keys():
    with machine({"lines": [key_line()]}) as (daemon, fake):
        daemon.start()
        line = fake.line(5)
        line.edge(0)
        wait_held(daemon, {1: [1]})
        daemon.process.stop()
        fake.levels["gpiochip0", 5] = 1
        daemon.start()
        fake.line(5)
        assert held(daemon) == {}


class GpioSession(Session):
    """With a graph that runs, as a key acts on its sample; the daemon sees chips of the test's own."""

    def __init__(self, gpio, **options):
        super().__init__(daemon=True, **options)
        self.gpio = gpio

    def spawn(self, name, argv, env=None, **popen):
        more = self.gpio.env if name == "partyline" else {}
        return super().spawn(name, argv, {**(env or {}), **more}, **popen)


def listen(session):
    """Function that waits until channel 1 sends sound, or until it is silent, for a tenth of a second."""
    listener = session.spawn(
        "listener", ["pw-cat", "-r", "--raw", "--format", "f32", "--rate", "48000", "--channels", "1",
                     "--target", "partyline.channel.1.out", "-"], stdout=subprocess.PIPE)

    def wait(sound):
        end, n_wanted = time.monotonic() + GUARD_SECONDS, 0
        while n_wanted < 4800:
            block = np.frombuffer(listener.popen.stdout.read(4 * 480), dtype="f4")
            n_wanted = n_wanted + 480 if (np.abs(block).max() > 1e-3) == sound else 0
            assert time.monotonic() < end, f"waited in vain for {'sound' if sound else 'silence'}"

    return wait


def test_stopping_lets_go_of_its_keys_in_the_graph(tmp_path):
    with FakeGpio(tmp_path / "dev") as fake:
        fake.plug("gpiochip0", label="pinctrl-bcm2711", names=RASPBERRY)
        config = {"gateway": {"gpio": {"lines": [key_line()]}}}
        with GpioSession(fake, tablets=2, channels=2, config=config, simulate=True) as session:
            for number in (1, 2):
                session.check(["curl", "-sf", "-X", "PUT", "--json", '{"mode": "momentary"}',
                               f"http://127.0.0.1:{session.http_port}/api/tablet/{number}/mode"])
            wait = listen(session)
            wait(sound=False)
            fake.line(5).edge(0)
            wait(sound=True)
            session.processes["partyline"].stop()
            wait(sound=False)


def test_after_a_crash_the_lines_say_what_is_held():
    lines = [
        key_line(5),
        # So long that the release below comes before the contact is known to rest.
        {**key_line(6, debounce_ms=100), "tablet": 2, "channel": 2},
        {**key_line(7, chip="expander"), "tablet": 3, "channel": 3},
        {**key_line(8), "tablet": 4, "channel": 4},
        {**key_line(9), "tablet": 4, "channel": 4},
    ]
    with machine({"lines": lines}) as (daemon, fake):
        fake.plug("gpiochip1", label="expander", lines=8)
        daemon.start()
        for offset, chip in ((5, 0), (6, 0), (7, 1), (8, 0), (9, 0)):
            fake.line(offset, f"gpiochip{chip}").edge(0)
        wait_held(daemon, {1: [1], 2: [2], 3: [3], 4: [4]})
        daemon.process.kill(signal.SIGKILL)
        for request in fake.now_open():
            fake.wait_closed(request)
        fake.levels["gpiochip0", 5] = 1  # let go meanwhile
        fake.levels["gpiochip0", 8] = 1  # the other of two
        fake.unplug("gpiochip1")
        daemon.start()
        fake.line(6).edge(1)
        wait_held(daemon, {4: [4]})
        fake.line(9).edge(1)
        wait_held(daemon, {})
