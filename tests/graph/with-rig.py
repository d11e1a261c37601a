#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Run test-devices inside private instances of the whole: PipeWire, WirePlumber, module."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from rig import Session  # noqa: E402

# tablets, channels, quantum
CASES = [(16, 4, 256), (2, 1, 64), (1, 1, 1024)]


def main():
    build, program = sys.argv[1:3]
    n_failed = 0
    for tablets, channels, quantum in CASES:
        with Session(build, tablets=tablets, channels=channels, quantum=quantum) as session:
            done = session.run([program, tablets, channels, quantum], timeout=150)
            print(done.stdout, done.stderr, sep="", end="", flush=True)
            if done.returncode != 0:
                n_failed += 1
                print(session.log_text("pipewire")[-2000:], session.log_text("wireplumber")[-2000:])
        print("ok" if done.returncode == 0 else "FAIL", f"{tablets}x{channels}, quantum {quantum}")
    print(f"{len(CASES) - n_failed} passed, {n_failed} failed")
    sys.exit(1 if n_failed else 0)


if __name__ == "__main__":
    main()
