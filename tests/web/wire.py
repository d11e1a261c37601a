# SPDX-License-Identifier: MIT
"""HTTP and WebSocket by hand: everything that goes over the wire can be right or wrong on purpose."""

import base64
import json
import os
import socket
import struct
import time

GUARD_SECONDS = 60


class Answer:
    """One HTTP answer."""

    def __init__(self, status, headers, body, fields=()):
        """headers: the first of each name; fields: all of them, as (name, value)."""
        self.status, self.headers, self.body, self.fields = status, headers, body, fields

    def json(self):
        return json.loads(self.body)

    @property
    def detail(self):
        return self.json()["detail"]


class Connection:
    """One TCP connection that speaks HTTP/1.1."""

    def __init__(self, port, host="127.0.0.1", receive_buffer=None, tls=None, source=None):
        """tls: an ssl.SSLContext; source: the address to come from."""
        self.port, self.host = port, host
        self.sock = socket.socket()
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(GUARD_SECONDS)
        if source:
            self.sock.bind((source, 0))
        self.sock.connect((host, port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.sock = tls.wrap_socket(self.sock, server_hostname=host)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def _more(self):
        data = self.sock.recv(65536)
        if not data:
            raise ConnectionError("closed by the server")
        self.buffer += data

    def take(self, n):
        while len(self.buffer) < n:
            self._more()
        data, self.buffer = self.buffer[:n], self.buffer[n:]
        return data

    def take_until(self, end):
        while end not in self.buffer:
            self._more()
        data, self.buffer = self.buffer.split(end, 1)
        return data

    def at_end(self):
        """True when the server closes without another byte."""
        if self.buffer:
            return False
        try:
            return self.sock.recv(1) == b""
        except ConnectionResetError:
            return True

    def request_text(self, method, path, body=None, headers=None):
        lines = {"Host": f"{self.host}:{self.port}"}
        if body is not None:
            lines["Content-Type"] = "application/json"
            lines["Content-Length"] = str(len(body))
        lines.update(headers or {})
        head = "".join(f"{k}: {v}\r\n" for k, v in lines.items() if v is not None)
        return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + (body or b"")

    def read_answer(self, head_only=False):
        head = self.take_until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        status = int(head[0].split(" ")[1])
        lines = (line.split(":", 1) for line in head[1:])
        fields = [(name.strip().lower(), value.strip()) for name, value in lines]
        headers = dict(reversed(fields))
        size = 0 if head_only or status in (101, 204, 304) else int(headers["content-length"])
        return Answer(status, headers, self.take(size), fields)

    def ask(self, method, path, body=None, headers=None):
        """body: bytes as they are, None for no body, anything else as JSON."""
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.send(self.request_text(method, path, body, headers))
        return self.read_answer(head_only=method == "HEAD")


def ask(port, method, path, body=None, headers=None, **where):
    with Connection(port, **where) as connection:
        return connection.ask(method, path, body, headers)


class WebSocket(Connection):
    """A client; raises Refused with the answer when the upgrade is not taken."""

    class Refused(Exception):
        def __init__(self, answer):
            super().__init__(f"{answer.status} {answer.body!r}")
            self.answer = answer

    def __init__(self, port, path, headers=None, receive_buffer=None, **where):
        super().__init__(port, receive_buffer=receive_buffer, **where)
        lines = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        }
        lines.update(headers or {})
        self.send(self.request_text("GET", path, headers=lines))
        answer = self.read_answer()
        if answer.status != 101:
            self.close()
            raise WebSocket.Refused(answer)

    def send_frame(self, opcode, payload=b"", final=True):
        mask = os.urandom(4)
        size = len(payload)
        head = bytes([(0x80 if final else 0) | opcode])
        if size < 126:
            head += bytes([0x80 | size])
        elif size < 65536:
            head += bytes([0x80 | 126]) + struct.pack(">H", size)
        else:
            head += bytes([0x80 | 127]) + struct.pack(">Q", size)
        self.send(head + mask + bytes(b ^ mask[i & 3] for i, b in enumerate(payload)))

    def read_frame(self):
        """(opcode, payload); fragments are put together, pings answered."""
        parts, first = [], None
        while True:
            a, b = self.take(2)
            size = b & 0x7F
            if size == 126:
                (size,) = struct.unpack(">H", self.take(2))
            elif size == 127:
                (size,) = struct.unpack(">Q", self.take(8))
            payload = self.take(size)
            opcode = a & 0x0F
            if opcode == 9:
                self.send_frame(10, payload)
                continue
            if opcode == 10:
                continue
            if opcode >= 8:
                return opcode, payload
            first = opcode or first
            parts.append(payload)
            if a & 0x80:
                return first, b"".join(parts)

    def read_json(self):
        opcode, payload = self.read_frame()
        if opcode != 1:
            raise ConnectionError(f"frame {opcode} {payload!r}")
        return json.loads(payload)

    def wait_json(self, test):
        """Until a message is what is waited for, whatever others come meanwhile."""
        deadline = time.monotonic() + GUARD_SECONDS
        while time.monotonic() < deadline:
            message = self.read_json()
            if test(message):
                return message
        raise TimeoutError("waited in vain for a message")
