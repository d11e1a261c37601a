# SPDX-License-Identifier: MIT
"""The real daemon, without a graph: the face answers all the same."""

import pathlib
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TESTS), str(TESTS / "web"), str(TESTS / "daemon/main")]

from rig import Session  # noqa: E402


@pytest.fixture(scope="module")
def session():
    with Session(module=None, profile=None, daemon=True) as running:
        yield running


@pytest.fixture(scope="module")
def port(session):
    return session.http_port


@pytest.fixture(autouse=True)
def fresh(request):
    """Every test of the shared daemon begins with the defaults."""
    from wire import ask

    if "port" not in request.fixturenames:
        yield
        return
    port = request.getfixturevalue("port")

    assert ask(port, "POST", "/api/reset", b"").status == 200
    yield
