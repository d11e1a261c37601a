# SPDX-License-Identifier: MIT
"""Test functions that run in a guest of their own."""

import functools
import os
import pathlib
import sys

from .guest import Guest
from .layers import build_layer

# What a test needs to know of the machine that it was started on.
PASSED_ON = (
    "PARTYLINE_BUILD_DIR",
    "PARTYLINE_ENDURANCE_SECONDS",
    "PYTHONPATH",
    "PYTHONDONTWRITEBYTECODE",
)


def inside():
    """Whether this program runs in a guest."""
    return "PARTYLINE_IN_GUEST" in os.environ


def in_guest(*, installed=False, **options):
    """Let a pytest function run as root in a guest; OPTIONS are those of Guest.

    installed  the build lies in the guest's root as if its package were installed
    """

    def decorate(function):
        if inside():
            return function

        # pytest looks at the signature: outside no fixture is wanted.
        def outside():
            run_in_guest(function, installed=installed, **options)

        functools.update_wrapper(outside, function)
        del outside.__wrapped__
        return outside

    return decorate


def run_in_guest(function, *, installed=False, env=None, layers=(), **options):
    """Boot a guest and let pytest run FUNCTION of a test file there."""
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    source = pathlib.Path(function.__code__.co_filename).resolve()
    # For the impatient: PARTYLINE_VM_ECHO=1 shows the console as it comes (pytest -s).
    echo = "PARTYLINE_VM_ECHO" in os.environ
    with Guest(env={**passed, **(env or {})}, echo=echo, **options) as guest:
        guest.layers[:0] = map(pathlib.Path, layers)
        if installed:
            guest.layers.insert(0, build_layer(guest.folder / "installed"))
        words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-s"]
        status = guest.run([*words, f"{source}::{function.__name__}"], check=False)
        if not echo:
            print("\n".join(guest.console))
    assert status == 0, f"{function.__name__} failed in the guest; its console tells"
