# SPDX-License-Identifier: MIT
"""The completion files are the command table's, and the shells understand them."""

import re

import pytest
from private_bus import PrivateBus
from rig.confs import SOURCE

FILES = {"bash": "partylinectl", "zsh": "_partylinectl"}


@pytest.fixture(scope="module")
def session():
    with PrivateBus() as session:
        assert session.ctl("bind", "tablet", "1", "playback", "card:Desk,1").returncode == 0
        assert session.ctl("bind", "tablet", "2", "capture", "path:usb-1:2").returncode == 0
        assert session.ctl("stream", "add", "mill", "channel.1", "way=receive", "local.port=5004",
                           "srtp.cipher=none").returncode == 0
        assert session.ctl("page", "add", "gate", "channel.1", "kind=dtmf", "digits=911").returncode == 0
        yield session


@pytest.mark.parametrize("shell", FILES)
def test_file_is_what_the_program_writes(session, shell):
    done = session.ctl("--completion", shell)
    assert done.returncode == 0
    path = SOURCE / "conf/completions" / FILES[shell]
    assert path.read_text(encoding="utf-8") == done.stdout, \
        f"partylinectl --completion {shell} > {path.relative_to(SOURCE)}"
    assert session.run([shell, "-n", str(path)]).returncode == 0


def complete(session, *words):
    """What bash offers for the last word."""
    script = """
        . "$1"; shift
        COMP_WORDS=(partylinectl "$@"); COMP_CWORD=$#
        _partylinectl; printf '%s\\n' "${COMPREPLY[@]}"
    """
    path = f"{session.program('partylinectl').parent}:{session.env['PATH']}"
    done = session.run(["bash", "-c", script, "bash", str(SOURCE / "conf/completions/partylinectl"),
                        *words], env={"PATH": path})
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


@pytest.mark.parametrize("words,offered", [
    (["cros"], ["crosspoint"]),
    (["re"], ["release-all", "reload", "reset"]),
    (["crosspoint", ""], ["get", "set"]),
    (["crosspoint", "set", "u"], ["uplink"]),
    (["crosspoint", "set", "uplink", ""], ["1", "2", "3", "4"]),
    (["crosspoint", "set", "uplink", "1", ""], ["1", "2", "3"]),
    (["--json", "mute", "t"], ["tablet", "talk"]),
    (["key", "--priority", "3", "press", ""], ["1", "2", "3", "4"]),
    (["mode", "2", "mo"], ["momentary"]),
    (["vox", "-30", ""], []),
    (["meters", "--o"], ["--once"]),
    (["ramp", "--o"], []),
    (["--sy"], ["--system"]),
    (["bind", "channel", "1", "cap"], ["capture"]),
    (["bind", "channel", "1", "capture", ""], ["path:usb-1:2,0", "card:Desk,1"]),
    (["bind", "channel", "1", "capture", "c"], ["card:Desk,1"]),
    # bash parts words at colons and takes what is behind the last one
    (["bind", "channel", "1", "capture", "card", ":", "De"], ["Desk,1"]),
    (["bind", "channel", "1", "capture", "path", ":", "usb-1", ":", "2"], ["2,0"]),
    (["bind", "channel", "1", "capture", "card", ":", "De", "--p"], ["--port"]),
    (["unbind", "tablet", "2", ""], ["capture", "playback"]),
    (["stream", "re"], ["remove"]),
    (["stream", "remove", "m"], ["mill"]),
    (["page", "remove", "g"], ["gate"]),
])
def test_bash(session, words, offered):
    assert complete(session, *words) == offered


def test_every_command_and_option_is_offered(session):
    helped = session.ctl("--help").stdout.split("COMMANDS\n")[1].split("\n\n")[0]
    commands = re.findall(r"^  (\S+) ", helped, re.M)
    assert complete(session, "") == commands
    zsh = (SOURCE / "conf/completions/_partylinectl").read_text(encoding="utf-8")
    for command in commands:
        options = set(re.findall(r"(--[a-z]+)", session.ctl(command, "--help").stdout.split("Options:")[1]))
        assert set(complete(session, command, "--")) == options
        part = zsh.split(f"\t\t{command})\n")[1].split(";;")[0]
        assert set(re.findall(r"(--[a-z]+)[\[}]", part)) == options
