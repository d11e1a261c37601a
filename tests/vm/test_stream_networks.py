# SPDX-License-Identifier: MIT
"""Streams on networks of all kinds, and a far end that goes and comes."""

import contextlib
import os
import signal
import socket
import time

import namespaces
from appliance import wait_until
from streams import call, new_key, session_with, status, stream
from vm import in_guest

NAMES = ("a", "b")
GROUP, GROUP6 = "239.255.7.1", "ff05::71"
ETH_P_IP, ETH_P_IPV6 = 0x0800, 0x86DD
EXPEDITED = 46


@contextlib.contextmanager
def two_machines(definitions):
    """{name: session}; DEFINITIONS: streams by machine."""
    for number, name in enumerate(NAMES, 1):
        namespaces.make(name, number)
    namespaces.join(*NAMES)
    with contextlib.ExitStack() as stack:
        sessions = {}
        for name in NAMES:
            sessions[name] = session_with(definitions[name])
            with namespaces.within(name):
                stack.enter_context(sessions[name])
        yield sessions


def ask(sessions, name, path, **more):
    with namespaces.within(name):
        return call(sessions[name], path, **more)


def state(sessions, name, stream_id):
    with namespaces.within(name):
        return status(sessions[name], stream_id)["state"]


def wait_state(sessions, name, stream_id, wanted):
    wait_until(f"{stream_id} {wanted}", lambda: state(sessions, name, stream_id) == wanted)


def first_packet(name, ethertype, fits):
    """Of those that arrive on the direct cable."""
    with namespaces.within(name), socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM) as sniffer:
        sniffer.bind(("direct", ethertype))
        sniffer.settimeout(60)
        while True:
            packet = sniffer.recv(4096)
            if fits(packet):
                return packet


@in_guest(simulated=True, memory="2G")
def test_multicast_ipv6_dscp_and_sap():
    key, key6 = new_key(), new_key()
    out = stream("group", "channel.1", "send", key=key, announce=True, ttl=7)
    out["name"] = "Dispatch"
    out["remote"] = {"host": GROUP, "port": 5004}
    out["local"] = {"interface": "direct"}
    into = stream("group", "channel.1", "receive", key=key)
    into["local"] = {"address": GROUP, "port": 5004, "interface": "direct"}
    out6 = stream("six", "channel.2", "both", key=key6)
    out6.update(remote={"host": "fd00::2", "port": 6004}, local={"address": "fd00::1", "port": 6004})
    into6 = stream("six", "channel.2", "both", key=key6)
    into6.update(remote={"host": "fd00::1", "port": 6004}, local={"address": "fd00::2", "port": 6004})
    group6 = stream("group6", "tablet.1", "send", key=key, announce=True)
    group6.update(remote={"host": GROUP6, "port": 7004}, local={"interface": "direct"})
    in_group6 = stream("group6", "tablet.1", "receive", key=key)
    in_group6["local"] = {"address": GROUP6, "port": 7004, "interface": "direct"}
    with two_machines({"a": [out, out6, group6], "b": [into, into6, in_group6]}) as sessions:
        for name, stream_id in (("b", "group"), ("a", "six"), ("b", "six"), ("b", "group6")):
            wait_state(sessions, name, stream_id, "running")

        # RFC 2474: the upper six bits; one further is TTL's place in each header
        packet = first_packet("b", ETH_P_IP, lambda p: p[16:20] == socket.inet_aton(GROUP) and p[22:24] == b"\x13\x8c")
        assert (packet[1] >> 2, packet[8]) == (EXPEDITED, 7)
        packet = first_packet("b", ETH_P_IPV6, lambda p: p[24:40] == socket.inet_pton(socket.AF_INET6, "fd00::2") and p[6] == 17)
        assert (packet[0] << 4 | packet[1] >> 4) & 0xFF == EXPEDITED << 2

        heard = wait_until("both sessions", lambda: len(ask(sessions, "b", "/api/sap")["sessions"]) == 2
                           and ask(sessions, "b", "/api/sap")["sessions"])
        (one,) = [session for session in heard if session["name"] == "Dispatch"]
        assert (one["host"], one["port"], one["opus"], one["channels"]) == (GROUP, 5004, True, 1)
        assert "a=crypto" not in one["sdp"] and key[:20] not in one["sdp"]
        assert {session["host"] for session in heard} == {GROUP, GROUP6}
        # What a machine says itself is no news for it.
        assert ask(sessions, "a", "/api/sap")["sessions"] == []
        # A goes, and says so.
        with namespaces.within("a"):
            sessions["a"].processes["partyline"].stop()
        wait_until("no session", lambda: ask(sessions, "b", "/api/sap")["sessions"] == [])


@in_guest(simulated=True, memory="2G")
def test_a_far_end_goes_and_comes():
    key = new_key()
    ends = {}
    for number, name in enumerate(NAMES, 1):
        ends[name] = stream("line", "channel.1", "both", 5004, 5004, key)
        ends[name]["remote"]["host"] = f"10.0.0.{3 - number}"
    with two_machines({name: [end] for name, end in ends.items()}) as sessions:
        daemon = sessions["b"].processes["partyline"]
        files = None
        for _ in range(3):
            for name in NAMES:
                wait_state(sessions, name, "line", "running")
            files = files or n_files(daemon)
            before = time.monotonic()
            sessions["a"].processes["partyline"].popen.send_signal(signal.SIGKILL)
            sessions["a"].processes["partyline"].wait()
            wait_state(sessions, "b", "line", "silent")
            assert 1.9 < time.monotonic() - before < 4
            with namespaces.within("a"):
                sessions["a"].start_daemon()
        for name in NAMES:
            wait_state(sessions, name, "line", "running")

        # The cable is pulled out, and put in again.
        namespaces.run("ip", "-n", "a", "link", "set", "direct", "down")
        wait_state(sessions, "a", "line", "failed")
        wait_state(sessions, "b", "line", "silent")
        with namespaces.within("a"):
            assert "10.0.0.2" in status(sessions["a"], "line")["trouble"]
        namespaces.run("ip", "-n", "a", "link", "set", "direct", "up")
        for name in NAMES:
            wait_state(sessions, name, "line", "running")
        wait_until("no more files than before", lambda: n_files(daemon) - files < 3)


def n_files(process):
    """Open files of a process."""
    return len(os.listdir(f"/proc/{process.popen.pid}/fd"))
