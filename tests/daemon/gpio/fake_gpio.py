# SPDX-License-Identifier: MIT
"""The other side of tests/fakes/fake-gpiod.c: chips that a test makes, moves and takes away."""

import errno
import os
import pathlib
import socket
import threading
import time

from rig import confs

GUARD_SECONDS = 60
BUILD = pathlib.Path(os.environ["PARTYLINE_BUILD_DIR"])
SETTLED_NSEC = 20_000_000
PULL_UP, PULL_DOWN = "4", "5"  # enum gpiod_line_bias


def now_nsec():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


class Request:
    """A line that somebody has asked for and got."""

    def __init__(self, chips, link, words):
        self.chips = chips
        self.link = link
        self.chip, offset, self.way, self.edges, self.bias, self.active, *consumer = words
        self.offset = int(offset)
        self.consumer = " ".join(consumer)
        self.levels = []  # of an output, first to last
        self.open = True
        self.last_nsec = 0

    def edge(self, level, nsec=None):
        """What a meter at the pin shows from NSEC on; if left out, now, but never so soon after the
        last edge that it could be its bounce."""
        self.last_nsec = nsec or max(now_nsec(), self.last_nsec + SETTLED_NSEC)
        self.chips.levels[self.chip, self.offset] = level
        self.link.send(f"edge {level} {self.last_nsec}".encode())

    def lose(self, level):
        self.chips.levels[self.chip, self.offset] = level
        self.link.send(f"lost {level}".encode())


class FakeGpio:
    """A context. env is for the program; `refuse` says which requests fail and how."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir()
        preload = [confs.sanitizer_preload(BUILD), str(BUILD / "tests/fakes/libfake-gpiod.so")]
        self.env = {
            "PARTYLINE_FAKE_GPIO": str(self.folder),
            "LD_PRELOAD": ":".join(path for path in preload if path),
            # What it needs of the sanitizers' runtime comes with the program.
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0",
        }
        self.news = threading.Condition()
        self.requests = []  # all there ever were
        self.levels = {}  # (chip, offset): 0 or 1; 1 at first, as with a pull-up
        self.refuse = lambda request: 0  # errno
        self.server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.server.bind(str(self.folder / "lines"))
        self.server.listen()
        self.accepting = threading.Thread(target=self._accept, daemon=True)
        self.accepting.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # A close alone leaves the thread in its accept(), on a number that the next socket will have:
        # whoever asks that one for a line would be answered here.
        self.server.shutdown(socket.SHUT_RDWR)
        self.accepting.join(GUARD_SECONDS)
        assert not self.accepting.is_alive()
        self.server.close()

    # --- chips -------------------------------------------------------------

    def plug(self, name, label="pinctrl-fake", lines=54, names=None, more=""):
        text = f"label {label}\nlines {lines}\n"
        text += "".join(f"name {offset} {word}\n" for offset, word in (names or {}).items())
        new = self.folder / "new"
        new.write_text(text + more)
        new.rename(self.folder / name)

    def unplug(self, name):
        (self.folder / name).unlink()
        # Who is asleep on the folder lets go of the line too: under the lock it is one or the other.
        with self.news:
            for request in self.requests:
                if request.open and request.chip == name:
                    request.link.shutdown(socket.SHUT_RDWR)

    # --- lines -------------------------------------------------------------

    def now_open(self):
        with self.news:
            return [request for request in self.requests if request.open]

    def wait(self, condition, what):
        """Until the condition, called under the lock, gives something true; that."""
        with self.news:
            found = self.news.wait_for(condition, GUARD_SECONDS)
        assert found, f"waited in vain for {what}"
        return found

    def line(self, offset, chip="gpiochip0"):
        """The open request of a line, once it is there."""

        def find():
            for request in self.requests:
                if request.open and (request.chip, request.offset) == (chip, offset):
                    return request
            return None

        return self.wait(find, f"a request of line {offset} of {chip}")

    def wait_level(self, request, level):
        self.wait(lambda: request.levels and request.levels[-1] == level, f"level {level}")

    def wait_closed(self, request):
        self.wait(lambda: not request.open, "the line's end")

    def _accept(self):
        while True:
            try:
                link, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link):
        with link:
            request = Request(self, link, link.recv(4096).decode().split())
            key = (request.chip, request.offset)
            error = self.refuse(request)
            with self.news:
                taken = any(r.open and (r.chip, r.offset) == key for r in self.requests)
            if error or taken:
                link.send(f"error {error or errno.EBUSY}".encode())
                return
            link.send(f"ok {self.levels.get(key, 1)}".encode())
            with self.news:
                self.requests.append(request)
                self.news.notify_all()
            while text := self._hear(link):
                with self.news:
                    request.levels.append(int(text.split()[1]))
                    self.news.notify_all()
            with self.news:
                request.open = False
                self.news.notify_all()

    @staticmethod
    def _hear(link):
        try:
            return link.recv(4096).decode()
        except OSError:
            return ""
