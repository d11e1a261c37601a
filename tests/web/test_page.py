# SPDX-License-Identifier: MIT
"""What a person does on the page, and what others see of it."""

import pytest
from wire import WebSocket, ask

TALK_KEY = '.card[data-tablet="{}"] .key[data-channel="{}"]'
VIEWS = ("panel", "stations", "matrix", "meters", "settings")
# what Chromium itself writes while the server is away
LOST = ("WebSocket connection", "Failed to load resource", "ERR_CONNECTION")


def holders(port, channel):
    return ask(port, "GET", "/ptt/state").json()["channels"][str(channel)]


def wait_event(events, test):
    return events.wait_json(test)


@pytest.fixture
def events(port):
    with WebSocket(port, "/ws/events") as ws:
        ws.read_json()
        yield ws


def down(tablet, channel):
    return lambda e: any(t["id"] == tablet and channel in t["keys"] for t in e.get("tablets", []))


def up(tablet, channel):
    return lambda e: any(t["id"] == tablet and channel not in t["keys"] for t in e.get("tablets", []))


# --- meters --------------------------------------------------------------------

PIXELS = """(() => {
    const c = document.querySelector('.card[data-tablet="%d"] canvas');
    const d = c.getContext("2d").getImageData(0, 4, c.width, 1).data;
    let n = 0;
    for (let i = 0; i < d.length; i += 4) if (d[i + 1] > 120 && d[i] < 120) n++;
    return n / c.width;
})()"""


def test_meters_show_the_simulated_tablets(open_page, port):
    page = open_page()
    # a sine of 0.05: RMS -29 dBFS, on the scale of IEC 60268-18
    for tablet in (1, 8, 16):
        page.wait(f"Math.abs({PIXELS % tablet} - 0.319) < 0.03")
    page.wait("document.querySelector('.strip .level').textContent.includes('dB')")
    page.wait("document.querySelectorAll('.key.talking').length === 64")
    assert page.js("document.querySelector('#status').dataset.state") == "ok"
    # the channel's bar moves: sixteen sines beat against each other
    seen = page.js("""new Promise((done) => {
        const seen = new Set(), look = () => {
            seen.add(document.querySelector(".strip .level").textContent);
            if (seen.size > 2) done(seen.size); else setTimeout(look, 20);
        };
        look();
    })""")
    assert seen > 2
    page.expected = ("willReadFrequently",)  # our own looking


# --- talk keys ----------------------------------------------------------------


def test_talk_key_is_held_and_released(open_page, port, events):
    page, other = open_page(), open_page()
    key = TALK_KEY.format(3, 2)
    page.down(key)
    wait_event(events, down(3, 2))
    assert holders(port, 2) == [3]
    page.wait(f"document.querySelector('{key}').getAttribute('aria-pressed') === 'true'")
    other.wait(f"document.querySelector('{key}').getAttribute('aria-pressed') === 'true'")
    other.wait("document.querySelector('.strip[data-channel=\"2\"] .tally').textContent === 'Tablet 3'")
    page.up()
    wait_event(events, up(3, 2))
    assert holders(port, 2) == []
    other.wait(f"document.querySelector('{key}').getAttribute('aria-pressed') === 'false'")


def test_talk_key_by_keyboard(open_page, port, events):
    page = open_page()
    key = TALK_KEY.format(1, 1)
    page.js(f"document.querySelector('{key}').focus()")
    page.key_down("Space")
    wait_event(events, down(1, 1))
    page.key_up("Space")
    wait_event(events, up(1, 1))


def test_latch(open_page, port, events):
    page = open_page()
    key = TALK_KEY.format(4, 1)
    ask(port, "PUT", "/api/tablet/4/mode", {"mode": "latch"})
    page.wait("document.querySelector('.card[data-tablet=\"4\"] select').value === 'latch'")
    page.click(key)
    wait_event(events, down(4, 1))
    page.wait(f"document.querySelector('{key}').getAttribute('aria-pressed') === 'true'")
    assert holders(port, 1) == [4]
    page.click(key)
    wait_event(events, up(4, 1))


@pytest.mark.parametrize("how", ["blur", "pagehide", "close", "pointercancel"])
def test_whatever_takes_the_hand_off_lets_go(open_page, browser, port, events, how):
    page = browser.page(f"http://127.0.0.1:{port}/#stations")
    page.wait("document.querySelectorAll('.card').length === 16")
    key = TALK_KEY.format(5, 3)
    page.down(key)
    wait_event(events, down(5, 3))
    page.wait(f"document.querySelector('{key}').getAttribute('aria-pressed') === 'true'")
    if how == "blur":
        page.js("window.dispatchEvent(new Event('blur'))")
    elif how == "pointercancel":
        page.js(f"document.querySelector('{key}').dispatchEvent(new PointerEvent('pointercancel', {{ bubbles: true }}))")
    elif how == "pagehide":
        page.go("about:blank")
    else:
        page.close()
    wait_event(events, up(5, 3))
    assert holders(port, 3) == []
    if how != "close":
        page.close()


def test_touch(open_page, port, events):
    page = open_page(width=800, height=1280, touch=True)
    page.touch("touchStart", page.middle(TALK_KEY.format(2, 4)))
    wait_event(events, down(2, 4))
    page.touch("touchEnd")
    wait_event(events, up(2, 4))


# --- changes ---------------------------------------------------------------------


def test_change_by_another_face_appears(open_page, port):
    page = open_page()
    ask(port, "POST", "/tablet/9/mute", {"mute": True})
    page.wait("document.querySelector('.card[data-tablet=\"9\"] .mute').getAttribute('aria-pressed') === 'true'")
    ask(port, "PUT", "/api/tablet/9/name", {"name": "Kamera Süd <b>"})
    page.wait("document.querySelector('.card[data-tablet=\"9\"] h2').textContent === 'Kamera Süd <b>'")
    ask(port, "PUT", "/api/channel/2/name", {"name": "Bühne"})
    page.wait("document.querySelector('.strip[data-channel=\"2\"] h2').textContent === 'Bühne'")


def test_mutes_and_modes(open_page, port, events):
    page = open_page()
    page.click('.strip[data-channel="1"] .mute')
    wait_event(events, lambda e: e["type"] == "channel.mute")
    assert ask(port, "GET", "/state").json()["config"]["channel_mute"] == {"1": True}
    page.choose('.card[data-tablet="6"] select', "vox")
    wait_event(events, lambda e: any(t["mode"] == "vox" for t in e.get("tablets", [])))


def test_settings_of_a_tablet(open_page, port, events):
    page = open_page()
    page.click('.card[data-tablet="2"] .more')
    page.wait("document.querySelector('#tablet-dialog').open")
    page.fill("#tablet-dialog input[type=text]", "Regie")
    page.key("Enter")
    wait_event(events, lambda e: any(t["name"] == "Regie" for t in e.get("tablets", [])))
    page.wait("document.querySelector('#tablet-dialog h2').textContent === 'Regie'")
    page.js("document.querySelector('#tablet-dialog input[role=switch]').click()")
    wait_event(events, lambda e: any(t["talk_mute"] for t in e.get("tablets", [])))
    page.js("document.querySelector('#tablet-dialog input[type=range]').focus()")
    page.key("End")
    event = wait_event(events, lambda e: any(t["sidetone"] for t in e.get("tablets", [])))
    assert event["tablets"][0]["sidetone"] == pytest.approx(1)
    page.click("#tablet-dialog .primary")
    page.wait("!document.querySelector('#tablet-dialog')")


# --- server lost ------------------------------------------------------------------


def test_server_lost_and_back(session, open_page, port, events):
    page = open_page()
    page.down(TALK_KEY.format(1, 2))
    wait_event(events, down(1, 2))
    session.processes["partyline"].popen.kill()
    session.processes["partyline"].popen.wait()
    page.wait("!document.querySelector('#banner').hidden")
    assert page.js("document.querySelector('#status').dataset.state") == "lost"
    page.up()
    session.start_daemon()
    ask(port, "PUT", "/api/tablet/11/name", {"name": "after"})
    page.wait("document.querySelector('#banner').hidden")
    page.wait("document.querySelector('.card[data-tablet=\"11\"] h2').textContent === 'after'")
    page.wait("document.querySelectorAll('.key.talking').length === 64")
    # the key that was let go while the server was away is not held for ever
    page.wait("document.querySelectorAll('.key[aria-pressed=true]').length === 0")
    assert holders(port, 2) == []
    page.expected = LOST


def test_the_shell_is_there_without_the_server(session, open_page, port):
    page = open_page()
    page.wait("navigator.serviceWorker.controller")
    assert page.devtools("Page.getAppManifest")["errors"] == []
    session.processes["partyline"].popen.kill()
    session.processes["partyline"].popen.wait()
    page.reload()
    page.wait("document.querySelector('#status')?.dataset.state === 'lost' && !document.querySelector('#view > *')")
    assert page.js("[...document.querySelectorAll('.nav a')].length") >= len(VIEWS)
    session.start_daemon()
    page.wait("document.querySelectorAll('.card').length === 16")
    page.wait("document.querySelector('#banner').hidden")
    page.expected = LOST


# --- the rest ----------------------------------------------------------------------


def test_docs(open_page, port):
    page = open_page("/docs")
    page.wait("document.querySelectorAll('.docs details').length > 30")
    page.js("document.querySelectorAll('.docs details').forEach((d) => (d.open = true))")
    assert "/ptt/request" in page.js("document.querySelector('.docs').textContent")


def test_everything_has_a_name(open_page, port):
    """What can be worked has an accessible name."""
    for view in VIEWS:
        page = open_page(f"/#{view}")
        nameless = page.js("""[...document.querySelectorAll("button, input, select, a")].filter((e) =>
            !e.getAttribute("aria-label") && !e.labels?.length && !e.textContent.trim()).map((e) => e.outerHTML)""")
        assert nameless == []


@pytest.mark.parametrize("width,height", [(800, 1280), (1280, 800), (390, 844), (1920, 1080)])
def test_nothing_sticks_out(open_page, port, width, height):
    page = open_page(width=width, height=height, touch=width < 1000)
    for view in VIEWS:
        page.click(f"#nav-{view}")
        page.wait(f"document.querySelector('#view[data-view={view}] > *')")
        assert page.js("[document.documentElement, document.querySelector('#view')].every((e) => e.scrollWidth <= e.clientWidth)"), view


def test_a_strict_policy_is_sent(port):
    policy = ask(port, "GET", "/").headers["content-security-policy"]
    assert "script-src 'self'" in policy and "unsafe" not in policy
