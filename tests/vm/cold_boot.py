# SPDX-License-Identifier: MIT
"""The two boots of test_cold_boot.py, in the guest: python3 cold_boot.py set-up|boot"""

import json
import shutil
import subprocess
import sys
import time

import appliance

RATE = 48000
GAIN_DB = -6
GUARD_SECONDS = 300.0
SECONDS = 2.0  # of sound after the first sample
PERIOD = 240
SHARE = "/share"
PLAYED = "/var/lib/partyline-test.raw"


def set_up():
    """Once in an appliance's life: card "Desk" goes into channel 1, tablet 1 to card "Out"."""
    appliance.start()
    for words in (
        ["uniform", "off"],
        ["headroom", "0"],
        ["crosspoint", "set", "downlink", "1", "1", GAIN_DB],
        ["bind", "channel", "1", "capture", "card:Desk", "--port", "1"],
        ["bind", "tablet", "1", "playback", "card:Out"],
    ):
        appliance.ctl(*words)
    appliance.check("systemctl", "stop", appliance.TARGET)
    shutil.copy("/var/lib/partyline/state.json", f"{SHARE}/state.json")
    import numpy as np

    import cards

    np.asarray(cards.noise(20, seed=7) * cards.FULL_SCALE, "<i4").tofile(f"{SHARE}/play.raw")


def since_boot():
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def record(n_frames_after):
    """What comes out of the far end of "Out" from its first sound on, and when that came."""
    words = ["arecord", "-q", "-D", "hw:Out,1", "-t", "raw", "-f", "S32_LE", "-c", "2", "-r",
             str(RATE), "--period-size", str(PERIOD), "--buffer-size", str(RATE)]
    blocks, first_s = [], None
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        while sum(map(len, blocks)) < n_frames_after * 8:
            block = process.stdout.read(PERIOD * 8)
            assert block, "arecord has ended"
            assert first_s is not None or since_boot() < GUARD_SECONDS, appliance.journal()
            if first_s is None and any(block):
                first_s = since_boot()
            if first_s is not None:
                blocks.append(block)
        process.terminate()
    return b"".join(blocks), first_s


def moment(unit, name):
    return int(appliance.show(unit, name)[name]) / 1e6


def likeness(pieces, expected):
    """How well the best of them is somewhere in what is expected: 1 exactly, 0 not at all."""
    import numpy as np

    length = 1 << (len(expected) + pieces.shape[1]).bit_length()
    spectrum = np.fft.rfft(expected, length)
    best = 0.0
    for piece in pieces:
        found = np.fft.irfft(spectrum * np.conj(np.fft.rfft(piece, length)), length)
        at = int(np.argmax(found[: len(expected) - len(piece)]))
        part = expected[at : at + len(piece)]
        best = max(best, float(np.dot(piece, part) / np.sqrt(np.dot(piece, piece) * np.dot(part, part) + 1e-30)))
    return best


def boot():
    """Nobody does anything: only the far ends of the two cards are watched."""
    words = ["aplay", "-q", "-D", "hw:Desk,1", "-t", "raw", "-f", "S32_LE", "-c", "2", "-r", str(RATE),
             "--buffer-size", str(RATE), PLAYED]
    with subprocess.Popen(words) as player:
        moments = {"test listens": since_boot()}
        recorded, moments["first mixed sample"] = record(int(SECONDS * RATE))
        player.terminate()

    import numpy as np

    import cards

    recorded = np.frombuffer(recorded, "<i4")
    recorded = recorded.reshape(-1, 2) / cards.FULL_SCALE
    played = np.fromfile(PLAYED, "<i4").reshape(-1, 2) / cards.FULL_SCALE
    expected = cards.mixed(played[:, 0], 10 ** (GAIN_DB / 20))
    # The sound was under way before: where in it are we? The two links may have come one by one.
    piece = recorded[RATE // 2 :, 0]
    at = cards.find(piece, expected)
    part = expected[at : at + len(piece)]
    moments["systemd"] = moment(None, "UserspaceTimestampMonotonic")
    for unit in ["basic.target", *appliance.SERVICES]:
        moments[unit] = moment(unit, "ActiveEnterTimestampMonotonic")
    with open(f"{SHARE}/result.json", "w", encoding="utf-8") as file:
        json.dump({
            "moments_s": moments,
            "wrong": int(np.sum(np.abs(piece[: len(part)] - part) > cards.EXACT)) + len(piece) - len(part),
            "sides_differ": int(np.sum(recorded[:, 0] != recorded[:, 1])),
            "likeness": likeness(piece[: len(piece) // 1024 * 1024].reshape(-1, 1024)[::8], expected),
            "users": appliance.check("loginctl", "list-users", "--no-legend").split(),
        }, file)


if __name__ == "__main__":
    {"set-up": set_up, "boot": boot}[sys.argv[1]]()
