# SPDX-License-Identifier: MIT
"""A NAT for UDP, in the words of RFC 4787. Nothing of the kernel's own translation is used.

    nat.py PACKETS PUBLIC [symmetric]

PACKETS is a packet socket on the cable to the private side, PUBLIC the address that everybody else
sees. Each mapping is an ordinary socket of that address. Mappings are endpoint-independent, or
address and port-dependent when the NAT is symmetric; filtering is always address and port-dependent.
All but UDP has no way. Standard output tells who asks whom, once: "10.1.0.2:5000 to 198.51.100.1:3478".
"""

import contextlib
import selectors
import socket
import struct
import sys

NO_FRAGMENT = 0x3FFF  # more to come, or not the first


def checksum(header):
    total = sum(struct.unpack(f"!{len(header) // 2}H", header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def datagram(source, target, data):
    """An IPv4 packet. A UDP checksum of 0 is none (RFC 768)."""
    udp = struct.pack("!4H", source[1], target[1], 8 + len(data), 0) + data
    ends = socket.inet_aton(source[0]) + socket.inet_aton(target[0])
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, socket.IPPROTO_UDP, 0) + ends
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + udp


class Mapping:
    """A socket of the public address that stands for a private one."""

    def __init__(self, public, private):
        self.private = private
        self.asked = set()  # who may answer
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((public, 0))
        self.socket.setblocking(False)


class Nat:
    def __init__(self, packets, public, symmetric):
        self.packets, self.public, self.symmetric = packets, public, symmetric
        self.private_host = None  # as recvfrom() names it
        self.mappings = {}
        self.selector = selectors.DefaultSelector()
        self.selector.register(packets, selectors.EVENT_READ)

    def run(self):
        while True:
            for key, _ in self.selector.select():
                if key.data:
                    self.let_in(key.data)
                else:
                    self.let_out()

    def let_out(self):
        packet, self.private_host = self.packets.recvfrom(1 << 16)
        begin = (packet[0] & 0xF) * 4
        if packet[9] != socket.IPPROTO_UDP or struct.unpack_from("!H", packet, 6)[0] & NO_FRAGMENT:
            return
        from_port, to_port, length = struct.unpack_from("!3H", packet, begin)
        private = socket.inet_ntoa(packet[12:16]), from_port
        target = socket.inet_ntoa(packet[16:20]), to_port
        mapping = self.map(private, target)
        if target not in mapping.asked:
            mapping.asked.add(target)
            print("{}:{} to {}:{}".format(*private, *target), flush=True)
        with contextlib.suppress(OSError):  # lost, as any packet may be
            mapping.socket.sendto(packet[begin + 8 : begin + length], target)

    def map(self, private, target):
        name = (private, target) if self.symmetric else private
        if name not in self.mappings:
            self.mappings[name] = mapping = Mapping(self.public, private)
            self.selector.register(mapping.socket, selectors.EVENT_READ, mapping)
        return self.mappings[name]

    def let_in(self, mapping):
        try:
            data, source = mapping.socket.recvfrom(1 << 16)
        except OSError:
            return
        if source in mapping.asked:
            self.packets.sendto(datagram(source, mapping.private, data), self.private_host)


if __name__ == "__main__":
    Nat(socket.socket(fileno=int(sys.argv[1])), sys.argv[2], "symmetric" in sys.argv[3:]).run()
