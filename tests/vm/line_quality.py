# SPDX-License-Identifier: MIT
"""How far what came over a bad line is from what came over a good one."""

import numpy as np

import audio

RATE = 48000
SEGMENT = 1440  # 30 ms
MARGIN = 24000  # the whole is found so far away
AROUND = 240  # and each from the one before it: the jitter buffer's place has moved
FINE = 8  # steps of a sample
LOUD_DB = -30.0  # against the loudest segment; what is softer tells nothing
FLOOR_DB, CEILING_DB = -10.0, 35.0  # of a segment, as usual for segmental SNR


def shifted(x, at, size):
    """SIZE samples of x from a place that may lie between two of them."""
    whole = int(np.floor(at))
    margin = 64
    part = x[whole - margin : whole + size + margin + 1]
    spectrum = np.fft.rfft(part)
    turn = np.exp(2j * np.pi * np.fft.rfftfreq(len(part)) * (at - whole))
    return np.fft.irfft(spectrum * turn, len(part))[margin : margin + size]


def place(piece, field):
    """Where in FIELD the piece fits best, samples; its middle is preferred to a period beside it."""
    reach = (len(field) - len(piece)) // 2
    size = 1 << (len(field) + len(piece)).bit_length()
    cross = np.fft.irfft(np.fft.rfft(field, size) * np.conj(np.fft.rfft(piece, size)), size * FINE) * FINE
    power = np.cumsum(np.concatenate(([0.0], np.square(field))))
    power = np.maximum(power[len(piece) :] - power[: -len(piece)], 0.3 * np.sum(np.square(piece)))
    steps = np.arange(2 * reach * FINE + 1)
    alike = cross[steps] / np.sqrt(power[(steps + FINE // 2) // FINE] * np.sum(np.square(piece)))
    return np.argmax(alike - 0.2 * np.abs(steps / FINE / reach - 1.0)) / FINE


def segments(good, bad):
    """SNR in dB of each loud segment of BAD, which holds the same sound as GOOD. The place of each is
    found anew, as the jitter buffer plays faster or slower now and then."""
    starts = range(2 * SEGMENT, len(good) - 3 * SEGMENT, SEGMENT)
    loudest = max(audio.rms(good[i : i + SEGMENT]) for i in starts)
    padded = np.pad(bad, MARGIN)
    lag = audio.align(good, padded)[0]
    found = []
    for i in starts:
        if audio.db(audio.rms(good[i : i + SEGMENT]) / loudest) < LOUD_DB:
            continue
        # By a longer piece: a short one may find the period before.
        piece = good[i - SEGMENT : i + 2 * SEGMENT]
        first = i - SEGMENT + lag - AROUND
        at = first + place(piece, padded[first : first + len(piece) + 2 * AROUND]) + SEGMENT
        lag = int(round(at)) - i
        this, other = good[i : i + SEGMENT], shifted(padded, at, SEGMENT)
        snr = audio.db(audio.rms(this) / max(audio.rms(other - this), 1e-9))
        found.append(float(np.clip(snr, FLOOR_DB, CEILING_DB)))
    return found


def treble(x, above_hz=9000):
    """Loudest sample of what lies above: a click has it, speech of 8 kHz has not."""
    spectrum = np.fft.rfft(x)
    spectrum[: int(len(x) * above_hz / RATE)] = 0
    return float(np.max(np.abs(np.fft.irfft(spectrum, len(x)))))


def biggest_step(x):
    """Between two samples, against the loudest one."""
    return float(np.max(np.abs(np.diff(x))) / np.max(np.abs(x)))
