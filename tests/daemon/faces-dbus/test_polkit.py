# SPDX-License-Identifier: MIT
"""What polkit says counts; what it does not say holds nobody up."""

import os
import queue
import subprocess

import pytest
from private_bus import CHANNEL, ERROR, MANAGER, MATRIX, NAME, ROOT, TABLET, channel, tablet
from rig.process import GUARD_SECONDS
from system_bus import NOBODY, start_system_bus

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can call as somebody else")

OPERATE_ACTION, ADMIN_ACTION = f"{NAME}.operate", f"{NAME}.admin"
MUTE = ("set-property", NAME, channel(1), CHANNEL, "Muted", "b")
RAMP = ("set-property", NAME, ROOT, MATRIX, "RampMs", "d", "10")


class Polkit:
    """The stand-in, its answers, and what it was asked."""

    def __init__(self, system):
        self.answers = system.folder / "polkit-answers"
        self.say()
        program = system.build / "tests/fakes/fake-polkit"
        self.lines = system.lines(program, self.answers)
        self.lines.until(lambda line: line == "ready")

    def say(self, **words):
        actions = {"operate": OPERATE_ACTION, "admin": ADMIN_ACTION}
        self.answers.write_text("".join(f"{actions[key]} {word}\n" for key, word in words.items()),
                                encoding="utf-8")

    def questions(self):
        found = []
        while True:
            try:
                found.append(self.lines.lines.get_nowait())
            except queue.Empty:
                return found


@pytest.fixture(scope="module")
def system():
    if subprocess.run(["unshare", "--mount", "true"], check=False).returncode != 0:
        pytest.skip("mount namespaces are not to be had here")
    with pytest.MonkeyPatch.context() as patch, start_system_bus(patch) as session:
        yield session


@pytest.fixture
def polkit(system):
    with_lines = Polkit(system)
    with with_lines.lines:
        yield with_lines


def muted(system):
    return bool(system.get(channel(1), CHANNEL, "Muted"))


@pytest.mark.parametrize("who", ["member", "other"])
@pytest.mark.parametrize("answers,operates,administers", [
    ({}, False, False),
    ({"operate": "yes"}, True, False),
    ({"admin": "yes"}, True, True),
    ({"operate": "yes", "admin": "yes"}, True, True),
])
def test_polkit_decides(system, polkit, who, answers, operates, administers):
    polkit.say(**answers)
    for words, may in (((*MUTE, "true"), operates), (RAMP, administers), ((*MUTE, "false"), operates)):
        done = system.busctl_as(who, *words)
        assert (done.returncode == 0) == may, done.stderr
        assert may or "this needs the role" in done.stderr


def test_root_needs_no_polkit(system, polkit):
    polkit.say(operate="silent", admin="silent")
    assert system.busctl_as("root", *MUTE, "true").returncode == 0
    assert system.busctl_as("root", *MUTE, "false").returncode == 0
    assert polkit.questions() == []


def test_looking_asks_nobody(system, polkit):
    polkit.say(operate="silent", admin="silent")
    for words in (("get-property", NAME, ROOT, MATRIX, "HeadroomDb"), ("introspect", NAME, ROOT),
                  ("call", NAME, ROOT, MANAGER, "GetState")):
        assert system.busctl_as("other", *words).returncode == 0
    assert polkit.questions() == []


def test_one_answer_is_good_for_many_calls_which_keep_their_order(system, polkit):
    polkit.say(operate="yes")
    ctl = system.folder / "partylinectl"
    script = "; ".join(f"{ctl} --system key {'press' if i % 2 == 0 else 'release'} 1 1" for i in range(4))
    done = system.as_caller("other", "sh", "-c", script)
    assert done.returncode == 0, done.stderr
    assert len(polkit.questions()) == 2 * 4  # four connections

    # One connection, everything at once: the calls that wait and those that follow them.
    n_calls = 40
    code = f"""
import dbus, dbus.bus, dbus.lowlevel, os
bus = dbus.bus.BusConnection(os.environ["DBUS_SYSTEM_BUS_ADDRESS"])
for i in range({n_calls}):
    message = dbus.lowlevel.MethodCallMessage("{NAME}", "{tablet(2)}", "{TABLET}",
                                              "PressKey" if i % 2 == 0 else "ReleaseKey")
    message.append(*((1, 1) if i % 2 == 0 else (1,)), signature="uu" if i % 2 == 0 else "u")
    message.set_no_reply(True)
    bus.send_message(message)
bus.flush()
print(bus.call_blocking("{NAME}", "{tablet(2)}", "org.freedesktop.DBus.Properties", "Get", "ss",
                        ("{TABLET}", "Keys"), timeout=60))
"""
    before = len(system.ctl_json("--system", "history"))
    done = system.as_caller("other", "/usr/bin/python3", "-c", code)
    assert done.returncode == 0, done.stderr
    assert len(polkit.questions()) == 2
    edges = system.ctl_json("--system", "history")[before:]
    assert [edge["down"] for edge in edges] == [True, False] * (n_calls // 2)


def test_a_silent_polkit_holds_nobody_up(system, polkit):
    polkit.say(operate="silent", admin="silent")
    with system.lines("setpriv", f"--reuid={NOBODY}", "--clear-groups", "busctl", "--system",
                      *MUTE, "true") as waiting:
        # While that call waits the daemon serves everyone else.
        polkit.lines.until(lambda line: line.endswith(".admin"))
        assert system.http("/health")["status"]
        assert system.busctl_as("root", *MUTE, "true").returncode == 0
        assert waiting.process.wait(GUARD_SECONDS) != 0
    assert system.busctl_as("root", *MUTE, "false").returncode == 0
    done = system.busctl_as("other", *MUTE, "true")
    assert done.returncode != 0 and "polkit does not answer" in done.stderr
    assert not muted(system)


@pytest.mark.parametrize("answers", [{"operate": "error", "admin": "error"},
                                     {"operate": "yes", "admin": "error"}])
def test_a_failing_polkit_grants_nothing(system, polkit, answers):
    polkit.say(**answers)
    for who in ("member", "other"):
        done = system.busctl_as(who, *MUTE, "true")
        assert done.returncode != 0 and "polkit does not answer" in done.stderr
    assert not muted(system)


def test_the_error_has_a_name(system, polkit):
    polkit.say(operate="silent", admin="silent")
    done = system.as_caller("other", system.folder / "partylinectl", "--json", "--system", "mute",
                            "channel", "1")
    assert done.returncode == 4
    assert f'"{ERROR}NotPermitted"' in done.stdout
