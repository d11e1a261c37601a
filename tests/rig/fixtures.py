# SPDX-License-Identifier: MIT
"""Servers of other people, for pytest: import by name what a test file needs."""

import pathlib
import tempfile

import pytest

from .broker import Broker
from .s3_server import S3Server


@pytest.fixture
def folder():
    with tempfile.TemporaryDirectory(prefix="pl-", dir="/tmp", ignore_cleanup_errors=True) as name:
        path = pathlib.Path(name)
        path.chmod(0o755)  # the broker's user comes in
        yield path


@pytest.fixture
def broker(folder):
    it = Broker(folder)
    it.start()
    yield it
    it.stop()


@pytest.fixture
def server(folder):
    it = S3Server(folder)
    it.start()
    yield it
    it.stop()
