# SPDX-License-Identifier: MIT
"""Announcing and finding, with the real avahi-daemon, between machines of the test's own."""

import json
import os
import signal
import subprocess

import pytest
from machine import CTL, PROGRAM, USER, Daemon, Machine, join, wait_until

VERSION = subprocess.check_output([PROGRAM, "--version"], text=True).split()[-1]
pytestmark = pytest.mark.skipif(
    subprocess.run(["unshare", *USER, "--net", "--mount", "true"], check=False).returncode != 0,
    reason="this machine allows no network namespaces")
TYPES = ["_partyline._tcp", "_micwise._tcp", "_http._tcp"]


@pytest.fixture
def alpha():
    with Machine("alpha") as machine:
        yield machine


@pytest.fixture
def pair():
    """Two machines with avahi-daemon on one network."""
    with Machine("alpha") as alpha, Machine("beta") as beta:
        join(alpha, beta)
        alpha.start_avahi()
        beta.start_avahi()
        yield alpha, beta


def found(machine, name, *words):
    return wait_until(lambda: machine.discover(*words).get(name), f"{name} in discover")


def lost(machine, name):
    wait_until(lambda: name not in machine.discover("--all"), f"{name} gone from discover")


# --- two machines ------------------------------------------------------------------


def test_two_machines_find_each_other(pair):
    alpha, beta = pair
    with Daemon(alpha) as one, Daemon(beta, name="Sala de control ñ") as two:
        one.start("--tablets", "7", "--channels", "3")
        two.start()
        assert (one.published(), two.published()) == ("Partyline on alpha", "Sala de control ñ")
        peer = found(beta, "Partyline on alpha")
        assert len(peer.pop("id")) == 32
        assert alpha.address in peer.pop("addresses")
        assert peer == {
            "name": "Partyline on alpha", "host": "alpha.local", "address": alpha.address,
            "port": one.port, "url": f"http://{alpha.address}:{one.port}/", "tls": False,
            "version": VERSION, "channels": 3, "tablets": 7, "is_local": False,
        }
        # What is told is true: the page is there.
        health = json.loads(beta.run("curl", "-sf", f"{peer['url']}health").stdout)
        assert (health["num_tablets"], health["num_channels"]) == (7, 3)

        found(alpha, "Sala de control ñ")
        assert list(alpha.discover()) == ["Sala de control ñ"]
        everyone = wait_until(lambda: len(alpha.discover("--all")) == 2 and alpha.discover("--all"), "both")
        assert everyone["Partyline on alpha"]["is_local"]
        assert everyone["Sala de control ñ"]["id"] != everyone["Partyline on alpha"]["id"]
        text = alpha.ctl("discover").stdout
        assert "Sala de control ñ" in text
        assert f"http://{beta.address}:{two.port}/" in text
        assert "16 × 4" in text

        # Asked to end it takes its leave: nobody waits for the entry to grow old.
        assert one.process.stop() == 0
        lost(beta, "Partyline on alpha")
        assert beta.ctl("discover").stdout == "no other Partyline is announced in the network\n"


def test_every_type_and_record(pair):
    alpha, beta = pair
    with Daemon(alpha, name="Bühne") as one:
        one.start("--tablets", "5", "--channels", "2")
        assert one.published() == "Bühne"
        for service_type in TYPES:
            service = wait_until(lambda kind=service_type: beta.resolve(kind, "Bühne"), service_type)
            assert (service["host"], service["port"]) == ("alpha.local", one.port)
            assert service["keys"] == ["version", "path", "tls", "channels", "tablets", "id"]
            assert len(service["txt"].pop("id")) == 32
            assert service["txt"] == {"version": VERSION, "path": "/", "tls": "0",
                                      "channels": "2", "tablets": "5"}
        assert beta.resolve("_https._tcp", "Bühne") is None


def test_an_encrypted_server_says_so(pair):
    alpha, beta = pair
    with Daemon(alpha, http={"port": 0, "address": "0.0.0.0"}, name="Safe") as one:
        one.start()
        assert one.published() == "Safe"
        peer = found(beta, "Safe")
        assert (peer["tls"], peer["url"]) == (True, f"https://{alpha.address}:{one.port}/")
        for service_type in [*TYPES, "_https._tcp"]:
            service = wait_until(lambda kind=service_type: beta.resolve(kind, "Safe"), service_type)
            assert (service["port"], service["txt"]["tls"]) == (one.port, "1")
        # And it is so.
        done = beta.run("curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", f"{peer['url']}health")
        assert done.stdout == "401"


def test_taken_names_get_a_number(pair):
    alpha, beta = pair
    with Daemon(alpha, name="Stage") as one, Daemon(alpha, name="Stage") as two, Daemon(beta, name="Stage") as three:
        one.start()
        assert one.published() == "Stage"
        two.start()
        assert two.published() == "Stage #2"
        three.start()
        assert three.published() == "Stage #3"
        assert sorted(peer["port"] for peer in beta.discover("--all").values()) == \
            sorted([one.port, two.port, three.port])
        assert three.manager("PublishedName") == "Stage #3"


# --- avahi-daemon comes and goes ----------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_avahi_starts_late_and_again(alpha, number):
    with Machine("beta") as beta:
        join(alpha, beta)
        beta.start_avahi()
        with Daemon(alpha) as one:
            one.start()
            trouble = one.wait_events("discover.waiting", 1)["message"]
            assert "avahi-daemon is not on the system bus; install the package avahi-daemon" in trouble
            assert one.manager("PublishedName") == ""
            assert one.manager("DiscoverTrouble") in trouble
            text = alpha.ctl("status", check=False).stdout
            assert "  not announced in the network: avahi-daemon is not on the system bus" in text
            for n in (1, 2):
                avahi = alpha.start_avahi()
                assert one.published(n) == "Partyline on alpha"
                assert one.manager("DiscoverTrouble") == ""
                assert found(beta, "Partyline on alpha")["port"] == one.port
                assert '  announced in the network as "Partyline on alpha"\n' in alpha.ctl("status", check=False).stdout
                n_waiting = len(one.events("discover.waiting"))
                avahi.kill(number)
                one.wait_events("discover.waiting", n_waiting + 1)
                assert one.manager("PublishedName") == ""


def test_the_bus_itself_starts_again(alpha):
    alpha.start_avahi()
    with Daemon(alpha) as one:
        # The daemon's own face is on a bus that stays.
        one.start()
        one.published()
        n_waiting = len(one.events("discover.waiting"))
        alpha.bus_process.stop()
        alpha.avahi.wait()  # it does not live without a bus
        one.wait_events("discover.waiting", n_waiting + 1)
        (alpha.folder / "bus").unlink(missing_ok=True)
        alpha.start_bus()
        alpha.start_avahi()
        assert one.published(2) == "Partyline on alpha"


def test_a_hanging_avahi_holds_up_nobody(alpha):
    alpha.start_avahi()
    with Daemon(alpha) as one:
        one.start()
        one.published()
        n_waiting = len(one.events("discover.waiting"))
        os.kill(alpha.avahi.pid, signal.SIGSTOP)
        try:
            one.reload(name="other")
            alpha.run("curl", "-sf", "-H", "Content-Type: application/json", "-d", '{"mute": true}',
                      f"http://127.0.0.1:{one.port}/channel/1/mute")
            # Nothing has come back from avahi-daemon until now.
            assert one.manager("PublishedName") == "Partyline on alpha"
            assert len(one.events("discover.waiting")) == n_waiting
            assert one.process.stop() == 0
        finally:
            os.kill(alpha.avahi.pid, signal.SIGCONT)


# --- what is announced ----------------------------------------------------------------


def test_auto_always_never(alpha):
    alpha.start_avahi()
    with Daemon(alpha, http={"port": 0}) as one:
        one.start()
        # Nobody could open it: it is not announced, and that is no trouble.
        assert (one.manager("PublishedName"), one.manager("DiscoverTrouble")) == ("", "")
        one.reload(publish="always")
        assert one.published(1) == "Partyline on alpha"
        assert found(alpha, "Partyline on alpha", "--all")["port"] == one.port
        one.reload(publish="always", name="Renamed")
        assert one.published(2) == "Renamed"
        found(alpha, "Renamed", "--all")
        lost(alpha, "Partyline on alpha")
        one.reload(publish="always", name="Renamed")
        one.reload(publish="auto")
        one.wait_events("discover.withdrawn", 1)
        lost(alpha, "Renamed")
        # A reload that says the same has not made the entry blink.
        assert len(one.events("discover.published")) == 2

        one.write_config({"discover": {"publish": "sometimes"}})
        one.process.popen.send_signal(signal.SIGHUP)
        assert "/discover/publish" in one.wait_events("config.reload.error", 1)["error"]


def test_never(alpha):
    alpha.start_avahi()
    with Daemon(alpha, publish="never") as one:
        one.start()
        one.reload(publish="never", name="x")
        assert one.events("discover.published") == []
        one.reload(publish="auto", name="x")
        assert one.published() == "x"


def test_one_address_is_announced_where_it_is(pair):
    """A server on one address of many is not announced to those who do not reach it."""
    alpha, beta = pair
    alpha.run("ip", "link", "add", "other", "type", "veth", "peer", "name", "end")
    alpha.run("ip", "link", "set", "end", "up")
    alpha.run("ip", "address", "add", "10.98.0.1/24", "dev", "other")
    alpha.run("ip", "link", "set", "other", "up")
    with Daemon(alpha, http={"port": 0, "address": "10.98.0.1", "insecure_lan": True}, name="hidden") as one, \
            Daemon(alpha, http={"port": 0, "address": alpha.address, "insecure_lan": True}, name="seen") as two:
        one.start()
        two.start()
        assert (one.published(), two.published()) == ("hidden", "seen")
        assert found(beta, "seen")["address"] == alpha.address
        assert list(beta.discover()) == ["seen"]
        assert found(alpha, "hidden", "--all")["address"] == "10.98.0.1"


# --- partylinectl on its own ------------------------------------------------------------


def test_without_avahi_or_bus(alpha):
    done = alpha.ctl("discover", check=False)
    assert done.returncode == 3
    assert done.stderr == ("partylinectl: avahi-daemon is not on the system bus; install the package avahi-daemon "
                           'or start it with "systemctl start avahi-daemon"\n')
    done = alpha.ctl("--json", "discover", check=False)
    assert done.returncode == 3
    assert "avahi-daemon is not on the system bus" in json.loads(done.stdout)["error"]["message"]
    done = subprocess.run([CTL, "discover"], env={"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent"},
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 3
    assert "avahi-daemon is not on the system bus" in done.stderr


@pytest.mark.parametrize("value", ["0.01", "61", "x", "-1"])
def test_bad_timeouts(alpha, value):
    done = alpha.ctl("discover", "--timeout", value, check=False)
    assert done.returncode == 2
    assert "--timeout" in done.stderr


def test_alone(alpha):
    alpha.start_avahi()
    wait_until(lambda: alpha.ctl("discover", check=False).returncode == 0, "avahi-daemon")
    assert alpha.ctl("discover", "--timeout", "0.5").stdout == "no other Partyline is announced in the network\n"
    assert alpha.discover("--timeout=0.5") == {}
