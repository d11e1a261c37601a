# SPDX-License-Identifier: MIT
"""The meter page seen from Python: the layout of partyline/meters.h."""

import array
import mmap
import os
import socket
import struct

from rig import Graph

HEADER = 64
CHANNEL_OUT = HEADER + 64 + 2 * 64 * 8 + 3 * 64 * 16  # after clocks, keys and three arrays


def receive(path, seconds=60.0):
    """The descriptor that the socket hands out."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(seconds)
        client.connect(str(path))
        descriptors = array.array("i")
        _, ancillary, _, _ = client.recvmsg(1, socket.CMSG_LEN(descriptors.itemsize))
        descriptors.frombytes(ancillary[0][2])
    return descriptors[0]


def find_socket(session):
    """What the matrix node says."""
    with session.graph() as graph:
        matrix = graph.wait_for(lambda g: g.node("partyline.matrix"), "the matrix")
        return Graph.props(matrix)["partyline.meters.socket"]


class MeterPage:
    """Single values; each is read whole, but no two of them belong to one cycle for sure."""

    def __init__(self, path):
        fd = receive(path)
        self.page = mmap.mmap(fd, os.fstat(fd).st_size, mmap.MAP_SHARED, mmap.PROT_READ)
        os.close(fd)

    @property
    def n_cycles(self):
        return struct.unpack_from("=Q", self.page, HEADER + 16)[0]

    @property
    def quantum(self):
        return struct.unpack_from("=I", self.page, HEADER + 60)[0]

    def channel_peak(self, channel):
        """Peak of the last meter frame of a party line, before its limiter; linear."""
        return struct.unpack_from("=f", self.page, CHANNEL_OUT + 16 * (channel - 1) + 8)[0]
