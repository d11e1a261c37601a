# SPDX-License-Identifier: MIT
"""The units are what systemd understands, hardened as the README says, and start what they name."""

import os
import pathlib
import re
import subprocess

import pytest
from rig.confs import SOURCE, find_program

BUILD = pathlib.Path(os.environ["PARTYLINE_BUILD_DIR"]) / "conf/systemd"
UNITS = {name.removeprefix("system-"): BUILD / name
         for name in sorted(path.stem for path in (SOURCE / "conf/systemd").glob("*.in"))
         if not name.startswith("user-")}
SERVICES = sorted(name for name in UNITS if name.endswith(".service"))
# The bar for the daemon is the issue's; the others have no way to become worse unseen.
EXPOSURE_MAX = {"partyline.service": 2.0}


def text_of(name):
    return UNITS[name].read_text(encoding="utf-8")


def settings(name, key):
    return re.findall(rf"^{key}=(.*)$", text_of(name), re.M)


@pytest.fixture
def installed(tmp_path):
    """The units as they would be installed, with programs that are there."""
    for name, path in UNITS.items():
        text = re.sub(r"^(ExecStart=)\S*/(partyline\S*)",
                      lambda m: f"{m[1]}{find_program(BUILD.parents[1], m[2]) or '/bin/true'}",
                      path.read_text(encoding="utf-8"), flags=re.M)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def verify(paths, *manager, runtime):
    done = subprocess.run(["systemd-analyze", *manager, "verify", "--man=no", *paths],
                          capture_output=True, text=True, timeout=60, check=False,
                          env={**os.environ, "XDG_RUNTIME_DIR": str(runtime)})
    # Only what is said of our files: other units of the machine are not ours to judge.
    return [line for line in done.stderr.splitlines() if "partyline" in line]


def test_systemd_understands_the_units(installed):
    assert len(UNITS) == 7
    assert verify(sorted(installed.iterdir()), runtime=installed) == []


def test_systemd_understands_the_unit_of_a_session(tmp_path):
    text = (BUILD / "user-partyline.service").read_text(encoding="utf-8")
    path = tmp_path / "partyline.service"
    path.write_text(re.sub(r"^(ExecStart=)\S*", rf"\g<1>{find_program(BUILD.parents[1], 'partyline')}",
                           text, flags=re.M), encoding="utf-8")
    assert verify([path], "--user", runtime=tmp_path) == []


def exposure(path):
    done = subprocess.run(["systemd-analyze", "security", "--offline=yes", "--no-pager", path],
                          capture_output=True, text=True, timeout=60, check=False)
    return float(re.search(r"exposure level for .*: ([0-9.]+)", done.stdout)[1])


def test_the_readme_says_how_exposed_the_units_are(installed):
    readme = (SOURCE / "README.md").read_text(encoding="utf-8")
    said = {name: float(value) for name, value in
            re.findall(r"^\| `(partyline\S*\.service)` \|.*\| ([0-9.]+) \|$", readme, re.M)}
    found = {name: exposure(installed / name) for name in SERVICES}
    # Another version of systemd judges a little differently.
    assert said.keys() == found.keys()
    assert {name: value for name, value in found.items() if value > said[name] + 0.15} == {}
    assert {name: value for name, value in found.items() if said[name] > value + 0.15} == {}
    for name, most in EXPOSURE_MAX.items():
        assert said[name] <= most and found[name] <= most


def test_every_service_has_a_user_of_its_own():
    users = [settings(name, "User") for name in SERVICES]
    assert all(len(user) == 1 for user in users)
    assert len({user[0] for user in users}) == len(SERVICES)
    made = (SOURCE / "conf/systemd/sysusers.conf").read_text(encoding="utf-8")
    for (user,) in users:
        assert re.search(rf"^u {user} - ", made, re.M)
    policy = (SOURCE / "dbus/org.partyline.Partyline1.conf").read_text(encoding="utf-8")
    assert f'user="{settings("partyline.service", "User")[0]}"' in policy


def test_only_managers_have_the_managers_socket():
    assert settings("partyline-pipewire-manager.socket", "SocketMode") == ["0660"]
    (group,) = settings("partyline-pipewire-manager.socket", "SocketGroup")
    assert settings("partyline-pipewire.service", "User") == [group]
    assert {name for name in SERVICES if group in settings(name, "SupplementaryGroups")} == {
        "partyline.service", "partyline-wireplumber.service"}


def test_every_service_comes_back():
    for name in SERVICES:
        assert settings(name, "Restart") == ["always"]
        assert settings(name, "StartLimitIntervalSec") == ["0"]
        assert settings(name, "RestartSec") and "partyline.target" in settings(name, "PartOf")
        assert name in settings("partyline.target", "Wants")[0].split()


def test_units_name_what_is_installed():
    daemon = find_program(BUILD.parents[1], "partyline")
    options = subprocess.run([daemon, "--help"], capture_output=True, text=True, timeout=60,
                             check=True).stdout
    user = (BUILD / "user-partyline.service").read_text(encoding="utf-8")
    start = re.search(r"^ExecStart=(.*)$", user, re.M)[1]
    assert start.endswith("/bin/partyline")
    activation = BUILD.parents[1] / "dbus/org.partyline.Partyline1.service"
    assert f"Exec={start}\n" in activation.read_text(encoding="utf-8")
    program, *arguments = settings("partyline.service", "ExecStart")[0].split()
    assert program == start and arguments == ["--system"] and "--system " in options
    _, option, conf = settings("partyline-pipewire.service", "ExecStart")[0].split()
    assert option == "-c" and (SOURCE / "conf/system-session" / conf).exists()
    _, option, profile = settings("partyline-wireplumber.service", "ExecStart")[0].split()
    conf = SOURCE / "conf/wireplumber/wireplumber.conf.d/50-partyline.conf"
    assert option == "-p" and f"\n  {profile} = {{" in conf.read_text(encoding="utf-8")
