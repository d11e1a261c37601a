# SPDX-License-Identifier: MIT
"""partylinectl gpio: what this machine has, what is defined, and what happens to it."""

import json

import pytest
from fake_gpio import FakeGpio
from private_bus import PrivateBus

RASPBERRY = {"label": "pinctrl-bcm2711", "lines": 28, "names": {n: f"GPIO{n}" for n in range(28)}}
REFUSED, USAGE, NOT_RUNNING, NOT_PERMITTED = 1, 2, 3, 4
EACCES = 13


class GpioBus(PrivateBus):
    """The daemon and partylinectl see chips of the test's own."""

    def __init__(self, gpio):
        super().__init__(channels=4, config={"gateway": {"gpio": {"profile": "rpi-echostream"}}})
        self.gpio = gpio

    def spawn(self, name, argv, env=None, **popen):
        more = self.gpio.env if name == "partyline" else {}
        return super().spawn(name, argv, {**(env or {}), **more}, **popen)

    def ctl(self, *words, **kwargs):
        return super().ctl(*words, env=self.gpio.env, **kwargs)


@pytest.fixture(name="gpio")
def fixture_gpio(tmp_path):
    with FakeGpio(tmp_path / "dev") as fake:
        yield fake


@pytest.fixture(name="machine")
def fixture_machine(gpio):
    gpio.plug("gpiochip0", **RASPBERRY, more="consumer 8 spi0 CS0\noutput 8\nconsumer 4\n")
    gpio.plug("gpiochip1", label="expander", lines=4)
    with GpioBus(gpio) as session:
        yield session


def test_the_lines_of_a_machine_are_found(machine):
    lines = machine.ctl_json("gpio", "find")
    assert [(line["chip"], line["line"]) for line in lines] == [
        *(("gpiochip0", n) for n in range(28)), *(("gpiochip1", n) for n in range(4))]
    assert lines[8] == {"chip": "gpiochip0", "label": "pinctrl-bcm2711", "line": 8, "name": "GPIO8",
                        "direction": "output", "used_by": "spi0 CS0"}
    assert lines[4]["used_by"] == "somebody" and lines[5]["used_by"] == ""
    assert [line["line"] for line in machine.ctl_json("gpio", "find", "gpio2")] == [2, *range(20, 28)]
    assert [line["chip"] for line in machine.ctl_json("gpio", "find", "3")] == [
        "gpiochip0", "gpiochip1"]
    assert len(machine.ctl_json("gpio", "find", "expander")) == 4
    (line,) = machine.ctl("gpio", "find", "spi0").stdout.splitlines()[1:]
    assert line.split() == ["gpiochip0", "pinctrl-bcm2711", "8", "GPIO8", "output", "spi0", "CS0"]
    refused = machine.ctl("gpio", "find", "nothing")
    assert refused.returncode == REFUSED and '"nothing"' in refused.stderr


def test_a_machine_without_lines_says_why(gpio, machine):
    for name in ("gpiochip0", "gpiochip1"):
        gpio.unplug(name)
    none = machine.ctl("gpio", "find")
    assert none.returncode == REFUSED and "no GPIO chip" in none.stderr
    gpio.plug("gpiochip0", more=f"refuse open {EACCES}\n")
    closed = machine.ctl("gpio", "find")
    assert closed.returncode == NOT_PERMITTED and "/dev/gpiochip0" in closed.stderr
    assert machine.ctl("gpio", "look").returncode == USAGE


def test_a_press_is_watched(gpio, machine):
    keys = machine.ctl_json("gpio")
    assert keys == machine.ctl_json("gpio", "list")
    assert [(key["id"], key["line"], key["status"]["state"]) for key in keys] == [
        (f"key-{k}", f"GPIO{bcm}", "inactive") for k, bcm in enumerate((20, 21, 23, 24), 1)]
    with machine.lines(machine.program("partylinectl"), "--json", "gpio", "watch") as watch:
        watch.until(lambda text: json.loads(text)[3]["id"] == "key-4")
        line = gpio.line(23)
        line.edge(0)
        watch.until(lambda text: json.loads(text) == {"id": "key-3", "state": "active", "trouble": ""})
        line.edge(1)
        watch.until(lambda text: json.loads(text)["state"] == "inactive")
        gpio.unplug("gpiochip0")
        watch.until(lambda text: json.loads(text)["state"] == "missing")
    with machine.lines(machine.program("partylinectl"), "gpio", "watch") as watch:
        watch.until(lambda text: text.startswith("key-4"))
        gpio.plug("gpiochip2", **RASPBERRY)
        watch.until(lambda text: text.split() == ["key-1", "inactive"])
        machine.processes["partyline"].stop()
        assert watch.process.wait(60) == NOT_RUNNING
