# SPDX-License-Identifier: MIT
"""Options of the whole intercom, names, and what is around every view."""

import re

import pytest
from wire import WebSocket, ask

FIELD = "[...document.querySelectorAll('.field')].find((f) => f.querySelector('label').textContent === '{}').querySelector('input')"


@pytest.fixture
def events(port):
    with WebSocket(port, "/ws/events") as ws:
        ws.read_json()
        yield ws


@pytest.fixture
def page(open_page):
    opened = open_page("/#settings")
    opened.wait("document.querySelector('.settings')")
    return opened


def wait_event(events, test):
    return events.wait_json(test)


def enter(page, label, text):
    page.js(f"(() => {{ const i = {FIELD.format(label)}; i.focus(); i.select(); }})()")
    page.type(text)
    page.key("Enter")


def test_options(page, port, events):
    enter(page, "Headroom", "6")
    assert wait_event(events, lambda e: "options" in e)["options"]["headroom_db"] == 6
    page.js(FIELD.format("Party line") + ".click()")
    assert wait_event(events, lambda e: "options" in e)["options"]["party_line"] is False
    page.wait(f"!{FIELD.format('Party line')}.checked")
    enter(page, "Channel 2", "Bühne")
    wait_event(events, lambda e: any(c["name"] == "Bühne" for c in e.get("channels", [])))


def test_a_change_by_another_appears(page, port):
    assert ask(port, "PUT", "/api/vox", {"threshold_db": -33, "hang_ms": 700}).status == 200
    page.wait(f"{FIELD.format('Vox opens at')}.value === '-33' && {FIELD.format('Vox stays open')}.value === '700'")
    ask(port, "PUT", "/api/channel/3/name", {"name": "<b>Licht</b>"})
    page.wait(f"{FIELD.format('Channel 3')}.value === '<b>Licht</b>'")


def test_a_refused_value_is_said_and_put_back(page, port):
    enter(page, "Headroom", "99")
    page.wait("document.querySelector('.toast.error')")
    page.wait(f"{FIELD.format('Headroom')}.value === '12'")
    assert ask(port, "GET", "/state").json()["config"]["headroom_db"] == 12
    # Chromium itself writes a line about the answer of 422
    page.expected = ("422",)


def test_a_dangerous_button_asks_first(page, port, events):
    ask(port, "PUT", "/api/tablet/1/name", {"name": "kept"})
    button = "[...document.querySelectorAll('button.danger')].find((b) => b.textContent.includes('{}'))"
    page.js(button.format("Forget every setting") + ".click()")
    page.wait(button.format("Press again"))
    assert ask(port, "GET", "/api/state").json()["tablets"][0]["name"] == "kept"
    page.js(button.format("Press again") + ".click()")
    wait_event(events, lambda e: any(t["id"] == 1 and t["name"] == "" for t in e.get("tablets", [])))


def test_what_is_served_may_be_kept_by_its_hash(port):
    html = ask(port, "GET", "/").body.decode()
    script, style = re.search(r'src="(/assets/[^"]+\.js)"', html)[1], re.search(r'href="(/assets/[^"]+\.css)"', html)[1]
    for path in (script, style):
        answer = ask(port, "GET", path, None, {"Accept-Encoding": "gzip"})
        assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
        assert answer.headers["content-encoding"] == "gzip"
    for path in ("/", "/sw.js", "/app.webmanifest"):
        assert ask(port, "GET", path).headers["cache-control"] == "no-cache"
    assert "<style" not in html and not re.search(r"<script(?![^>]*src=)", html)
