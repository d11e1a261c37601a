# SPDX-License-Identifier: MIT
"""A tablet in the browser whose network changes: the same session goes on by itself, nobody clicks.

Page and daemon share a network interface in a network namespace of this test's own; its address is
taken away and it gets another one. What is asked by HTTP goes by the loopback and stays.
"""

import pathlib
import subprocess
import sys
import time

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "system"), str(TESTS / "daemon/faces-http")]

import own_network  # noqa: E402
from browser import Browser  # noqa: E402
from rig import Session  # noqa: E402
from wire import GUARD_SECONDS, ask  # noqa: E402

HOME, MOBILE = "192.0.2.1", "192.0.2.2"  # of RFC 5737's addresses for documentation
CLAIMED = "document.querySelector('.panel[data-phase=claimed]')"


def ip(*words):
    return subprocess.run(["ip", *words], capture_output=True, text=True, check=False).stderr.strip()


def move_to(address):
    """Browsers offer what is on the way to everywhere; the loopback is not."""
    ip("address", "flush", "dev", "lan0")
    return ip("address", "add", f"{address}/24", "dev", "lan0") or ip("route", "add", "default", "dev", "lan0")


def build_network():
    """@return why not, or ''"""
    return (own_network.enter() or ip("link", "add", "lan0", "type", "veth", "peer", "name", "far0")
            or ip("link", "set", "far0", "up") or ip("link", "set", "lan0", "up")
            or move_to(HOME))  # fmt: skip


REFUSED = build_network()
pytestmark = pytest.mark.skipif(bool(REFUSED), reason=REFUSED)


@pytest.fixture
def session():
    with Session(daemon=True, config={"http": {"address": "0.0.0.0", "insecure_lan": True}}) as running:
        yield running


@pytest.fixture
def page(session):
    with Browser("--autoplay-policy=no-user-gesture-required") as browser:
        page = browser.page(f"http://127.0.0.1:{session.http_port}/#panel")
        page.wait("document.querySelector('.seat[data-tablet=\"1\"]')")
        page.js("document.querySelector('.seat[data-tablet=\"1\"]').click()")
        page.wait(CLAIMED)
        yield page


def wait_listener(port, state, host):
    """Until there is just that one. @return its id"""
    deadline = time.monotonic() + GUARD_SECONDS
    while time.monotonic() < deadline:
        told = ask(port, "GET", "/api/listeners").json()["listeners"]
        if [(one["state"], one["address"].split(":")[0]) for one in told] == [(state, host)]:
            return told[0]["id"]
    raise TimeoutError(str(told))


# What is asked first fails, as it does where there is no network for a moment.
FAIL_ONE_PATCH = """(() => { const real = window.fetch; let failed = false;
    window.fetch = (path, how) => {
        if (how?.method !== "PATCH" || failed) return real(path, how);
        failed = true;
        return Promise.reject(new TypeError("no network"));
    }; })()"""


def test_the_session_goes_on_at_another_address(session, page):
    page.js(FAIL_ONE_PATCH)
    page.wait("document.querySelector('.ear').dataset.state === 'on'")
    before = wait_listener(session.http_port, "connected", HOME)
    assert move_to(MOBILE) == ""
    assert wait_listener(session.http_port, "connected", MOBILE) == before
    page.wait("document.querySelector('.ear').dataset.state === 'on'")
