#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Run a test program inside private instances of the whole: PipeWire, WirePlumber, module.

Arguments: build folder, program, which: devices or gateway."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from rig import Session  # noqa: E402

# tablets, channels, quantum; and what the program is told of them
CASES = {
    "devices": [((16, 4, 256), (16, 4, 256)), ((2, 1, 64), (2, 1, 64)), ((1, 1, 1024), (1, 1, 1024))],
    "gateway": [((2, 2, 64), (64,)), ((2, 2, 1024), (1024,))],
}


def main():
    build, program, which = sys.argv[1:4]
    n_failed = 0
    for (tablets, channels, quantum), arguments in CASES[which]:
        with Session(build, tablets=tablets, channels=channels, quantum=quantum) as session:
            done = session.run([program, *arguments], timeout=150)
            print(done.stdout, done.stderr, sep="", end="", flush=True)
            if done.returncode != 0:
                n_failed += 1
                print(session.log_text("pipewire")[-2000:], session.log_text("wireplumber")[-2000:])
        print("ok" if done.returncode == 0 else "FAIL", f"{tablets}x{channels}, quantum {quantum}")
    print(f"{len(CASES[which]) - n_failed} passed, {n_failed} failed")
    sys.exit(1 if n_failed else 0)


if __name__ == "__main__":
    main()
