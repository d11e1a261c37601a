#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the whole graph costs, and how soon it sounds: private instances, headless, in real time.

    bench-graph.py BUILD-FOLDER

The cost is the processor time of PipeWire's data threads as the kernel counts it
(/proc/PID/task/TID/schedstat), divided by the cycles that the matrix has counted meanwhile.
"""

import pathlib
import sys
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "system")]

from meterpage import MeterPage, find_socket  # noqa: E402
from rig import Session, wait_until  # noqa: E402

SECONDS = 3.0
SPEECH = "/usr/share/asterisk/sounds/en_US_f_Allison/vm-intro.wav"


def data_loop_ns(process):
    """Processor time of the data threads of one process so far."""
    total = 0
    for task in pathlib.Path(f"/proc/{process.pid}/task").iterdir():
        if (task / "comm").read_text().startswith("data-loop"):
            total += int((task / "schedstat").read_text().split()[0])
    return total


def measure(title, build, process="pipewire", **kwargs):
    with Session(build, **kwargs) as session:
        page = MeterPage(find_socket(session))
        time.sleep(1.0)  # clients come in, links settle
        processes = [session.processes[process]]
        if process != "pipewire":
            processes.append(session.processes["pipewire"])
        cycles, start = page.n_cycles, time.monotonic()
        before = [data_loop_ns(p) for p in processes]
        time.sleep(SECONDS)  # what is measured is of this time
        used = sum(data_loop_ns(p) - b for p, b in zip(processes, before))
        seconds = time.monotonic() - start
        n_cycles = page.n_cycles - cycles
        print(
            f"  {title:<44} quantum {page.quantum:>5}  {used / 1000 / n_cycles:7.1f} us a cycle"
            f"  {used / 1e7 / seconds:5.1f} % of a core"
        )


def cold_start(build, **kwargs):
    """From the start of the first process to the first speech that a party line's meter shows."""
    session = Session(build, **kwargs)
    try:
        start = time.monotonic()
        session.start()  # returns when devices and links are there
        linked = time.monotonic()
        page = MeterPage(find_socket(session))
        session.spawn("player", ["pw-cat", "-p", "--target", "partyline.tablet.1", SPEECH])
        wait_until(lambda: page.channel_peak(1) > 0.0, "sound", seconds=30, interval=0.001)
        return linked - start, time.monotonic() - start
    finally:
        session.stop()


def main():
    build = sys.argv[1]
    print("data-loop processor time of the whole graph, 48 kHz:")
    for quantum in (64, 256, 1024):
        measure("16+4 devices, nobody plays", build, quantum=quantum)
    measure("16+4 devices, 16 simulated tablets play", build, simulate=True)
    measure("16+4 devices, process of its own + server", build, "partyline-nodes", module="process")
    measure("64+64 devices, nobody plays", build, tablets=64, channels=64)
    starts = sorted((cold_start(build) for _ in range(5)), key=lambda pair: pair[1])
    linked, sounded = starts[len(starts) // 2]
    print("cold start, bus + PipeWire + WirePlumber + 16+4 devices, median of 5:")
    print(f"  all 40 links made                            {linked * 1000:6.0f} ms")
    print(f"  first speech of a pw-cat on a party line     {sounded * 1000:6.0f} ms")


if __name__ == "__main__":
    main()
