#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Meter fan-out of the real daemon on a real graph: bench-meters.py BUILD"""

import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from rig import Session  # noqa: E402

CLIENTS, HZ, SECONDS = 200, 30, 6


def main(build):
    load = pathlib.Path(build) / "tests/bench/bench-meters"
    with Session(build, daemon=True, simulate=True) as session:
        pid = session.processes["partyline"].pid
        for path in (f"/ws/vu?hz={HZ}", f"/ws/vu?hz={HZ}&detail=full"):
            subprocess.run(
                [load, str(pid), str(session.http_port), path, str(CLIENTS), str(HZ), str(SECONDS)],
                check=True,
            )


main(*sys.argv[1:])
