# SPDX-License-Identifier: MIT
"""People log in to the page over TLS, in a real Chromium."""

import base64
import hashlib
import json
import pathlib
import ssl
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "daemon/main"), str(HERE.parent / "daemon/faces-http")]

from access import Daemon  # noqa: E402
from browser import Browser  # noqa: E402
from plain_daemon import PlainDaemon  # noqa: E402


@pytest.fixture(scope="module")
def daemon():
    """Over TLS, and nobody comes in without a token."""
    with Daemon() as running:
        PlainDaemon.start(running)
        for name, role in (("watch", "view"), ("desk", "operate"), ("boss", "admin")):
            setattr(running, name, running.token(name, role))
        running.process.stop()
        running.write_config({"http": {"port": 0, "local_role": "none", "tls": {"always": True}}})
        running.start()
        yield running


@pytest.fixture(scope="module")
def browser(daemon):
    """Trusts the key of this server, and no other."""
    pem = daemon.state / "tls/server.pem"
    key = subprocess.check_output(["openssl", "x509", "-in", pem, "-noout", "-pubkey"])
    der = subprocess.check_output(["openssl", "pkey", "-pubin", "-outform", "DER"], input=key)
    pin = base64.b64encode(hashlib.sha256(der).digest()).decode()
    with Browser(f"--ignore-certificate-errors-spki-list={pin}") as running:
        yield running


@pytest.fixture
def page(daemon, browser):
    opened = browser.page(daemon.url + "/#stations")
    yield opened
    opened.close()


def unverified():
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def log_in(page, token):
    page.fill("#token", token)
    page.click("#login button")


def test_the_form_comes_first_and_the_page_after_it(daemon, page):
    page.wait("document.querySelector('#login') && document.title === 'Log in'")
    assert "Partyline" not in page.js("document.documentElement.outerHTML")
    log_in(page, "pl_" + "A" * 43)
    page.wait("document.querySelector('#problem').textContent.includes('not valid')")
    log_in(page, daemon.desk)
    page.wait("document.querySelectorAll('.card').length === 16")
    page.wait("document.querySelector('#logout')?.textContent === 'Log out (desk, operate)'")
    # what scripts may see of it, and where the token is: nowhere
    assert page.js("document.cookie") == ""
    assert page.js("location.href") == daemon.url + "/#stations"
    assert page.js("Object.keys({...localStorage, ...sessionStorage}).length") == 0
    cookies = page.cookies()
    assert [(c["name"], c["httpOnly"], c["secure"], c["sameSite"]) for c in cookies] == \
        [("__Host-partyline", True, True, "Strict")]
    assert daemon.desk not in json.dumps(cookies)
    # the page works: a change by the streams and by a call
    page.click('.strip[data-channel="2"] .mute')
    page.wait("document.querySelector('.strip[data-channel=\"2\"] .mute').getAttribute('aria-pressed') === 'true'")
    page.click("#logout")
    page.wait("document.querySelector('#login')")
    assert page.cookies() == []


def test_who_may_only_look_is_told(daemon, page):
    page.wait("document.querySelector('#login')")
    log_in(page, daemon.watch)
    page.wait("document.querySelector('#logout')?.textContent === 'Log out (watch, view)'")
    page.click("#release-all")
    page.wait("document.querySelector('#toasts').textContent.includes('this needs the role \"operate\"')")


def test_a_removed_token_ends_the_page(daemon, page):
    page.wait("document.querySelector('#login')")
    log_in(page, daemon.watch)
    page.wait("document.querySelectorAll('.card').length === 16")
    tls = ssl.create_default_context(cadata=daemon.ask("GET", "/ca.crt", tls=unverified()).body.decode())
    gone = daemon.ask("POST", "/api/tokens/remove", {"name": "watch"}, daemon.boss, tls=tls)
    assert gone.status == 200
    page.wait("document.querySelector('#login') && document.title === 'Log in'")


def test_with_a_role_that_is_enough_nobody_asks():
    with PlainDaemon() as daemon, Browser() as browser:
        daemon.start()
        page = browser.page(daemon.url + "/#stations")
        page.wait("document.querySelectorAll('.card').length === 16")
        page.js("fetch('/api/session')")
        assert page.js("!document.querySelector('#logout') && !document.querySelector('#login-link')")
        assert page.problems == []
