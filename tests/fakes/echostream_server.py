# SPDX-License-Identifier: MIT
"""The other side of the EchoStream dialect: WebSocket, UDP relay, and everything that goes wrong there.

With Debian's python3-websockets. In a thread of its own; the public methods may be called from any.
It relays datagrams as they are to every other address that has sent one, as long as it is told
nothing else.
"""

import asyncio
import base64
import dataclasses
import json
import random
import socket
import threading
import time

import websockets

SUBPROTOCOL = "audio-protocol"
USERS_SECONDS = 30.0


@dataclasses.dataclass
class Faults:
    """What the relay does to audio, each with its share of the datagrams."""

    loss: float = 0.0
    replay: float = 0.0  # once more, a moment later
    truncate: float = 0.0  # cut, besides the whole one
    oversize: float = 0.0  # with a tail beyond 8192 bytes, besides the whole one
    foreign_channel: float = 0.0  # under another channel's id, besides
    foreign_source: float = 0.0  # from another port, besides
    forge: float = 0.0  # with a bit of its data changed, besides
    echo: bool = False  # back to its sender, besides


@dataclasses.dataclass
class Event:
    """What has happened: open, close, text, nonsense, audio, keep_alive, other."""

    t: float  # time.monotonic()
    kind: str
    connection: int = 0
    verb: str = ""  # of a text: connect, transmit_started, transmit_ended
    channel: str = ""
    body: dict = dataclasses.field(default_factory=dict)
    size: int = 0
    address: tuple = ()


class EchoServer:
    """As a context manager; url, udp_port and key as the clients are told them."""

    def __init__(self, *, key=None, ssl=None, host="127.0.0.1", seed=1, string_id=False):
        self.key = key  # 32 bytes, or what is to be sent in its place: None (nothing), "" or "N/A"
        self.ssl = ssl
        self.host = host
        self.string_id = string_id
        self.faults = Faults()
        self.sends_config = True
        self.udp_host = host
        self.events = []
        self.counts = dict.fromkeys(
            ["lost", "replayed", "truncated", "oversized", "foreign_channel", "foreign_source", "forged", "relayed"], 0
        )
        self.port = 0
        self.udp_port = 0
        self._random = random.Random(seed)
        self._changed = threading.Condition()
        self._connections = {}
        self._n_connections = 0
        self._addresses = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server = self._users_task = self._udp = self._foreign = None

    # --- life

    def __enter__(self):
        self._thread.start()
        self._call(self._open_udp())
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        self._call(self._close_udp())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self):
        return f"{'wss' if self.ssl else 'ws'}://{self.host}:{self.port}/ws/"

    def start(self):
        """Listens, on the same port as before if there was one."""
        self._call(self._start())

    def stop(self):
        """No longer listens, and drops everybody without a word."""
        self._call(self._stop())

    def freeze(self):
        """Hears and answers nobody any more, not even a ping; the connections stay."""
        self._loop.call_soon_threadsafe(self._freeze)

    def say(self, text):
        """Anything, to every connection; bytes go as a binary message."""
        self._call(self._say(text))

    def datagram(self, data, *, foreign=False):
        """Anything, to every address, from the server's port or from another one."""
        self._call(self._datagram(data, foreign))

    # --- what has happened

    def wait(self, predicate, seconds=60.0):
        """For an event, past or to come; returns it. The time limit is against hanging only."""
        end = time.monotonic() + seconds
        with self._changed:
            while True:
                for event in self.events:
                    if predicate(event):
                        return event
                if not self._changed.wait(max(0.0, end - time.monotonic())):
                    raise TimeoutError(f"it did not happen; the last of {len(self.events)}: {self.events[-5:]}")

    def texts(self, verb, channel=None):
        with self._changed:
            return [e for e in self.events if e.verb == verb and channel in (None, e.channel)]

    def datagrams(self, kind, channel=None):
        with self._changed:
            return [e for e in self.events if e.kind == kind and channel in (None, e.channel)]

    def mark(self):
        """Forgets what has happened so far."""
        with self._changed:
            self.events = []

    def _note(self, kind, **values):
        with self._changed:
            self.events.append(Event(time.monotonic(), kind, **values))
            self._changed.notify_all()

    # --- in the thread

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60)

    async def _start(self):
        self._server = await websockets.serve(
            self._on_connection,
            self.host,
            self.port or None,
            subprotocols=[SUBPROTOCOL],
            ssl=self.ssl,
            ping_interval=None,
            reuse_port=False,
        )
        self.port = next(iter(self._server.sockets)).getsockname()[1]
        self._users_task = self._loop.create_task(self._send_users())

    async def _stop(self):
        if not self._server:
            return
        self._users_task.cancel()
        for connection in list(self._connections):
            connection.transport.abort()
        self._server.close()
        await self._server.wait_closed()
        self._server = None

    def _freeze(self):
        self._users_task.cancel()
        for connection in self._connections:
            connection.transport.pause_reading()

    async def _on_connection(self, connection, *_):
        self._n_connections += 1
        number = self._n_connections
        self._connections[connection] = {}
        self._note("open", connection=number, verb=connection.subprotocol or "")
        try:
            await connection.send(self._users())
            async for text in connection:
                await self._on_text(connection, number, text)
        except websockets.ConnectionClosed:
            pass
        finally:
            del self._connections[connection]
            self._note("close", connection=number)

    async def _on_text(self, connection, number, text):
        try:
            message = json.loads(text)
            verb, body = next(iter(message.items()))
            channel = body["channel_id"]
        except (ValueError, TypeError, KeyError, AttributeError, StopIteration):
            self._note("nonsense", connection=number)
            return
        self._note("text", connection=number, verb=verb, channel=channel, body=body)
        if verb == "connect":
            self._connections[connection][channel] = body
            if self.sends_config:
                await self._answer(connection, self._config(number))
            await self._say(self._users())
        else:
            await self._answer(
                connection, {"type": "transmit_ack", "channel_id": channel, "status": "ok", "time": int(time.time())}
            )

    async def _answer(self, connection, message):
        try:
            await connection.send(json.dumps(message))
        except websockets.ConnectionClosed:
            pass  # and yet what it said before is read

    def _config(self, number):
        config = {"udp_port": self.udp_port, "udp_host": self.udp_host}
        config["websocket_id"] = f"ws-{number}" if self.string_id else number
        if isinstance(self.key, bytes):
            config["aes_key"] = base64.b64encode(self.key).decode()
        elif self.key is not None:
            config["aes_key"] = self.key
        return config

    def _users(self):
        users = [
            {"id": body["affiliation_id"], "user_id": body["affiliation_id"]}
            | {name: body[name] for name in ("user_name", "agency_name", "channel_id")}
            for channels in self._connections.values()
            for body in channels.values()
        ]
        return json.dumps({"users_connected": {"total": len(users), "connected": users}})

    async def _send_users(self):
        while True:
            await asyncio.sleep(USERS_SECONDS)
            await self._say(self._users())

    async def _say(self, text):
        for connection in list(self._connections):
            try:
                await connection.send(text)
            except websockets.ConnectionClosed:
                pass

    async def _open_udp(self):
        protocol = _Datagrams(self)
        self._udp, _ = await self._loop.create_datagram_endpoint(lambda: protocol, (self.host, self.udp_port))
        self._foreign = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._foreign.bind((self.host, 0))
        self.udp_port = self._udp.get_extra_info("sockname")[1]

    async def _close_udp(self):
        self._udp.close()
        self._foreign.close()

    async def _datagram(self, data, foreign):
        for address in self._addresses:
            if foreign:
                self._foreign.sendto(data, address)
            else:
                self._udp.sendto(data, address)

    def on_datagram(self, data, address):
        self._addresses.setdefault(address, time.monotonic())
        try:
            message = json.loads(data)
            kind = message["type"]
        except (ValueError, TypeError, KeyError):
            kind, message = "other", {}
        if kind != "audio":
            self._note("keep_alive" if kind == "KEEP_ALIVE" else "other", size=len(data), address=address)
            return
        self._note("audio", channel=message["channel_id"], size=len(data), address=address)
        for other in self._addresses:
            if other != address or self.faults.echo:
                self._relay(data, message, other)

    def _happens(self, share):
        return share > 0.0 and self._random.random() < share

    def _relay(self, data, message, address):
        faults, counts = self.faults, self.counts
        if self._happens(faults.loss):
            counts["lost"] += 1
            return
        self._udp.sendto(data, address)
        counts["relayed"] += 1
        if self._happens(faults.replay):
            counts["replayed"] += 1
            self._loop.call_later(0.15, self._udp.sendto, data, address)
        if self._happens(faults.truncate):
            counts["truncated"] += 1
            self._udp.sendto(data[: self._random.randrange(1, len(data) - 1)], address)
        if self._happens(faults.oversize):
            counts["oversized"] += 1
            self._udp.sendto(data + b" " * 8192, address)
        if self._happens(faults.foreign_channel):
            counts["foreign_channel"] += 1
            self._udp.sendto(json.dumps(message | {"channel_id": "nobody"}).encode(), address)
        if self._happens(faults.foreign_source):
            counts["foreign_source"] += 1
            self._foreign.sendto(data, address)
        if self._happens(faults.forge):
            counts["forged"] += 1
            sealed = bytearray(base64.b64decode(message["data"]))
            sealed[self._random.randrange(len(sealed))] ^= 1 << self._random.randrange(8)
            forged = message | {"data": base64.b64encode(sealed).decode()}
            self._udp.sendto(json.dumps(forged).encode(), address)


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server):
        self.server = server

    def datagram_received(self, data, addr):
        self.server.on_datagram(data, addr)
