# SPDX-License-Identifier: MIT
"""The one way for TCP that people open in their router: port_forward.py LISTENING HOST PORT

LISTENING is an inherited socket, which may be of another network than this process.
"""

import asyncio
import contextlib
import socket
import sys


async def carry(reader, writer):
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.close()


async def main(listening, host, port):
    async def connected(reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_connection(host, port)
        except ConnectionError:
            writer.close()
            return
        await asyncio.gather(carry(reader, far_writer), carry(far_reader, writer))

    server = await asyncio.start_server(connected, sock=socket.socket(fileno=listening))
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
