# SPDX-License-Identifier: MIT
"""Many clients, slow clients, clients that mean harm."""

import gzip
import pathlib
import selectors
import socket
import time

from wire import Connection, WebSocket, ask

N_CLIENTS = 200
HZ = 30


def memory_kb(process, what):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as f:
        return next(int(line.split()[1]) for line in f if line.startswith(what))


def resident_kb(process):
    """0 under a sanitizer, known by its terabytes of address space: it keeps what was freed."""
    return 0 if memory_kb(process, "VmSize") > 1 << 30 else memory_kb(process, "VmRSS")


def pump(clients, until):
    """Read what comes for every client, until(total bytes of each) says it is enough."""
    selector = selectors.DefaultSelector()
    seen = {}
    for client in clients:
        client.sock.setblocking(False)
        selector.register(client.sock, selectors.EVENT_READ)
        seen[client.sock] = len(client.buffer)
    guard = time.monotonic() + 60
    while not until(seen):
        assert time.monotonic() < guard, "too slow even for a busy machine"
        for key, _ in selector.select(1):
            data = key.fileobj.recv(1 << 16)
            assert data, "closed by the server"
            seen[key.fileobj] += len(data)
    for client in clients:
        selector.unregister(client.sock)


def test_200_clients_while_some_read_nothing(port, session):
    """Slow clients cost the others nothing and the server no memory."""
    process = session.processes["partyline"]
    path = f"/ws/vu?hz={HZ}"
    with WebSocket(port, path) as one:
        frame = len(one.read_frame()[1])
    deaf = [WebSocket(port, "/ws/vu?hz=60&detail=full", receive_buffer=4096) for _ in range(50)]
    deaf_events = [WebSocket(port, "/ws/events", receive_buffer=4096) for _ in range(20)]
    ears = [WebSocket(port, path) for _ in range(N_CLIENTS)]
    try:
        # the deaf ones fill what there is to fill
        pump(ears, lambda seen: min(seen.values()) > 1 * HZ * frame)
        for i in range(200):
            ask(port, "PUT", "/api/ramp", {"ramp_ms": 1 + i})
        before = resident_kb(process)
        pump(ears, lambda seen: min(seen.values()) > 3 * HZ * frame)
        for i in range(1000):
            if i % 100 == 0:
                connection = Connection(port)
            connection.ask("PUT", "/api/ramp", {"ramp_ms": 1 + i % 900})
        grown = resident_kb(process) - before
        assert grown < 2048, f"{grown} KiB more"
        # who begins to read again is served the newest, not the past
        late = deaf[0]
        late.sock.settimeout(60)
        now = time.time()
        while late.read_json()["ts"] < now:
            pass
        late = deaf_events[0]
        late.sock.settimeout(60)
        while True:
            event = late.read_json()
            options = event.get("options") or event.get("state", {}).get("options")
            if options["ramp_ms"] == 1 + 999 % 900:
                break
    finally:
        for client in [*deaf, *deaf_events, *ears]:
            client.close()
    assert ask(port, "GET", "/health").status == 200


def test_newest_frame_wins(port):
    """A client that slept does not get a second of the past."""
    with WebSocket(port, "/ws/vu?hz=60&detail=full", receive_buffer=4096) as ws:
        ws.read_json()
        with WebSocket(port, "/ws/vu?hz=10") as clock:
            for _ in range(60):  # six seconds: more than any buffer holds
                clock.read_json()
        woke = time.time()
        stale = 0
        while ws.read_json()["ts"] < woke:
            stale += 1
        assert stale < 6 * 60 / 2


def test_slow_loris(port):
    """Half-sent requests hold nobody up."""
    half = []
    for i in range(300):
        connection = Connection(port)
        connection.send(b"POST /channel/1/mute HTTP/1.1\r\nHost: localhost\r\nContent-Le" if i % 2 else
                        b"POST /matrix HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{")
        half.append(connection)
    for _ in range(20):
        assert ask(port, "GET", "/health").status == 200
    with WebSocket(port, "/ws/vu?hz=60") as ws:
        ws.read_json()
    for connection in half:
        connection.close()


def test_half_requests_end(port):
    """The server's time-outs, 15 s and less: who sends half a request does not stay for ever."""
    half = [Connection(port) for _ in range(4)]
    for connection, data in zip(half, (
        b"", b"GET /health HT", b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: ",
        b"POST /matrix HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{",
    )):
        connection.send(data)
    for connection in half:
        assert connection.at_end()  # or the socket's own guard of 60 s


def test_connections_are_limited_and_come_back(port, session):
    process = session.processes["partyline"]
    many = []
    try:
        for _ in range(1200):
            sock = socket.create_connection(("127.0.0.1", port), timeout=60)
            many.append(sock)
    finally:
        n_fds = len(list(pathlib.Path(f"/proc/{process.pid}/fd").iterdir()))
        for sock in many:
            sock.close()
    assert n_fds < 1100
    guard = time.monotonic() + 60
    while True:
        try:
            if ask(port, "GET", "/health").status == 200:
                break
        except OSError:
            assert time.monotonic() < guard


def test_keep_alive(port):
    with Connection(port) as connection:
        for _ in range(50):
            assert connection.ask("GET", "/health").status == 200
            assert connection.ask("POST", "/channel/1/mute", {"mute": True}).status == 200
            assert connection.ask("PUT", "/api/ramp", {"ramp_ms": 5}).status == 200
            assert connection.ask("GET", "/nope").status == 404


def test_http_1_0(port):
    with Connection(port) as connection:
        connection.send(b"GET /health HTTP/1.0\r\n\r\n")
        assert connection.read_answer().status == 200
        assert connection.at_end()


def test_files(port):
    page = ask(port, "GET", "/")
    assert page.headers["content-type"].startswith("text/html") and b"Partyline" in page.body
    tag = page.headers["etag"]
    again = ask(port, "GET", "/", None, {"If-None-Match": tag})
    assert again.status == 304 and again.body == b""
    small = ask(port, "GET", "/sw.js", None, {"Accept-Encoding": "gzip, deflate"})
    assert small.headers["content-encoding"] == "gzip"
    assert gzip.decompress(small.body) == ask(port, "GET", "/sw.js").body
    assert ask(port, "GET", "/docs").status == 200
