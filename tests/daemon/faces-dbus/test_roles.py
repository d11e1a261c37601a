# SPDX-License-Identifier: MIT
"""On a system bus without polkit: the shipped policy, and who may do what."""

import json
import os
import subprocess

import pytest
from private_bus import CHANNEL, MANAGER, MATRIX, NAME, ROOT, TABLET, channel, tablet
from system_bus import start_system_bus

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can call as somebody else")


@pytest.fixture(scope="module")
def system():
    if subprocess.run(["unshare", "--mount", "true"], check=False).returncode != 0:
        pytest.skip("mount namespaces are not to be had here")
    with pytest.MonkeyPatch.context() as patch, start_system_bus(patch) as session:
        yield session


LOOK = [
    ("get-property", NAME, ROOT, MATRIX, "HeadroomDb"),
    ("introspect", NAME, ROOT),
    ("call", NAME, ROOT, MANAGER, "GetState"),
    ("call", NAME, ROOT, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects"),
]
OPERATE = [
    ("call", NAME, ROOT, MATRIX, "SetCrosspoint", "suud", "uplink", "1", "1", "--", "-6"),
    ("set-property", NAME, ROOT, MATRIX, "HeadroomDb", "d", "6"),
    ("set-property", NAME, channel(1), CHANNEL, "Muted", "b", "true"),
    ("set-property", NAME, tablet(1), TABLET, "SidetoneDb", "d", "--", "-10"),
    ("call", NAME, tablet(1), TABLET, "PressKey", "uu", "1", "1"),
    ("call", NAME, tablet(1), TABLET, "ReleaseAll"),
]
ADMIN = [
    ("set-property", NAME, channel(1), CHANNEL, "Name", "s", "Stage"),
    ("set-property", NAME, ROOT, MATRIX, "RampMs", "d", "10"),
    ("call", NAME, channel(1), CHANNEL, "Bind", "ssu", "capture", "card:X", "0"),
    ("call", NAME, tablet(1), TABLET, "Unbind", "s", "playback"),
    ("call", NAME, tablet(1), TABLET, "ReleaseClaim"),
    ("call", NAME, ROOT, MANAGER, "ReloadConfig"),
    ("call", NAME, ROOT, MANAGER, "Reset"),
    ("call", NAME, ROOT, MANAGER, "ReadLog", "uss", "5", "", ""),
    ("call", NAME, ROOT, MANAGER, "FollowLog", "uss", "5", "", ""),
    ("call", NAME, ROOT, f"{NAME}.Access", "ListTokens"),
    ("call", NAME, ROOT, f"{NAME}.Access", "AddToken", "sst", "mine", "admin", "0"),
    ("call", NAME, ROOT, f"{NAME}.Access", "RemoveToken", "s", "mine"),
]


@pytest.mark.parametrize("who,may", [("root", LOOK + OPERATE + ADMIN), ("member", LOOK + OPERATE),
                                     ("other", LOOK)])
def test_roles(system, who, may):
    for words in LOOK + OPERATE + ADMIN:
        before = system.settings()
        done = system.busctl_as(who, *words)
        if words in may:
            assert done.returncode == 0, (who, words, done.stderr)
        else:
            assert done.returncode != 0, (who, words)
            assert "this needs the role" in done.stderr
            assert system.settings() == before


def test_partylinectl_says_who_may(system):
    ctl = system.folder / "partylinectl"
    done = system.as_caller("other", ctl, "--system", "headroom", "9")
    assert (done.returncode, done.stdout) == (4, "")
    assert 'root is admin and the group "partyline" may operate' in done.stderr
    done = system.as_caller("other", ctl, "--json", "--system", "headroom", "9")
    assert json.loads(done.stdout)["error"]["name"] == f"{NAME}.Error.NotPermitted"
    done = system.as_caller("other", ctl, "--system", "headroom")
    assert done.returncode == 0
    done = system.as_caller("member", ctl, "--system", "headroom", "9")
    assert (done.returncode, done.stdout) == (0, "headroom: 9 dB\n")


def test_others_may_not_own_the_name(system):
    # The second name of the policy's kind: ours is taken, so that a refusal must be the policy's.
    system.processes["partyline"].stop()
    try:
        for who, allowed in (("other", False), ("root", True)):
            done = system.busctl_as(who, "call", "org.freedesktop.DBus", "/org/freedesktop/DBus",
                          "org.freedesktop.DBus", "RequestName", "su", NAME, "0")
            assert (done.returncode == 0) == allowed, done.stderr
    finally:
        system.start_daemon()
