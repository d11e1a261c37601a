# SPDX-License-Identifier: MIT
"""A tablet in the browser: whose it is, its talk keys under hands and keyboard, its ear and its mouth."""

import json
import time

import pytest
from wire import GUARD_SECONDS, WebSocket, ask

KEY = '.talk-key[data-channel="{}"]'
# what the browser says of a server that is away, and of sessions that it does not know any more
LOST = ("ERR_CONNECTION", "WebSocket connection", "Failed to load resource")
CLAIMED = "document.querySelector('.panel[data-phase=claimed]')"

ICE_SERVERS = [{"urls": "turn:127.0.0.1:9?transport=udp", "username": "u", "credential": "c"}]
# Before the page's own script: the server names these, and its first offer comes too early. What is called
# is written down.
WATCH_CALLS = """
"use strict";
const calls = [];
const connections = [];
const real = window.fetch.bind(window);
window.RTCPeerConnection = class extends RTCPeerConnection {
    held = true; // what is looked for takes longer than anybody waits
    constructor(configuration) {
        super(configuration);
        connections.push(this);
    }
    get iceGatheringState() { return this.held ? "gathering" : super.iceGatheringState; }
    release() {
        this.held = false;
        this.dispatchEvent(new Event("icegatheringstatechange"));
    }
};
window.fetch = async (path, init) => {
    const method = init?.method ?? "GET";
    const call = { method, path: String(path), body: init?.body, status: 0 };
    calls.push(call);
    const answer = path === "/api/ice_servers" ? Response.json(%s)
        : call === offers()[0]
            ? Response.json({ detail: "too early" }, { status: 503, headers: { "retry-after": "1" } })
            : await real(path, init);
    call.status = answer.status;
    return answer;
};
const seen_troubles = new Set();
setInterval(() => {
    for (const element of document.querySelectorAll(".trouble")) seen_troubles.add(element.textContent);
}, 20);
/** As the browser tells that the network has gone. */
const disconnect = (connection) => {
    Object.defineProperty(connection, "connectionState", { value: "disconnected", configurable: true });
    connection.onconnectionstatechange(new Event("connectionstatechange"));
    delete connection.connectionState;
};
const offers = () => calls.filter((call) => call.path.startsWith("/whep?"));
Object.assign(window, { calls, connections, disconnect, offers, seen_troubles });
"""


@pytest.fixture
def events(port):
    with WebSocket(port, "/ws/events") as ws:
        ws.read_json()
        yield ws


@pytest.fixture
def sit(open_page, port):
    """Opens a page that sits at a tablet; all leave it again."""
    pages = []

    def one(tablet, mode="momentary", **kwargs):
        assert ask(port, "PUT", f"/api/tablet/{tablet}/mode", {"mode": mode}).status == 200
        page = open_page("/#panel", **kwargs)
        page.wait(f"document.querySelector('.seat[data-tablet=\"{tablet}\"]')")
        page.click(f'.seat[data-tablet="{tablet}"]')
        page.wait(CLAIMED)
        pages.append(page)
        return page

    yield one
    for page in pages:
        page.js("document.querySelector('#leave')?.click()")


def tablet(port, id_):
    return ask(port, "GET", "/api/state").json()["tablets"][id_ - 1]


def wait_keys(events, id_, keys):
    """Until the tablet holds just these."""
    events.wait_json(lambda e: any(t["id"] == id_ and t["keys"] == keys for t in e.get("tablets", [])))


def wait_sessions(port, id_):
    """Until the server says that the tablet is heard and hears; pages of before may not be given up yet."""
    deadline = time.monotonic() + GUARD_SECONDS
    while time.monotonic() < deadline:
        sessions = ask(port, "GET", "/api/listeners").json()
        ears = [s["state"] for s in sessions["listeners"] if f"tablet.{id_}.listen" in json.dumps(s["mix"])]
        mouths = [s["state"] for s in sessions["talkers"] if s["tablet"] == id_]
        if "connected" in ears and mouths == ["connected"]:
            return
    raise TimeoutError(f"{ears} {mouths}")


def pressed(channel):
    return f"document.querySelector('{KEY.format(channel)}').getAttribute('aria-pressed') === 'true'"


def test_a_tablet_is_taken_and_left(sit, port):
    page = sit(5)
    assert tablet(port, 5)["claim"]["present"] is True
    assert page.js("document.querySelector('.own .id').textContent") == "5"
    page.click("#leave")
    page.wait("document.querySelector('.seats')")
    page.wait("document.querySelector('.seat[data-tablet=\"5\"] small').textContent === 'free'")


def test_the_next_free_one_has_a_name(open_page, sit, port):
    sit(1)
    page = open_page("/#panel")
    page.fill(".ask input", "Anna")
    page.click("#take-next")
    page.wait(CLAIMED)
    assert page.js("document.querySelector('.own .id').textContent") == "2"
    assert tablet(port, 2)["claim"]["label"] == "Anna"
    page.click("#leave")
    page.wait("document.querySelector('.seats')")


def test_a_taken_tablet_is_taken_over_only_when_asked(open_page, sit, port):
    first = sit(3)
    other = open_page("/#panel")
    other.click('.seat[data-tablet="3"]')
    other.wait("document.querySelector('dialog[open]')")
    assert first.js(f"!!{CLAIMED}")
    other.click("#take-over")
    other.wait(CLAIMED)
    first.wait("document.querySelector('.seats .trouble')")
    other.click("#leave")
    other.wait("document.querySelector('.seats')")


def test_keys_by_mouse_touch_and_keyboard(sit, port, events):
    page = sit(6)
    page.down(KEY.format(2))
    wait_keys(events, 6, [2])
    page.wait(pressed(2))
    page.up()
    wait_keys(events, 6, [])
    page.key_down("Digit3")
    wait_keys(events, 6, [3])
    page.key_up("Digit3")
    wait_keys(events, 6, [])
    page.js("document.activeElement.blur()")
    page.key_down("Space")  # the last one
    wait_keys(events, 6, [3])
    page.key_up("Space")
    wait_keys(events, 6, [])


def test_a_key_that_is_let_go_elsewhere_slips_out_of_the_hand(sit, port, events):
    """As after a line that stood still: who still holds it must see that he is not heard."""
    page = sit(6)
    page.down(KEY.format(2))
    wait_keys(events, 6, [2])
    page.wait("document.querySelector('.tile[data-channel=\"2\"]').matches('.down:not(.waiting)')")
    assert ask(port, "POST", "/ptt/release", {"tablet_id": 6, "channel": 2}).status == 200
    page.wait("document.querySelector('.tile[data-channel=\"2\"]').matches(':not(.down)')")
    page.wait("document.body.textContent.includes('The talk key was let go')")
    page.up()
    page.down(KEY.format(2))
    wait_keys(events, 6, [2])
    page.up()
    wait_keys(events, 6, [])


def test_two_fingers_hold_two_keys(sit, port, events):
    page = sit(7, width=800, height=1280, touch=True)
    page.touch("touchStart", *(page.middle(KEY.format(channel)) for channel in (1, 2)))
    wait_keys(events, 7, [1, 2])
    page.touch("touchEnd")
    wait_keys(events, 7, [])


def test_two_taps_latch_and_the_next_lets_go(sit, port, events):
    page = sit(8)
    # as fast as a hand, however slow the machine: both within one task of the page
    page.js(f"""(() => {{ const key = document.querySelector('{KEY.format(1)}'); key.setPointerCapture = () => undefined;
        for (const type of ["pointerdown", "pointerup", "pointerdown", "pointerup"])
            key.dispatchEvent(new PointerEvent(type, {{ bubbles: true, pointerId: 1, button: 0 }})); }})()""")
    page.wait("document.querySelector('.tile[data-channel=\"1\"] .lamp').textContent.includes('latched')")
    wait_keys(events, 8, [1])
    page.js("window.dispatchEvent(new Event('blur'))")
    page.click("#nav-matrix")
    page.wait("document.querySelector('.matrix')")
    page.click("#nav-panel")
    page.wait(pressed(1))
    assert tablet(port, 8)["keys"] == [1]
    page.js(f"""(() => {{ const key = document.querySelector('{KEY.format(1)}'); key.setPointerCapture = () => undefined;
        for (const type of ["pointerdown", "pointerup"])
            key.dispatchEvent(new PointerEvent(type, {{ bubbles: true, pointerId: 1, button: 0 }})); }})()""")
    wait_keys(events, 8, [])


@pytest.mark.parametrize("id_,how", [(9, "blur"), (14, "view"), (15, "close")])
def test_whatever_takes_the_hand_off_lets_go(sit, port, events, id_, how):
    page = sit(id_)
    page.down(KEY.format(4))
    wait_keys(events, id_, [4])
    if how == "blur":
        page.js("window.dispatchEvent(new Event('blur'))")
    elif how == "view":
        page.js("location.hash = 'stations'")
    else:
        page.go("about:blank")
    wait_keys(events, id_, [])


def test_a_page_that_is_loaded_again_comes_back(sit, port):
    page = sit(10)
    since = tablet(port, 10)["claim"]["since"]
    page.reload()
    page.wait(CLAIMED)
    assert page.js("document.querySelector('.own .id').textContent") == "10"
    assert tablet(port, 10)["claim"]["since"] == since


def test_a_server_that_died_finds_everybody_at_their_tablets(session, sit, port):
    """The claim dies with the daemon: the page claims the same tablet, and gets a new secret for its microphone."""
    page = sit(16)
    page.click("#microphone")
    wait_sessions(port, 16)
    kept = page.js("sessionStorage.getItem('partyline.claim')")
    page.down(KEY.format(2))
    page.wait(pressed(2))
    session.processes["partyline"].popen.kill()
    session.processes["partyline"].popen.wait()
    page.wait("document.querySelector('.panel[data-phase=away]')")
    session.start_daemon()
    page.wait(CLAIMED)
    assert page.js("document.querySelector('.own .id').textContent") == "16"
    assert page.js("sessionStorage.getItem('partyline.claim')") != kept
    # the finger that never left the glass talks no more, the next touch does
    page.wait(f"!({pressed(2)})")
    assert tablet(port, 16)["keys"] == []
    page.up()
    with WebSocket(port, "/ws/events") as events:
        events.read_json()
        page.down(KEY.format(3))
        wait_keys(events, 16, [3])
        page.wait(pressed(3))
        page.up()
        wait_keys(events, 16, [])
    wait_sessions(port, 16)
    page.expected = LOST


def test_a_server_that_died_gives_the_tablet_to_who_came_first(session, sit, port):
    page = sit(4)
    # the page's way to its tablet is longer than somebody else's
    page.js("""window.Way = WebSocket;
        window.WebSocket = class extends Way { constructor(url) { super(url.replace("/ws/panel", "/ws/detour")); } }; 1""")
    session.processes["partyline"].popen.kill()
    session.processes["partyline"].popen.wait()
    page.wait("document.querySelector('.panel[data-phase=away]')")
    session.start_daemon()
    with WebSocket(port, "/ws/panel") as other:
        other.send_frame(1, json.dumps({"type": "claim", "tablet": 4, "label": "Ben"}).encode())
        assert other.read_json()["type"] == "claimed"
        page.js("window.WebSocket = Way; 1")
        page.wait("document.querySelector('dialog[open]').textContent.includes('Ben')")
    page.expected = LOST


def test_the_mode_says_what_keys_are_for(sit, port, events):
    page = sit(11, mode="open")
    page.click("#use-keys")
    page.wait("!document.querySelector('.notice')")
    assert tablet(port, 11)["mode"] == "momentary"


def test_listen_levels(sit, port):
    page = sit(12, width=1280, height=360)
    assert page.js("document.querySelector('#view').scrollHeight > document.querySelector('#view').clientHeight")
    assert page.js("document.documentElement.scrollHeight <= innerHeight")
    page.click('.tile[data-channel="2"] .listen-switch')
    page.wait("document.querySelector('.tile[data-channel=\"2\"] output').textContent === 'off'")
    page.click('.tile[data-channel="2"] .listen-switch')
    page.wait("document.querySelector('.tile[data-channel=\"2\"] output').textContent === '\u221212 dB'")
    ask(port, "PUT", "/api/downlink/12/2", {"gain_db": -3})
    page.wait("document.querySelector('.tile[data-channel=\"2\"] output').textContent === '\u22123 dB'")


def test_it_hears_and_is_heard(sit, port):
    page = sit(13)
    page.wait("document.querySelector('.ear').dataset.state === 'on'")
    page.wait("Number(document.querySelector('.connection').dataset.quality) > 0")
    page.click("#microphone")
    page.wait("document.querySelector('#microphone').dataset.state === 'on'")
    wait_sessions(port, 13)
    page.click("#microphone")
    page.wait("document.querySelector('#microphone').dataset.state === 'off'")
    page.click("#leave")
    page.wait("document.querySelector('.seats')")
    page.js("localStorage.clear()")


@pytest.mark.parametrize("servers", [ICE_SERVERS, []], ids=["servers", "none"])
def test_calls_by_the_servers_that_it_is_told(sit, servers):
    """What the servers do is not of this test, but what the page says and when."""
    page = sit(5, script=WATCH_CALLS % json.dumps(servers))
    page.wait("offers().length >= 2 && offers()[1].status === 201")
    assert [{k: v for k, v in server.items() if v} for server in
            page.js("connections[0].getConfiguration().iceServers")] == \
        [{**server, "urls": [server["urls"]]} for server in servers]
    # the very offer that came too early is sent again, and nobody is told of it
    assert page.js("offers().slice(0, 2).map((call) => call.status)") == [503, 201]
    assert page.js("offers()[0].body === offers()[1].body")
    assert page.js("offers()[0].body.includes('stereo=1')")
    assert page.js("offers()[0].body.includes('a=candidate:')") == bool(servers)
    assert not page.js("[...seen_troubles].some((text) => text.includes('too early'))")
    page.wait("connections.at(-1).connectionState === 'connected'")
    # what is found later is told then
    page.js("connections.at(-1).release()")
    if servers:
        page.wait("calls.some((call) => call.method === 'PATCH' && call.status === 204)")
    page.js("disconnect(connections.at(-1))")
    page.wait("calls.some((call) => call.method === 'PATCH' && call.status === 200)")
    assert page.js("calls.find((call) => call.method === 'PATCH').body.includes('a=candidate:')") == bool(servers)
