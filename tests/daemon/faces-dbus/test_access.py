# SPDX-License-Identifier: MIT
"""Tokens by the bus and by partylinectl."""

import hashlib
import json
import re
import socket
import ssl
import time
import urllib.error
import urllib.request

import pytest
from private_bus import NAME, ROOT, CallError, PrivateBus
from rig import free_port

ACCESS = f"{NAME}.Access"
OK, REFUSED, USAGE = 0, 1, 2


@pytest.fixture(scope="module")
def session():
    with PrivateBus() as session:
        yield session


def role_of(session, token):
    """What HTTP says of a token; None: nothing."""
    request = urllib.request.Request(f"http://127.0.0.1:{session.http_port}/api/session",
                                     headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["role"]
    except urllib.error.HTTPError as error:
        assert error.code == 401
        return None


def test_a_token_from_its_making_to_its_end(session):
    done = session.ctl("token", "add", "studio 1", "--role", "operate")
    assert done.returncode == OK and "only time" in done.stderr
    token = done.stdout.strip()
    assert re.fullmatch(r"pl_[A-Za-z0-9_-]{43}", token)
    assert role_of(session, token) == "operate"
    done = session.ctl("token", "list")
    assert re.search(r"^studio 1 +operate +made \S+ \S+  until removed$", done.stdout, re.M)
    assert token not in done.stdout
    again = session.ctl("token", "add", "studio 1", "--role", "view")
    assert (again.returncode, again.stdout) == (REFUSED, "")
    assert 'there is a token "studio 1" already' in again.stderr
    assert session.ctl("token", "remove", "studio 1").stdout == "removed\n"
    assert role_of(session, token) is None
    gone = session.ctl("token", "remove", "studio 1")
    assert gone.returncode == REFUSED and "there is no token of this name" in gone.stderr


def test_as_json(session):
    token = session.ctl_json("token", "add", "robot", "--role=admin", "--expires", "12h")["token"]
    (listed,) = session.ctl_json("token", "list")
    assert (listed["name"], listed["role"]) == ("robot", "admin")
    assert abs(listed["expires"] - (time.time() + 12 * 3600)) < 60
    assert role_of(session, token) == "admin"
    assert session.ctl_json("token", "remove", "robot") == {"removed": "robot"}


@pytest.mark.parametrize("when,seconds", [("90m", 5400), ("30d", 30 * 86400), ("8w", 8 * 604800),
                                          ("1y", 31557600), ("never", None)])
def test_expiry(session, when, seconds):
    session.ctl("token", "add", when, "--role", "view", "--expires", when)
    (listed,) = [t for t in session.ctl_json("token", "list") if t["name"] == when]
    session.ctl("token", "remove", when)
    if seconds is None:
        assert listed["expires"] is None
    else:
        assert abs(listed["expires"] - (time.time() + seconds)) < 60


def test_a_day_ends_at_its_end(session):
    session.ctl("token", "add", "day", "--role", "view", "--expires", "2031-05-06")
    (listed,) = [t for t in session.ctl_json("token", "list") if t["name"] == "day"]
    session.ctl("token", "remove", "day")
    assert time.strftime("%F %T", time.localtime(listed["expires"])) == "2031-05-06 23:59:59"


@pytest.mark.parametrize("words,code,text", [
    (["token", "add", "x"], USAGE, "--role"),
    (["token", "add"], USAGE, "usage"),
    (["token", "add", "x", "--role", "root"], REFUSED, "a role is"),
    (["token", "add", "x", "--role", "view", "--expires", "soon"], USAGE, "--expires is"),
    (["token", "add", "x", "--role", "view", "--expires", "1999-01-01"], REFUSED, "in the future"),
    (["token", "add", "x" * 64, "--role", "view"], REFUSED, "63 bytes"),
    (["token", "list", "x"], USAGE, "no name"),
    (["token", "remove"], USAGE, "usage"),
    (["token", "steal", "x"], USAGE, "add, list and remove"),
    (["token", "remove", "x", "--role", "view"], USAGE, "for token add"),
    (["certificate", "key"], USAGE, "ca"),
    (["certificate"], REFUSED, "there is no certificate"),
])
def test_what_is_wrong_is_said(session, words, code, text):
    done = session.ctl(*words)
    assert (done.returncode, done.stdout) == (code, "")
    assert text in done.stderr
    assert session.ctl_json("token", "list") == []


def test_errors_by_the_bus(session):
    with pytest.raises(CallError) as refused:
        session.call(ROOT, ACCESS, "AddToken", "sst", "x", "boss", 0)
    assert refused.value.name == f"{NAME}.Error.InvalidArgument"
    with pytest.raises(CallError) as refused:
        session.call(ROOT, ACCESS, "RemoveToken", "s", "x")
    assert refused.value.name == f"{NAME}.Error.InvalidArgument"


def test_certificate():
    port = free_port()
    http = {"port": port, "names": ["intercom.example.com"], "tls": {"always": True}}
    with PrivateBus(config={"http": http}, http_port=port) as session:
        shown = session.ctl_json("certificate")
        assert shown["given"] is False and shown["not_after"] > time.time() + 360 * 86400
        assert {"localhost", "127.0.0.1", "intercom.example.com"} <= set(shown["names"].split(", "))
        ca = session.ctl("certificate", "ca").stdout
        trusted = ssl.create_default_context(cadata=ca)
        with socket.create_connection(("127.0.0.1", session.http_port), 60) as sock, \
                trusted.wrap_socket(sock, server_hostname="intercom.example.com") as tls:
            assert fingerprint(tls.getpeercert(True)) == shown["fingerprint"]
        assert fingerprint(ssl.PEM_cert_to_DER_cert(ca)) == shown["ca_fingerprint"]
        text = session.ctl("certificate").stdout
        for word in (shown["fingerprint"], shown["ca_fingerprint"], "intercom.example.com",
                     "partylinectl certificate ca"):
            assert word in text


def fingerprint(der):
    text = hashlib.sha256(der).hexdigest().upper()
    return ":".join(text[i:i + 2] for i in range(0, len(text), 2))
