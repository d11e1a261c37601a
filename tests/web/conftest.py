# SPDX-License-Identifier: MIT
"""The page as people meet it: real graph, real simulator, real daemon, real Chromium."""

import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE)]

from browser import Browser  # noqa: E402
from rig import Session  # noqa: E402
from wire import ask  # noqa: E402


# A microphone that beeps, sound without a touch, connections to this machine.
SOUND = (
    "--autoplay-policy=no-user-gesture-required",
    "--allow-loopback-in-peer-connection",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)


@pytest.fixture(scope="module")
def session():
    with Session(daemon=True, simulate=True) as running:
        yield running


@pytest.fixture(scope="module")
def browser():
    with Browser(*SOUND) as running:
        yield running


@pytest.fixture
def port(session):
    assert ask(session.http_port, "POST", "/api/reset", b"").status == 200
    return session.http_port


@pytest.fixture
def open_page(browser, port):
    """Opens pages; when the test is over none of them may have complained."""
    pages = []

    def open_one(path="/#stations", **kwargs):
        page = browser.page(f"http://127.0.0.1:{port}{path}", **kwargs)
        page.wait("document.querySelector('#view > *') || location.pathname !== '/'")
        pages.append(page)
        return page

    yield open_one
    for page in pages:
        problems = page.unexpected()
        page.close()
        assert problems == []
