#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""bench-dtmf.py BUILD [FOLDER…]: the Q.24 scorecard; digits that recordings of speech and music are
taken for, and the speed on them, beside multimon-ng on the same file. PARTYLINE_RECORDINGS may name
one more folder."""

import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile

RATE = 22050  # what multimon-ng works at
FOLDERS = ["/usr/share/asterisk/sounds", "/usr/share/asterisk/moh", "/usr/share/codec2"]
ENDINGS = (".wav", ".raw", ".ogg", ".flac", ".opus", ".mp3", ".aiff", ".au")


def recordings(folders):
    for folder in folders:
        for path in sorted(pathlib.Path(folder).rglob("*")):
            if path.suffix.lower() in ENDINGS and path.is_file():
                yield path


def join(folders, target):
    """All of them as one file of raw 16-bit samples, half a second apart; how many there were."""
    count = 0
    with open(target, "wb") as out:
        for path in recordings(folders):
            source = ["-t", "raw", "-e", "signed", "-b", "16", "-r", "8000", "-c", "1"]
            argv = ["sox", *(source if path.suffix == ".raw" else []), path]
            argv += ["-t", "raw", "-e", "signed", "-b", "16", "-r", RATE, "-c", "1", "-"]
            argv += ["gain", "-1", "pad", "0", "0.5"]
            done = subprocess.run([str(word) for word in argv], capture_output=True, check=False)
            count += done.returncode == 0
            out.write(done.stdout)
    return count


def run(argv):
    """(output, CPU seconds of the whole program)"""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out = subprocess.run([str(a) for a in argv], capture_output=True, text=True, check=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return out, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    bench = pathlib.Path(sys.argv[1]) / "tests/bench/bench-dtmf"
    folders = [*FOLDERS, *sys.argv[2:]]
    if os.environ.get("PARTYLINE_RECORDINGS"):
        folders.append(os.environ["PARTYLINE_RECORDINGS"])
    print(run([bench, "score"])[0])
    if not shutil.which("sox"):
        print("no sox: no recordings")
        return
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "all.raw"
        count = join(folders, path)
        seconds = path.stat().st_size / 2 / RATE
        if not count:
            print("no recordings are installed")
            return
        print(f"speech and music: {count} recordings, {seconds / 3600:.2f} h at {RATE} Hz")
        out, ours = run([bench, "listen", RATE, path])
        print(f"  Partyline    {int(out)} digits, {seconds / ours:,.0f} x real time")
        raw = ["-t", "raw", "-e", "signed", "-b", "16", "-c", "1"]
        slow = path.with_suffix(".8k")
        run(["sox", *raw, "-r", RATE, path, *raw, "-r", 8000, slow])
        out, at_8k = run([bench, "listen", 8000, slow])
        print(f"  at 8000 Hz   {int(out)} digits, {seconds / at_8k:,.0f} x real time")
        if shutil.which("multimon-ng"):
            out, other = run(["multimon-ng", "-q", "-a", "DTMF", "-t", "raw", path])
            print(f"  multimon-ng  {out.count('DTMF:')} digits, {seconds / other:,.0f} x real time")
            print(f"  Partyline is {other / ours:.1f} times as fast")


main()
