# SPDX-License-Identifier: MIT
import pytest

from private_bus import PrivateBus


@pytest.fixture(scope="module")
def shared():
    """One daemon for a file's tests; each test leaves the settings as it found them or resets."""
    with PrivateBus() as session:
        yield session


@pytest.fixture
def fresh(shared):
    """The shared daemon, reset."""
    assert shared.ctl("reset", "--yes").returncode == 0
    return shared
