# SPDX-License-Identifier: MIT
"""From power-on to the first mixed sample, from one sound card to another, with nobody logged in."""

import json
import os
import pathlib
import shutil
import sys

import pytest

import appliance
import cards
from vm import Guest, build_layer

HERE = pathlib.Path(__file__).resolve().parent
ENABLED = "etc/systemd/system/multi-user.target.wants/partyline.target"


def guest_with(layers, **options):
    env = {"PYTHONPATH": os.environ["PYTHONPATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    return Guest(systemd=True, env=env, layers=layers,
                 kernel_args=cards.kernel_args("Desk", "Out"), **options)


@pytest.fixture(scope="module")
def appliance_layers(tmp_path_factory):
    """An appliance that was installed, enabled and set up, and is switched off now."""
    folder = tmp_path_factory.mktemp("appliance")
    installed = build_layer(folder / "installed")
    own = folder / "own"
    appliance.write_card_rules(own)
    (own / ENABLED).parent.mkdir(parents=True)
    (own / ENABLED).symlink_to("/usr/lib/systemd/system/partyline.target")
    layers = [own, installed]
    with guest_with(layers, simulated=True) as guest:
        guest.run([sys.executable, HERE / "cold_boot.py", "set-up"])
        (own / "var/lib/partyline").mkdir(parents=True)
        shutil.copy(guest.share / "state.json", own / "var/lib/partyline/state.json")
        shutil.copy(guest.share / "play.raw", own / "var/lib/partyline-test.raw")
    return layers


def boot(layers, **options):
    with guest_with(layers, target="multi-user.target", **options) as guest:
        guest.run([sys.executable, HERE / "cold_boot.py", "boot"])
        return json.loads((guest.share / "result.json").read_text())


def test_every_sample_is_right_from_power_on(appliance_layers):
    result = boot(appliance_layers, simulated=True)
    assert result["users"] == []
    assert (result["wrong"], result["sides_differ"]) == (0, 0)


def test_how_long_it_takes(appliance_layers, capsys):
    """On the real clock, for the figure: the samples there are as good as the machine has time."""
    result = boot(appliance_layers)
    lines = [f"  {value:6.2f} s  {name}" for name, value in
             sorted(result["moments_s"].items(), key=lambda item: item[1])]
    with capsys.disabled():
        print("\ncold boot, seconds after the kernel's start:", *lines, sep="\n")
    assert result["likeness"] > 0.9
