# SPDX-License-Identifier: MIT
"""Crosspoints on their canvas: mouse, finger, wheel and keyboard, and what others see of it."""

import pytest
from wire import WebSocket, ask

HEAD_HEIGHT = 46
# where a crosspoint is in the window, by the sizes that the grid itself has
PLACE = """(() => {{
    const side = document.querySelector(".side.{0}"), frame = side.querySelector(".window"), extent = side.querySelector(".extent");
    const head = +frame.dataset.head, n = +frame.getAttribute("aria-colcount"), m = +frame.getAttribute("aria-rowcount");
    const w = (extent.offsetWidth - head) / n, h = (parseFloat(extent.style.height) - {3}) / m, box = frame.getBoundingClientRect();
    const width = (parseFloat(extent.style.width) - head) / n;
    return [box.x + 1 + head + ({1} - 0.5) * width - frame.scrollLeft, box.y + 1 + {3} + ({2} - 0.5) * h - frame.scrollTop];
}})()"""
CHOSEN = "document.querySelector('.side.{} [role=gridcell]').textContent"


@pytest.fixture
def events(port):
    with WebSocket(port, "/ws/events") as ws:
        ws.read_json()
        yield ws


@pytest.fixture
def page(open_page):
    return ready(open_page("/#matrix"))


def ready(page):
    page.wait("document.querySelector('.extent canvas').width > 300")
    return page


def wait_event(events, test):
    return events.wait_json(test)


def place(page, channel, tablet, side="uplink"):
    return page.js(PLACE.format(side, channel, tablet, HEAD_HEIGHT))


def click(page, *cell, side="uplink"):
    x, y = place(page, *cell, side=side)
    page.press(x, y)
    page.up()


def gains(port, side="uplink"):
    return ask(port, "GET", "/state").json()["config"][side]


def linear(db):
    return pytest.approx(10 ** (db / 20))


def wait_gain(events, side, db):
    """Until one cell has just that."""
    wait_event(events, lambda e: any(cell["gain_db"] == pytest.approx(db, abs=0.01) for cell in e.get(side, [])))


def test_a_crosspoint_is_switched_typed_and_stepped(page, open_page, port, events):
    other = ready(open_page("/#matrix"))
    click(other, 2, 7)
    click(page, 2, 7)
    page.wait(CHOSEN.format("uplink") + " === 'Tablet 7 \u2192 Channel 2: \u221212 dB'")
    click(page, 2, 7)
    other.wait(CHOSEN.format("uplink") + ".endsWith('off')")
    assert gains(port)["2"]["7"] == 0
    click(page, 2, 7)  # back to what it was
    other.wait(CHOSEN.format("uplink") + ".endsWith('\u221212 dB')")
    page.key("-")
    page.wait("document.activeElement.className === 'typed'")
    page.type("7.5")
    page.key("Enter")
    other.wait(CHOSEN.format("uplink") + ".endsWith('\u22127.5 dB')")
    assert gains(port)["2"]["7"] == linear(-7.5)
    x, y = place(page, 2, 7)
    page.move(x, y)
    page.wheel(0, -100)
    other.wait(CHOSEN.format("uplink") + ".endsWith('\u22126.5 dB')")
    page.key("+")
    other.wait(CHOSEN.format("uplink") + ".endsWith('\u22125.5 dB')")
    page.key("Delete")
    other.wait(CHOSEN.format("uplink") + ".endsWith('off')")


def test_nonsense_is_said_and_changes_nothing(page, port):
    click(page, 1, 1)
    page.key("9")
    page.wait("document.activeElement.className === 'typed'")
    page.type("9")
    page.key("Enter")
    page.wait("document.querySelector('.toast.error')?.textContent.includes('+20')")
    assert gains(port)["1"]["1"] == linear(-12)


def test_arrows_and_the_other_direction(page, port, events):
    click(page, 1, 1, side="downlink")
    page.key("ArrowDown")
    page.key("ArrowRight")
    page.wait(CHOSEN.format("downlink") + ".startsWith('Channel 2 \u2192 Tablet 2')")
    page.key("+")
    wait_gain(events, "downlink", -11)
    assert gains(port, "downlink")["2"]["2"] == linear(-11)


def test_a_rectangle_is_drawn_and_pulled(page, port, events):
    x1, y1 = place(page, 1, 2)
    x2, y2 = place(page, 3, 5)
    page.press(x1, y1)
    page.move((x1 + x2) / 2, (y1 + y2) / 2)
    page.move(x2, y2)
    page.up()
    page.wait("document.querySelector('.inspector strong').textContent === '12 crosspoints'")
    page.press(x1, y1)
    page.move(x1, y1 - 20)
    page.move(x1, y1 - 40)  # 4 pixels a dB
    page.up()
    page.wait(CHOSEN.format("uplink") + ".includes('\u22122 dB')")
    seen = {}

    def complete(event):
        for cell in event.get("uplink", []):
            seen[cell["channel"], cell["tablet"]] = cell["gain_db"]
        return len([1 for db in seen.values() if db == pytest.approx(-2, abs=0.01)]) >= 12

    events.wait_json(complete)
    assert set(seen) == {(channel, tablet) for channel in (1, 2, 3) for tablet in (2, 3, 4, 5)}
    assert gains(port)["4"]["2"] == linear(-12) and gains(port)["1"]["1"] == linear(-12)


def test_everything_at_once_is_one_change(page, port, events):
    x, y = page.js("(() => { const b = document.querySelector('.side.uplink .window').getBoundingClientRect(); return [b.x + 20, b.y + 20]; })()")
    page.press(x, y)
    page.up()
    page.wait("document.querySelector('.inspector strong').textContent === '64 crosspoints'")
    page.click(".inspector [aria-label='1 dB more']")
    event = wait_event(events, lambda e: "uplink" in e)
    assert len(event["uplink"]) == 64 and {round(cell["gain_db"], 3) for cell in event["uplink"]} == {-11}
    assert gains(port, "downlink")["1"]["1"] == linear(-12)


def test_headroom_mutes_and_modes(page, port, events):
    click(page, 3, 4)
    page.click(".headroom [aria-label='1 dB more headroom']")
    assert wait_event(events, lambda e: "options" in e)["options"]["headroom_db"] == 13
    page.wait("document.querySelector('.headroom output').textContent === '13 dB'")
    page.click(".inspector [aria-label='Mute Tablet 4']")
    wait_event(events, lambda e: any(t["id"] == 4 and t["mute"] for t in e.get("tablets", [])))
    page.click(".inspector [aria-label='Mute Channel 3']")
    wait_event(events, lambda e: any(c["id"] == 3 and c["mute"] for c in e.get("channels", [])))
    page.choose(".inspector select", "latch")
    wait_event(events, lambda e: any(t["id"] == 4 and t["mode"] == "latch" for t in e.get("tablets", [])))


def test_fingers_choose_move_and_pinch(open_page, port):
    page = ready(open_page("/#matrix", width=390, height=844, touch=True))
    x, y = place(page, 2, 3)
    page.touch("touchStart", (x, y))
    page.touch("touchEnd")
    page.wait(CHOSEN.format("uplink") + ".startsWith('Tablet 3 \u2192 Channel 2')")
    # one finger moves the grid
    x, y = place(page, 3, 7)
    page.touch("touchStart", (x, y))
    for dy in (20, 60, 100):
        page.touch("touchMove", (x, y - dy))
    page.touch("touchEnd")
    page.wait("document.querySelector('.window').scrollTop > 40")
    assert gains(port)["3"]["7"] == linear(-12)
    # two make it larger
    before = page.js("document.querySelector('.extent').offsetHeight")
    page.touch("touchStart", (150, 300), (250, 300))
    page.touch("touchMove", (120, 300), (280, 300))
    page.touch("touchMove", (100, 300), (300, 300))
    page.touch("touchEnd")
    page.wait(f"document.querySelector('.extent').offsetHeight > {before} * 1.3")
