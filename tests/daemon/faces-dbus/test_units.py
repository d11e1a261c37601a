# SPDX-License-Identifier: MIT
"""The units are what systemd understands, hardened, and start the daemon that they name."""

import os
import pathlib
import re
import subprocess

import pytest
from rig.confs import SOURCE, find_program

BUILD = pathlib.Path(os.environ["PARTYLINE_BUILD_DIR"])


def unit(where):
    return (BUILD / f"conf/systemd/partyline.{where}.service").read_text(encoding="utf-8")


@pytest.fixture
def installed(tmp_path):
    """The unit as it would be installed, with programs that are there."""

    def write(where):
        text = re.sub(r"^(ExecStart=)\S*/partyline", rf"\g<1>{find_program(BUILD, 'partyline')}",
                      unit(where), flags=re.M)
        path = tmp_path / "partyline.service"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("where", ["user", "system"])
def test_systemd_understands_the_unit(installed, where, tmp_path):
    manager = ["--user"] if where == "user" else []
    done = subprocess.run(["systemd-analyze", *manager, "verify", "--man=no", installed(where)],
                          capture_output=True, text=True, timeout=60, check=False,
                          env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)})
    # Only what is said of our file: other units of the machine are not ours to judge.
    found = [line for line in done.stderr.splitlines() if "partyline" in line]
    assert found == []


def test_the_system_unit_is_hardened(installed):
    done = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--threshold=20",
                           installed("system")], capture_output=True, text=True, timeout=60,
                          check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_units_name_what_is_installed():
    options = subprocess.run([find_program(BUILD, "partyline"), "--help"], capture_output=True,
                             text=True, timeout=60, check=True).stdout
    for where, words in (("user", []), ("system", ["--system"])):
        program, *arguments = re.search(r"^ExecStart=(.*)$", unit(where), re.M)[1].split()
        assert arguments == words and program.endswith("/bin/partyline")
        assert all(f"{word} " in options for word in words)
        activation = (BUILD / f"dbus/org.partyline.Partyline1{'.system' if words else ''}.service")
        assert f"Exec={' '.join([program, *arguments])}\n" in activation.read_text(encoding="utf-8")


def test_the_user_is_made():
    text = (SOURCE / "conf/systemd/partyline.sysusers.conf").read_text(encoding="utf-8")
    user = re.search(r"^User=(\S+)$", unit("system"), re.M)[1]
    assert re.search(rf"^u {user} ", text, re.M)
    policy = (SOURCE / "dbus/org.partyline.Partyline1.conf").read_text(encoding="utf-8")
    assert f'user="{user}"' in policy
