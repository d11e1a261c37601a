# SPDX-License-Identifier: MIT
"""The live graph as `pw-dump --monitor` tells it: wait for nodes, ports, links, metadata."""

import json
import subprocess
import threading
import time

from .process import GUARD_SECONDS, RigError


class Graph:
    """A mirror of the server's objects. Use it as a context, or close() it.

    `objects` maps id to the object as pw-dump prints it. Take `lock` to read several of them;
    wait_for() does so for its condition.
    """

    def __init__(self, env):
        self.objects = {}
        self.lock = threading.Condition()
        self.ended = False
        self._records = []
        self._popen = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", "pw-dump", "--monitor", "--no-colors"],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self._popen.poll() is None:
            self._popen.terminate()
        self._popen.wait()
        self._thread.join()
        self._popen.stdout.close()

    def _read(self):
        text = []
        for line in self._popen.stdout:
            text.append(line)
            # Each batch is one array that ends with an unindented bracket.
            if line.rstrip() == "]":
                self._apply(json.loads("".join(text)))
                text = []
        with self.lock:
            self.ended = True
            self.lock.notify_all()

    def _apply(self, batch):
        with self.lock:
            for item in batch:
                if "type" not in item:  # a removal: {"id": N, "info": null}
                    self.objects.pop(item["id"], None)
                else:
                    self.objects[item["id"]] = item
            for view, seen in self._records:
                self._note(view, seen)
            self.lock.notify_all()

    def _note(self, view, seen):
        value = view(self)
        if not seen or seen[-1] != value:
            seen.append(value)

    def record(self, view):
        """The values that view(self) takes from now on, each change of it one entry."""
        with self.lock:
            seen = []
            self._note(view, seen)
            self._records.append((view, seen))
            return seen

    def wait_for(self, condition, what="the graph", seconds=GUARD_SECONDS, check=None):
        """Wait until condition(self) is true; its value. The lock is held while it runs.

        check() is called about once a second, to raise when waiting has become senseless.
        """
        end = time.monotonic() + seconds
        with self.lock:
            while True:
                value = condition(self)
                if value:
                    return value
                if self.ended:
                    raise RigError(f"the server went away while waiting for {what}")
                left = end - time.monotonic()
                if left <= 0:
                    raise RigError(f"waited {seconds} s in vain for {what}")
                self.lock.wait(min(left, 1.0) if check else left)
                if check:
                    check()

    # --- looking ---------------------------------------------------------

    def of_type(self, name):
        """Objects of one interface, for example "Node"."""
        full = f"PipeWire:Interface:{name}"
        return [item for item in self.objects.values() if item["type"] == full]

    @staticmethod
    def props(item):
        info = item.get("info") or {}
        return info.get("props") or item.get("props") or {}

    def nodes(self, **wanted):
        """Nodes by property; underscores stand for dots: nodes(partyline_role="matrix")."""
        return self._find("Node", wanted)

    def ports(self, **wanted):
        return self._find("Port", wanted)

    def _find(self, interface, wanted):
        wanted = {key.replace("_", "."): str(value) for key, value in wanted.items()}
        return [
            item
            for item in self.of_type(interface)
            if all(str(self.props(item).get(key)) == value for key, value in wanted.items())
        ]

    def node(self, name):
        """The node of that name, or None."""
        found = self.nodes(node_name=name)
        return found[0] if found else None

    def links(self):
        """Sorted (output node, output port, input node, input port) by name; double ones show."""
        names = {}
        for item in self.of_type("Node"):
            names[item["id"]] = self.props(item).get("node.name")
        ports = {}
        for item in self.of_type("Port"):
            ports[item["id"]] = self.props(item).get("port.name")
        out = []
        for item in self.of_type("Link"):
            info = item.get("info") or {}
            out.append(
                (
                    str(names.get(info.get("output-node-id"))),
                    str(ports.get(info.get("output-port-id"))),
                    str(names.get(info.get("input-node-id"))),
                    str(ports.get(info.get("input-port-id"))),
                )
            )
        return sorted(out)

    def metadata(self, name="default"):
        """{(subject, key): value} of one metadata object."""
        for item in self.of_type("Metadata"):
            if self.props(item).get("metadata.name") == name:
                return {
                    (entry["subject"], entry["key"]): entry["value"]
                    for entry in item.get("metadata", [])
                }
        return {}

    def partyline_links(self):
        """The links between Partyline's devices and its matrix; the gateway has others."""
        return [
            link
            for link in self.links()
            if link[0].startswith("partyline.")
            and link[2].startswith("partyline.")
            and "partyline.matrix" in (link[0], link[2])
        ]

    def is_complete(self, tablets, channels):
        """Matrix, devices and every policy link are there."""
        return len(self.partyline_links()) == 2 * (tablets + channels)
