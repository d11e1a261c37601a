# SPDX-License-Identifier: MIT
"""`partylinectl meters` on a terminal: draws, follows the size, ends cleanly."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios

import pytest
from private_bus import PrivateBus

ENTER, LEAVE = b"\033[?1049h", b"\033[?1049l"
END_OF_PICTURE = b"\033[J"


class Terminal:
    def __init__(self, session, n_rows, n_columns, *words, env=None):
        self.here, there = pty.openpty()
        self.there = there
        self.resize(n_rows, n_columns, tell=False)
        self.before = termios.tcgetattr(there)
        self.text = b""
        self.process = subprocess.Popen(
            [session.program("partylinectl"), "meters", *words],
            env={**session.env, "LC_ALL": "C.UTF-8", "TERM": "xterm", **(env or {})},
            stdin=there, stdout=there, stderr=there, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )

    def resize(self, n_rows, n_columns, tell=True):
        size = struct.pack("HHHH", n_rows, n_columns, 0, 0)
        fcntl.ioctl(self.there, termios.TIOCSWINSZ, size)
        del tell

    def read(self):
        ready, _, _ = select.select([self.here], [], [], 60)
        assert ready, "nothing comes"
        self.text += os.read(self.here, 65536)

    def picture(self):
        """The next whole picture, as lines without colours."""
        self.text = b""
        while self.text.count(END_OF_PICTURE) < 2:
            self.read()
        shown = self.text.split(END_OF_PICTURE)[1].split(b"\033[H")[-1].decode()
        return re.sub(r"\033\[[0-9;?]*[a-zA-Z]", "", shown).replace("\r", "").split("\n")

    def write(self, keys):
        os.write(self.here, keys)

    def end(self):
        """Read on until it ends; the exit code."""
        while True:
            ready, _, _ = select.select([self.here], [], [], 0.05)
            if ready:
                self.text += os.read(self.here, 65536)
            elif self.process.poll() is not None:
                break
        return self.process.returncode

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.here)
        os.close(self.there)


@pytest.fixture
def terminal(request, shared):
    opened = []

    def open_terminal(*args, **kwargs):
        opened.append(Terminal(shared, *args, **kwargs))
        return opened[-1]

    yield open_terminal
    for one in opened:
        one.close()


def test_draws_every_row(shared, terminal):
    shared.ctl("name", "tablet", "2", "Anna")
    shared.ctl("key", "press", "2", "3")
    shared.ctl("mute", "channel", "1")
    lines = terminal(24, 120).picture()
    assert lines[0].startswith("partyline meters") and "q ends" in lines[0]
    assert [line[:5] for line in lines[1:8]] == ["C  1 ", "C  2 ", "C  3 ", "T  1 ", "T  2 ",
                                                 "T  3 ", "T  4 "]
    assert "Anna" in lines[5] and "key 3 on -" in lines[5]
    assert " M" in lines[1] and " M" not in lines[2]
    assert all(len(line) <= 120 for line in lines)
    # Two bars of silence in each row.
    assert len(re.findall("·+ +- ", lines[1])) == 2


def test_follows_the_size(terminal):
    one = terminal(24, 120)
    assert len(one.picture()) > 7
    one.resize(6, 60)
    while True:
        lines = one.picture()
        if all(len(line) <= 60 for line in lines):
            break
    assert len(lines) <= 6
    assert "3 more: make the window taller" in lines[-1]


@pytest.mark.parametrize("how", ["q", "ctrl-c", "sigterm"])
def test_ends_cleanly(terminal, how):
    one = terminal(24, 80)
    one.picture()
    if how == "q":
        one.write(b"q")
    elif how == "ctrl-c":
        one.write(b"\x03")
    else:
        one.process.send_signal(signal.SIGTERM)
    assert one.end() == 0
    assert one.text.endswith(LEAVE)
    # The terminal is as it was.
    assert termios.tcgetattr(one.there) == one.before


def test_colours_only_where_wanted(terminal):
    one = terminal(24, 120)
    one.picture()
    assert b"\033[2m" in one.text
    one = terminal(24, 120, env={"NO_COLOR": "1"})
    one.picture()
    assert not re.search(rb"\033\[[0-9]+m", one.text)


def test_without_utf8(terminal):
    one = terminal(24, 120, env={"LC_ALL": "C"})
    lines = one.picture()
    assert all(line.isascii() for line in lines)


def test_the_daemon_goes_away():
    with PrivateBus() as session:
        one = Terminal(session, 24, 80)
        try:
            one.picture()
            session.processes["partyline"].stop()
            assert one.end() == 3
            # After the page was given back, so that it can be read.
            assert b"partyline has left the session bus" in one.text.split(LEAVE)[1]
        finally:
            one.close()
