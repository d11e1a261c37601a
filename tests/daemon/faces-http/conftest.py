# SPDX-License-Identifier: MIT
"""The real daemon, without a graph: the face answers all the same."""

import pathlib
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TESTS), str(TESTS / "web")]

from rig import Session  # noqa: E402


@pytest.fixture(scope="module")
def session():
    with Session(module=None, profile=None, daemon=True) as running:
        yield running


@pytest.fixture(scope="module")
def port(session):
    return session.http_port


@pytest.fixture(autouse=True)
def fresh(port):
    """Every test begins with the defaults."""
    from wire import ask

    assert ask(port, "POST", "/api/reset", b"").status == 200
    yield
