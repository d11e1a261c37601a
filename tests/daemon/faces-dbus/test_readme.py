# SPDX-License-Identifier: MIT
"""The lines of dbus/README.md do what it says."""

import re

import pytest
from private_bus import CHANNEL, MATRIX, NAME, ROOT, TABLET, channel, plain, tablet
from rig.confs import SOURCE

TEXT = (SOURCE / "dbus/README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", TEXT, re.M | re.S)
WATCHED = re.findall(r"^```sh watch\n(.*?)^```", TEXT, re.M | re.S)


def run(session, line):
    done = session.run(["bash", "-c", f"set -o pipefail; {line}"])
    assert (done.returncode, done.stderr) == (0, ""), line
    return done.stdout


def test_every_block_is_run():
    assert TEXT.count("```") == 2 * (len(BLOCKS) + len(WATCHED))
    assert len(BLOCKS) >= 4 and len(WATCHED) == 1


@pytest.mark.parametrize("line", [line for block in BLOCKS for line in block.splitlines()],
                         ids=lambda line: " ".join(line.split()[2:])[-60:])
def test_line(fresh, line):
    out = run(fresh, line)
    # What only sets says nothing; what asks says something, and Bind what is worth knowing.
    asks = re.search(r" (tree|introspect|get-property) | Get[A-Z]| ReadLog | Bind ", line)
    assert bool(out) == bool(asks)


def test_lines_have_the_effect_that_they_are_shown_for(fresh):
    def the(piece):
        found = [line for block in BLOCKS for line in block.splitlines() if piece in line]
        assert len(found) == 1, piece
        return found[0]

    run(fresh, the("SetCrosspoint"))
    assert run(fresh, the("GetCrosspoint")) == "d -6\n"
    run(fresh, the("SetUplink"))
    cells = {(t, c): g for t, c, g in plain(fresh.call(ROOT, MATRIX, "GetUplink"))}
    assert cells[1, 1] == 0 and cells[2, 1] == pytest.approx(-6) and cells[1, 2] == -240
    run(fresh, the("Muted b true"))
    assert plain(fresh.get(channel(2), CHANNEL, "Muted"))
    run(fresh, the("Mode s momentary"))
    assert fresh.get(tablet(1), TABLET, "Mode") == "momentary"
    run(fresh, the("PressKey"))
    assert plain(fresh.get(tablet(1), TABLET, "Keys")) == [1]
    run(fresh, the("ReleaseKey"))
    assert plain(fresh.get(tablet(1), TABLET, "Keys")) == []
    run(fresh, the(" Bind "))
    assert run(fresh, the("Channel Capture")) == '(su) "card:Loopback,0" 1\n'
    run(fresh, the(" Unbind "))
    assert run(fresh, the("Channel Capture")) == '(su) "" 0\n'
    assert '"headroom_db": 12' in run(fresh, the("GetState"))


def test_introspect_reads_like_documentation(shared):
    lines = BLOCKS[0].splitlines()
    tree = run(shared, lines[0])
    assert f"{ROOT}/tablet/4" in tree and f"{ROOT}/channel/3" in tree
    root = run(shared, lines[1])
    for name in ("SetCrosspoint", "GetState", "HeadroomDb", "KeyChanged", "GetManagedObjects"):
        assert f".{name} " in root
    assert re.search(r"\.Muted +property +b +false +emits-change writable", run(shared, lines[2]))


def test_watch(fresh):
    words = WATCHED[0].split()
    with fresh.lines(*words) as lines:
        # It says on stderr only that it has begun: a change is repeated until it is seen.
        for _ in range(2000):
            fresh.ctl("key", "toggle", "1", "1")
            if not lines.lines.empty():
                break
        fresh.ctl("mute", "channel", "1")
        lines.until(lambda line: "Member=KeyChanged" in line)
        fresh.ctl("unmute", "channel", "1")
        lines.until(lambda line: "Member=PropertiesChanged" in line)
        lines.until(lambda line: 'STRING "Muted"' in line)
    assert NAME in words
