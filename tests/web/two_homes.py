# SPDX-License-Identifier: MIT
"""Two private networks, each behind a NAT, and what is public between them: nothing leaves the machine.

    home 10.1.0.2 ─ NAT 203.0.113.1 ─┐
                                     ├─ 198.51.100.1 with STUN and TURN
    away 10.2.0.2 ─ NAT 203.0.113.2 ─┘

Home is the network of this process. All public addresses are of one namespace, in which the NATs are
processes; they do not take part in the kernel's own routing, so that no packet has a way around them.
"""

import contextlib
import ctypes
import os
import pathlib
import socket
import struct
import subprocess
import sys

import own_network
from rig import Process, wait_until

HERE = pathlib.Path(__file__).resolve().parent
PUBLIC = {"home": "203.0.113.1", "away": "203.0.113.2"}  # and SERVER: of RFC 5737's addresses for documentation
PRIVATE = {"home": "10.1.0.2", "away": "10.2.0.2"}
SERVER, PORT = own_network.LAN, 3478
USER, PASSWORD = "u", "c"
ETH_P_IP = 0x0800
# Of nobody: the kernel at the other end takes no frame for its own.
ROUTER_MAC = "02:00:00:00:00:fe"
BINDING_REQUEST = struct.pack("!HHI", 0x0001, 0, 0x2112A442) + b"twelve bytes"  # RFC 8489 5


def ip(*words):
    """@return what it complains of, or ''"""
    return subprocess.run(["ip", *words], capture_output=True, text=True, check=False).stderr.strip()


def move_to(address):
    """This network's machine has another address behind the same router. @return why not, or ''"""
    router = address.rsplit(".", 1)[0] + ".1"
    return (ip("address", "flush", "dev", "lan0") or ip("address", "add", f"{address}/24", "dev", "lan0")
            or ip("neighbour", "replace", router, "lladdr", ROUTER_MAC, "dev", "lan0")
            or ip("route", "add", "default", "via", router))  # fmt: skip


def set_network(fd):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(fd, own_network.CLONE_NEWNET) < 0:
        raise OSError(ctypes.get_errno(), "setns")


class TwoHomes:
    """The calling thread is at home from now on. `refused`: why not, or ''"""

    def __init__(self):
        self.network = {}
        self.cable = {}
        self.processes = {}
        try:
            self.refused = self._networks() or self._cables()
        except OSError as error:  # of a namespace whose owner we are not
            self.refused = str(error)

    @contextlib.contextmanager
    def within(self, name):
        """This thread, and what it starts, is in that network: "home", "public" or "away"."""
        before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        set_network(self.network[name])
        try:
            yield
        finally:
            set_network(before)
            os.close(before)

    def _networks(self):
        for name in ("public", "away", "home"):
            if refused := own_network.enter(SERVER if name == "public" else None):
                return refused
            self.network[name] = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        return ""

    def _cables(self):
        for name in ("home", "away"):
            with self.within(name):
                public = f"/proc/{os.getpid()}/fd/{self.network['public']}"
                refused = (
                    ip("link", "add", "lan0", "type", "veth", "peer", "name", name, "netns", public)
                    or ip("link", "set", "lan0", "up") or move_to(PRIVATE[name])
                )  # fmt: skip
            with self.within("public"):
                refused = (refused or ip("link", "set", name, "up")
                           or ip("address", "add", f"{PUBLIC[name]}/32", "dev", "lo"))  # fmt: skip
                if refused:
                    return refused
                self.cable[name] = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
                self.cable[name].bind((name, ETH_P_IP))
        with self.within("public"):
            # What is for nobody is lost without a word, as it is out there: told, coturn ends the session.
            return ip("route", "add", "default", "dev", "lo")

    def _start(self, name, network, folder, *argv, **popen):
        self.stop(name)
        with self.within(network):
            log = pathlib.Path(folder) / f"{name}.log"
            self.processes[name] = process = Process(name, argv, dict(os.environ), log, **popen)
        return process

    def start_nats(self, folder, symmetric=False):
        for name, cable in self.cable.items():
            argv = [sys.executable, HERE / "nat.py", cable.fileno(), PUBLIC[name], *["symmetric"] * symmetric]
            self._start(f"nat-{name}", "public", folder, *argv, pass_fds=(cable.fileno(),))

    def start_server(self, folder):
        """STUN and TURN, from here on until stop("turnserver")."""
        process = self._start(
            "turnserver", "public", folder, "turnserver", "-n", "--no-cli", "--no-tls", "--no-dtls",
            "--lt-cred-mech", "--user", f"{USER}:{PASSWORD}", "--realm", "test", "--relay-threads", "1",
            "--listening-ip", SERVER, "--relay-ip", SERVER, "--listening-port", str(PORT),
            "--userdb", f"{folder}/turndb", "--pidfile", f"{folder}/turnserver.pid", "--log-file", "stdout",
        )  # fmt: skip
        with self.within("public"), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(0.1)
            wait_until(lambda: ask(sock), "the STUN server", check=process.check_alive)

    def forward_port(self, folder, port):
        """What listens there at home is reached from away as well, at the loopback's same port."""
        with self.within("away"), socket.create_server(("127.0.0.1", port)) as listening:
            argv = [sys.executable, HERE / "port_forward.py", listening.fileno(), "127.0.0.1", port]
            self._start("port-forward", "home", folder, *argv, pass_fds=(listening.fileno(),))

    def move(self, name, address):
        with self.within(name):
            assert move_to(address) == ""

    def stop(self, *names):
        for name in names or list(self.processes):
            if process := self.processes.pop(name, None):
                process.stop()


def ask(sock, server=(SERVER, PORT)):
    """@return whether the STUN server answers"""
    try:
        sock.sendto(BINDING_REQUEST, server)
        return sock.recv(1500)[8:20] == BINDING_REQUEST[8:20]
    except OSError:
        return False
