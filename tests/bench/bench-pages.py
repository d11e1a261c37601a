#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""bench-pages.py BUILD: the scorecard of tone pages; what recordings of speech and music are taken
for; the detector's speed beside multimon-ng's on the same file, and a pitch tracker's decoding of the
same pages. PARTYLINE_RECORDINGS may name one more folder."""

import pathlib
import resource
import shutil
import subprocess
import sys
import tempfile

FOLDERS = ["/usr/share/asterisk/sounds", "/usr/share/asterisk/moh"]
RAW = ["-t", "raw", "-e", "signed", "-b", "16", "-c", "1"]
MULTIMON_RATE = 22050  # what multimon-ng works at
TOLERANCE = 0.012


def run(argv):
    """(output, CPU seconds of the whole program)"""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out = subprocess.run([str(a) for a in argv], capture_output=True, text=True, check=False).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return out, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def speed(bench, folder):
    recordings = [
        path for top in FOLDERS for path in sorted(pathlib.Path(top).rglob("*.wav")) if path.is_file()
    ]
    if not recordings:
        print("no recordings are installed")
        return
    files = {rate: folder / f"{rate}.raw" for rate in (48000, MULTIMON_RATE, 8000)}
    for rate, path in files.items():
        run(["sox", *recordings, *RAW, "-r", rate, path])
    seconds = files[8000].stat().st_size / 2 / 8000
    print(f"speed on {len(recordings)} recordings, {seconds / 3600:.2f} h, with 64 pages and the finder")
    ours = {}
    for rate, path in files.items():
        hits, ours[rate] = run([bench, "listen", rate, path])
        print(f"  Partyline, {rate} Hz: {int(hits)} hits, {seconds / ours[rate]:,.0f} x real time")
    if not shutil.which("multimon-ng"):
        return
    for mode in ("DTMF", "ZVEI1", "EEA"):
        out, other = run(["multimon-ng", "-q", "-a", mode, "-t", "raw", files[MULTIMON_RATE]])
        print(
            f"  multimon-ng {mode}, {MULTIMON_RATE} Hz: {out.count(mode + ':')} hits, "
            f"{seconds / other:,.0f} x real time; Partyline is "
            f"{other / ours[MULTIMON_RATE]:.1f} times as fast"
        )


def median(values):
    return sorted(values)[len(values) // 2] if values else 0.0


def track_pitch(path):
    """A page as a pitch tracker hears it: medians within tone A and tone B, Hz."""
    wav = path.with_suffix(".wav")
    run(["sox", *RAW, "-r", 8000, path, wav])
    out, _ = run(["aubiopitch", "-i", wav, "-r", 8000, "-B", 1024, "-H", 256])
    points = [tuple(map(float, line.split()[:2])) for line in out.splitlines()]
    parts = [[hz for at, hz in points if begin < at < end and hz > 0] for begin, end in ((0.3, 1.1), (1.4, 4.1))]
    return [median(part) for part in parts]


def pitch(bench, folder):
    if not shutil.which("aubiopitch"):
        return
    for snr in (30, 0):
        pages = folder / f"pages{snr}"
        pages.mkdir()
        run([bench, "make", pages, snr])
        n, right = 0, 0
        for path in sorted(pages.glob("*.raw")):
            wanted = [float(hz) for hz in path.stem.split("-")]
            heard = track_pitch(path)
            n += 1
            right += all(abs(h - w) <= TOLERANCE * w for h, w in zip(heard, wanted))
        print(f"  pitch tracker (aubio), {n} pages of 1 s + 3 s at {snr} dB SNR: {100 * right / n:.0f} %")


def main():
    build = pathlib.Path(sys.argv[1])
    bench = build / "tests/bench/bench-pages"
    print(run([bench, "score"])[0], flush=True)
    print("heard in speech and music, all pairs defined as 0.5 s + 1 s:")
    script = pathlib.Path(__file__).parent / "../spa-plugins/talk-off.sh"
    print(run([script, build / "tests/spa-plugins/talk-off"])[0])
    if not shutil.which("sox"):
        print("no sox: no speed")
        return
    with tempfile.TemporaryDirectory() as folder:
        pitch(bench, pathlib.Path(folder))
        speed(bench, pathlib.Path(folder))


main()
