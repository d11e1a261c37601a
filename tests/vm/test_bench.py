# SPDX-License-Identifier: MIT
"""The bench itself: what a guest has, and what becomes of what it does."""

import os
import pathlib
import subprocess
import time

import pytest

from vm import Guest, GuestError, in_guest, make_disk

HERE = pathlib.Path(__file__).resolve()


def output(argv):
    return subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True).stdout


@in_guest()
def test_a_guest_writes_nothing_on_the_machine():
    HERE.with_name("guest-was-here").write_text("only in the guest\n")


def test_nothing_was_written():
    test_a_guest_writes_nothing_on_the_machine()
    assert not HERE.with_name("guest-was-here").exists()


@in_guest()
def test_sound_cards_and_gpio():
    cards = pathlib.Path("/proc/asound/cards").read_text()
    assert "Loopback" in cards and "Dummy" in cards
    chip = pathlib.Path("/sys/kernel/config/gpio-sim/test")
    (chip / "bank").mkdir(parents=True)
    (chip / "bank/num_lines").write_text("4")
    (chip / "live").write_text("1")
    assert pathlib.Path("/dev", (chip / "bank/chip_name").read_text().strip()).exists()


@in_guest(systemd=True)
def test_a_card_is_unplugged_and_plugged_again():
    card = pathlib.Path("/sys/class/sound/card1/device").resolve()
    driver = (card / "driver").resolve()
    events = subprocess.Popen(
        ["udevadm", "monitor", "--udev", "--subsystem-match=sound"],
        stdout=subprocess.PIPE,
        text=True,
    )
    for line in events.stdout:
        if "UDEV" in line:
            break
    (driver / "unbind").write_text(card.name)
    next(line for line in events.stdout if "remove" in line and line.rstrip().endswith("(sound)"))
    assert not list(pathlib.Path("/dev/snd").glob("pcmC1*"))
    (driver / "bind").write_text(card.name)
    plugged = {"controlC1", "pcmC1D0p"}  # udev tells of them in any order
    while plugged:
        line = next(line for line in events.stdout if "add" in line)
        plugged -= {name for name in plugged if f"/{name} " in line}
    assert "ID_PATH=platform-snd_aloop.0" in output(["udevadm", "info", "/dev/snd/controlC1"])
    events.kill()


@in_guest(simulated=True)
def test_an_hour_of_the_simulated_clock():
    start = time.clock_gettime(time.CLOCK_MONOTONIC)
    time.sleep(3600)  # the clock is what is tested
    passed = time.clock_gettime(time.CLOCK_MONOTONIC) - start
    assert 3600 <= passed < 3600.1


@in_guest(systemd=True, installed=True)
def test_the_build_is_installed():
    assert output(["systemctl", "show", "-P", "LoadState", "partyline.service"]) == "loaded\n"
    assert output(["/usr/bin/partylinectl", "--version"]).startswith("partylinectl ")


def test_a_status_and_the_console_come_back():
    with Guest() as guest:
        assert guest.run(["sh", "-c", "echo said this; exit 7"], check=False) == 7
        assert "said this" in guest.console
        with pytest.raises(GuestError, match="said that"):
            guest.run(["sh", "-c", "echo said that; false"])


def test_the_share_goes_both_ways():
    with Guest(systemd=True) as guest:
        (guest.share / "asked").write_text("seven\n")
        guest.run(["sh", "-c", "tr a-z A-Z </share/asked >/share/answered"])
        assert (guest.share / "answered").read_text() == "SEVEN\n"


def test_a_power_cut_loses_what_was_not_synced(tmp_path):
    disk = make_disk(tmp_path / "disk")
    script = "echo kept >/disk/kept; sync; echo lost >/disk/lost; echo WRITTEN; sleep infinity"
    with Guest(disk=disk) as guest:
        guest.start(["sh", "-c", script])
        guest.wait_for_line("WRITTEN")
        guest.kill()
        guest.run(["sh", "-c", "test -s /disk/kept && test ! -s /disk/lost"])


def test_guests_side_by_side():
    with Guest(simulated=True) as one, Guest() as other:
        one.start(["sh", "-c", "sleep 60; exit 1"])
        other.start(["sh", "-c", "exit 2"])
        assert (one.wait(), other.wait()) == (1, 2)
