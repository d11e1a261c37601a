# SPDX-License-Identifier: MIT
"""A daemon and tokens, for the tests of who may come in."""

import json

from plain_daemon import PlainDaemon
from schema import check
from wire import ask

CHANGES = [
    ("POST", "/channel/1/mute", {"mute": True}),
    ("POST", "/tablet/1/mute", {"mute": True}),
    ("POST", "/matrix", {"headroom_db": 6}),
    ("POST", "/ptt/request", {"tablet_id": 1, "channel": 1}),
    ("PUT", "/api/uplink/1/1", {"gain_db": -6}),
    ("PUT", "/api/headroom", {"headroom_db": 6}),
]
ADMIN = [
    ("PUT", "/api/ramp", {"ramp_ms": 7}),
    ("PUT", "/api/channel/1/name", {"name": "Stage"}),
    ("PUT", "/api/channel/1/capture", {"device": "card:Desk"}),
    ("POST", "/api/reset", b""),
    ("POST", "/config/reload", b""),
    ("DELETE", "/api/claims/1", b""),
    ("DELETE", "/api/clips/x.wav", b""),
    ("GET", "/api/log", None),
    ("GET", "/api/tokens", None),
    ("POST", "/api/tokens", {"name": "mine", "role": "admin"}),
    ("POST", "/api/tokens/remove", {"name": "viewer"}),
]


class Daemon(PlainDaemon):
    """The daemon alone, its HTTP as wire.ask() speaks it."""

    where = {}  # how wire.Connection gets there

    @property
    def port(self):
        return int(self.url.rsplit(":", 1)[1])

    def ask(self, method, path, body=None, token=None, headers=None, **where):
        headers = dict(headers or {})
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return ask(self.port, method, path, body, headers, **{**self.where, **where})

    def token(self, name, role, admin=None, **more):
        answer = self.ask("POST", "/api/tokens", {"name": name, "role": role, **more}, admin)
        assert answer.status == 200, answer.body
        check("Token", answer.json())
        return answer.json()["token"]

    def audit(self):
        lines = (self.state / "audit.log").read_text(encoding="utf-8").splitlines()
        return [json.loads(line.split(" | ", 2)[2]) for line in lines]
