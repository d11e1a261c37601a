# SPDX-License-Identifier: MIT
"""A tablet in the browser, as the daemon sees it: /ws/panel by hand."""

import json

from schema import check
from wire import WebSocket


class Panel(WebSocket):
    """Says and reads one message at a time; each is held against openapi.json."""

    def __init__(self, port, **where):
        super().__init__(port, "/ws/panel", **where)
        self.keys = []  # that are down, as told last

    def say(self, type_, **fields):
        message = {"type": type_, **fields}
        check("PanelRequest", message)
        self.send_frame(1, json.dumps(message).encode())

    def hear(self):
        message = self.read_json()
        check("PanelAnswer", message)
        self.keys = message.get("keys", self.keys)
        return message

    def hear_until(self, type_, seen=None):
        """The next message of this type; what came before it goes into `seen`."""
        while True:
            message = self.hear()
            if message["type"] == type_:
                return message
            if seen is not None:
                seen.append(message)

    def claim(self, tablet=None, **fields):
        self.say("claim", tablet=tablet, **fields)
        return self.hear_until("claimed")

    def refused(self, type_, **fields):
        self.say(type_, **fields)
        return self.hear_until("refused")

    def press(self, channel):
        """Down, and told so: whatever the machine does, the server has had it. It was up before."""
        assert channel not in self.keys
        self.say("down", channel=channel)
        while channel not in self.keys:
            self.hear()
