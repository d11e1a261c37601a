# SPDX-License-Identifier: MIT
"""A private Partyline for tests and `./dev run`: own PipeWire, WirePlumber, D-Bus and folders.

    from rig import Session
    with Session("build", tablets=2, channels=1) as session:
        session.run(["pw-cat", "-p", "--target", "partyline.tablet.1", "speech.wav"])

Standard library only. Every session has its own runtime folder, so that any number of them run
side by side and none meets the user's own sound. Whatever waits, waits for an event; the time
limits are guards against hanging and may be generous.

PDEATHSIG, which ends the processes when the caller dies, belongs to the thread that started them:
start a session from a thread that lives as long as the session.
"""

from .graph import Graph
from .process import Process, RigError, wait_until
from .session import Session, free_port

__all__ = ["Graph", "Process", "RigError", "Session", "free_port", "wait_until"]
