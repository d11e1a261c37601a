# SPDX-License-Identifier: MIT
"""The bridge of meters: what its canvas shows is what is played."""

import pytest

# share of the first bar that is lit, from the bottom; head and foot of a bar are not part of it
LIT = """(() => {
    const c = document.querySelector(".bridge-window canvas"), scale = devicePixelRatio;
    const bar = c.height - (38 + 12) * scale, x = Math.round(45 * scale), top = 12 * scale;
    const d = c.getContext("2d").getImageData(x, top, 1, bar).data;
    let n = 0;
    for (let i = 0; i < d.length; i += 4) if (d[i + 1] > 120 && d[i] < 120) n++;
    return n / bar;
})()"""


@pytest.fixture
def page(open_page):
    opened = open_page("/#meters")
    opened.wait("document.querySelector('.bridge-window canvas').width > 300")
    opened.expected = ("willReadFrequently",)  # our own looking
    return opened


def test_a_bar_is_as_long_as_its_level(page):
    # a sine of 0.05: RMS -29 dBFS, on the scale of IEC 60268-18
    page.wait(f"Math.abs({LIT} - 0.319) < 0.02")


def test_groups(page):
    for group, n in (("listen", 16), ("channels", 8), ("talk", 16)):
        page.click(f"[data-group={group}]")
        page.wait(f"document.querySelector('.bridge-window canvas').getAttribute('aria-label').startsWith('Levels of {n} meters')")
        page.wait(f"{LIT} > 0.01")


def test_silence_is_seen_when_the_server_is_lost(session, page):
    page.expected += ("WebSocket connection", "Failed to load resource", "ERR_CONNECTION")
    page.wait(f"{LIT} > 0.2")
    session.processes["partyline"].popen.kill()
    session.processes["partyline"].popen.wait()
    page.wait(f"{LIT} === 0")
    session.start_daemon()
    page.wait(f"{LIT} > 0.2")
