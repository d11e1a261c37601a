# SPDX-License-Identifier: MIT
"""The views Gateway and System: what they show of a machine at work, and what a person does there."""

import json

import pytest
from browser import Browser
from scene import Scene
from wire import ask

MILL = "[aria-labelledby=stream-mill]"


@pytest.fixture(scope="module")
def scene():
    with Scene() as running:
        yield running


@pytest.fixture(scope="module")
def browser():
    with Browser("--autoplay-policy=no-user-gesture-required") as running:
        yield running


@pytest.fixture
def show(browser, scene):
    """Opens a view; when the test is over the page must not have complained."""
    pages = []

    def open_view(name):
        page = browser.page(f"http://127.0.0.1:{scene.http_port}/#{name}")
        page.wait(f"document.querySelector('#view > .{name}')")
        pages.append(page)
        return page

    yield open_view
    for page in pages:
        page.js("1")  # what was said until now is heard
        problems, page.problems = page.problems, []
        page.close()
        assert problems == []


def row(label, text):
    """The row of a list whose text has this."""
    return (f"[...document.querySelectorAll('ul[aria-label={json.dumps(label)}] > li')]"
            f".find((li) => li.textContent.includes({json.dumps(text)}))")


def press(page, row_, text):
    """The button of a row, as a finger does it."""
    page.js(f"""(() => {{ document.querySelector('[data-test]')?.removeAttribute('data-test');
        [...{row_}.querySelectorAll('button')].find((b) => b.textContent.includes({json.dumps(text)}))
        .dataset.test = ''; }})()""")
    page.click("[data-test]")


def fact(inside, name):
    return (f"[...document.querySelectorAll('{inside} .facts dt')]"
            f".find((dt) => dt.textContent === {json.dumps(name)}).nextElementSibling.textContent")


# --- gateway ---------------------------------------------------------------------------


def test_streams_are_shown_as_they_are_now(show):
    page = show("gateway")
    page.wait(f"document.querySelector('{MILL} .chip').textContent === 'running'")
    count = f"Number({fact(MILL, 'Received')}.replaceAll(',', ''))"
    first = page.js(count)
    page.wait(f"{count} > {first} + 50")
    # the stages are there, and their sum
    page.wait(f"document.querySelector('{MILL} .latency').textContent.includes('jitter buffer')")
    text = page.js("document.querySelector('[aria-labelledby=stream-church]').textContent")
    assert "failed" in text and 'no address is known for "church.invalid"' in text


def test_the_jitter_buffer_is_set_while_it_sounds(show, scene):
    page = show("gateway")
    page.fill(f"{MILL} input[type=range]", "0.9")
    # what it shows now is what the server has
    page.wait(f"document.querySelector('{MILL} input[type=range]').value === '0.9'")
    assert ask(scene.http_port, "GET", "/api/streams/mill").json()["jitter"]["safety"] == 0.9


def test_a_key_at_the_machine_is_seen(show, scene):
    page = show("gateway")
    line = row("GPIO lines", "desk-key")
    page.wait(f"{line}.textContent.includes('inactive')")
    for level, word in ((0, "active"), (1, "inactive")):
        scene.gpio.line(20).edge(level)
        page.wait(f"{line}.querySelector('.chip').textContent === '{word}'")


def test_a_clip_is_heard_and_deleted_everywhere(show):
    page, other = show("gateway"), show("gateway")
    clip = row("Clips", "All call")
    for view in (page, other):
        view.wait(clip)
    press(page, clip, "10.0 s")
    page.wait(f"{clip}.querySelector('audio').currentTime > 0.2")
    assert abs(page.js(f"{clip}.querySelector('audio').duration") - 10) < 0.1
    press(page, clip, "Delete")
    press(page, clip, "Sure?")
    for view in (page, other):
        view.wait(f"!{clip}")
        # its page is still in the history, without a clip to play
        view.wait(f"{row('Last pages', 'All call')} && !{row('Last pages', 'All call')}.querySelector('button')")


def test_an_unknown_pair_becomes_a_page(show, scene):
    page = show("gateway")
    unknown = row("Last pages", "Unknown pair")
    page.wait(unknown)
    press(page, unknown, "Make it a page")
    page.wait(f"document.activeElement === {unknown}.querySelector('input')")
    page.type("found-1")
    press(page, unknown, "Make")
    page.wait(row("Pages", "1,232.4 Hz for 0.8 s, 1,648.1 Hz for 2.4 s"))
    press(page, row("Pages", "found-1"), "Remove")
    press(page, row("Pages", "found-1"), "Sure?")
    page.wait(f"!{row('Pages', 'found-1')}")
    assert "found-1" not in [p["id"] for p in ask(scene.http_port, "GET", "/api/pages").json()["pages"]]


# --- system -----------------------------------------------------------------------------


def test_health_is_told_in_words(show):
    page = show("system")
    page.wait("document.querySelector('.findings')")
    text = page.js("document.querySelector('.findings').textContent")
    assert "tream church: no address is known" in text
    assert page.js(fact("#view", "Sample rate")) == "48 kHz"
    assert page.js(fact("#view", "PipeWire")) == page.js(fact("#view", "PipeWire\u2019s library"))


def test_sound_cards_are_listed(show, scene):
    page = show("system")
    bind = {"device": "card:Desk", "port": 2}
    assert ask(scene.http_port, "PUT", "/api/channel/3/capture", bind).status == 200
    card = row("Sound cards", "card:Desk,0")
    page.wait(f"{card}.querySelector('.chip').textContent === 'missing'")
    page.wait(f"{card}.textContent.includes('Light, port 2')")
    assert ask(scene.http_port, "PUT", "/api/channel/3/name", {"name": "<b>Desk</b>"}).status == 200
    page.wait(f"{card}.textContent.includes('<b>Desk</b>, port 2')")
    assert ask(scene.http_port, "DELETE", "/api/channel/3/capture", b"").status == 200
    page.wait(f"!{card}")


def test_the_log_goes_on(show, scene):
    page = show("system")
    log = "document.querySelector('.log').textContent"
    page.wait(f"{log}.includes('ws.log.connected')")
    assert ask(scene.http_port, "PUT", "/api/tablet/16/name", {"name": "Rehearsal"}).status == 200
    page.wait(f'{log}.includes(\'Named "Rehearsal"\')')
    page.choose("#log-level", "warning")
    assert ask(scene.http_port, "PUT", "/api/tablet/16/playback", {"device": "card:None"}).status == 200
    page.wait(f'!{log}.includes("Rehearsal") && {log}.includes("card:None")')
    assert ask(scene.http_port, "DELETE", "/api/tablet/16/playback", b"").status == 200


def test_a_token_is_made_used_and_removed(show, scene):
    page = show("system")
    page.wait("document.querySelector('#token-name')")
    page.fill("#token-name", "desk")
    page.click(".new-token button")
    page.wait("document.querySelector('#new-token')")
    token = page.js("document.querySelector('#new-token').textContent")
    header = {"Authorization": f"Bearer {token}"}
    found = ask(scene.http_port, "GET", "/api/session", headers=header).json()
    assert (found["role"], found["token"]) == ("operate", "desk")
    page.wait(row("Tokens", "desk"))
    press(page, row("Tokens", "desk"), "Remove")
    press(page, row("Tokens", "desk"), "Sure?")
    page.wait(f"!{row('Tokens', 'desk')}")
    assert ask(scene.http_port, "GET", "/api/session", headers=header).status == 401
