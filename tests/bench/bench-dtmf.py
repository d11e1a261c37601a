#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""bench-dtmf.py BUILD [FOLDER…]: the Q.24 scorecard; then multimon-ng, and spandsp where its library is
installed, on the same files: digits heard of each row, digits that recordings of speech and music are
taken for, and the speed on them. PARTYLINE_RECORDINGS may name one more folder."""

import ctypes
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile

RATE = 22050  # what multimon-ng works at
SLOW = 8000  # what spandsp works at
FOLDERS = ["/usr/share/asterisk/sounds", "/usr/share/asterisk/moh", "/usr/share/codec2"]
ENDINGS = (".wav", ".raw", ".ogg", ".flac", ".opus", ".mp3", ".aiff", ".au")
RAW = ["-t", "raw", "-e", "signed", "-b", "16", "-c", "1"]


def run(argv):
    return subprocess.run([str(a) for a in argv], capture_output=True, text=True, check=True).stdout


def seconds_of(who):
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


class Partyline:
    name = "Partyline"
    who = resource.RUSAGE_CHILDREN

    def __init__(self, bench, rate):
        self.bench, self.rate = bench, rate

    def hear(self, path):
        return run([self.bench, "listen", self.rate, path]).strip()


class Multimon:
    name = "multimon-ng"
    rate = RATE
    who = resource.RUSAGE_CHILDREN

    def hear(self, path):
        lines = run(["multimon-ng", "-q", "-a", "DTMF", "-t", "raw", path]).splitlines()
        return "".join(line[5:].strip() for line in lines if line.startswith("DTMF:"))


class Spandsp:
    name = "spandsp"
    rate = SLOW
    who = resource.RUSAGE_SELF

    def __init__(self):
        self.library = ctypes.CDLL("libspandsp.so.2")
        self.library.dtmf_rx_init.restype = ctypes.c_void_p
        self.library.dtmf_rx_init.argtypes = [ctypes.c_void_p] * 3
        self.library.dtmf_rx.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
        self.library.dtmf_rx_get.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
        self.library.dtmf_rx_free.argtypes = [ctypes.c_void_p]

    def hear(self, path):
        state = self.library.dtmf_rx_init(None, None, None)
        found, text = [], ctypes.create_string_buffer(129)
        with open(path, "rb") as file:
            while block := file.read(2 * SLOW):
                self.library.dtmf_rx(state, block, len(block) // 2)
                n = self.library.dtmf_rx_get(state, text, 128)
                found.append(text.raw[:n].decode())
        self.library.dtmf_rx_free(state)
        return "".join(found)


def rivals():
    found = [Multimon()] if shutil.which("multimon-ng") else []
    try:
        found.append(Spandsp())
    except OSError:
        pass
    return found


def in_common(sent, heard):
    """Length of the longest common subsequence (Hyyrö 2004): digits that are right and in order."""
    full = (1 << len(sent)) - 1
    places = {c: sum(1 << i for i, s in enumerate(sent) if s == c) for c in set(sent)}
    row = full
    for c in heard:
        both = row & places.get(c, 0)
        row = ((row + both) | (row - both)) & full
    return len(sent) - row.bit_count()


def resample(path):
    """The same at the lower rate."""
    slow = path.with_suffix(".slow")
    run(["sox", *RAW, "-r", RATE, path, *RAW, "-r", SLOW, slow])
    return slow


def print_digits(bench, detectors, folder):
    """Each row of the scorecard as each detector hears it."""
    print(f"\nDigits heard in the same files at {RATE} Hz ({SLOW} Hz for spandsp); + wrong or twice")
    print(f"  {'':52}   wanted" + "".join(f"{d.name:>16}" for d in detectors))
    for i, line in enumerate(run([bench, "cases"]).splitlines()):
        wanted, name = line.split(" ", 1)
        if name.endswith(" Hz"):
            continue
        path = folder / "digits.raw"
        sent = run([bench, "make", i, RATE, path]).strip()
        paths = {RATE: path, SLOW: resample(path)}
        cells = []
        for detector in detectors:
            heard = detector.hear(paths[detector.rate])
            right = in_common(sent, heard)
            more = len(heard) - right
            cells.append(f"{100 * right / len(sent):.1f} %" + (f" +{more}" if more else "   "))
        print(f"  {name:52} {100 * int(wanted):6} %" + "".join(f"{cell:>16}" for cell in cells))


def recordings(folders):
    for folder in folders:
        for path in sorted(pathlib.Path(folder).rglob("*")):
            if path.suffix.lower() in ENDINGS and path.is_file():
                yield path


def join(folders, target):
    """All of them in one file, half a second apart; how many there were."""
    count = 0
    with open(target, "wb") as out:
        for path in recordings(folders):
            source = [*RAW, "-r", "8000"] if path.suffix == ".raw" else []
            argv = ["sox", *source, path, *RAW, "-r", RATE, "-", "gain", "-1", "pad", "0", "0.5"]
            done = subprocess.run([str(a) for a in argv], capture_output=True, check=False)
            count += done.returncode == 0
            out.write(done.stdout)
    return count


def print_talk_off(bench, detectors, path, count):
    paths = {RATE: path, SLOW: resample(path)}
    seconds = path.stat().st_size / 2 / RATE
    print(f"\nSpeech and music: {count} recordings, {seconds / 3600:.2f} h")
    speeds = {}
    for detector in [*detectors, Partyline(bench, SLOW)]:
        before = seconds_of(detector.who)
        heard = detector.hear(paths[detector.rate])
        speed = seconds / (seconds_of(detector.who) - before)
        first = speeds.setdefault(detector.rate, speed)
        print(
            f"  {detector.name:12} at {detector.rate:5} Hz: {len(heard)} digits heard, "
            f"{speed:7,.0f} x real time, {speed / first:.2f} of the first at this rate"
        )


def main():
    bench = pathlib.Path(sys.argv[1]) / "tests/bench/bench-dtmf"
    folders = [*FOLDERS, *sys.argv[2:]]
    if os.environ.get("PARTYLINE_RECORDINGS"):
        folders.append(os.environ["PARTYLINE_RECORDINGS"])
    print(run([bench, "score"]), end="")
    if not shutil.which("sox"):
        print("no sox: nothing to compare with")
        return
    detectors = [Partyline(bench, RATE), *rivals()]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "all.raw"
        print_digits(bench, detectors, path.parent)
        count = join(folders, path)
        if count:
            print_talk_off(bench, detectors, path, count)
        else:
            print("no recordings are installed")


main()
