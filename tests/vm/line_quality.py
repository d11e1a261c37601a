# SPDX-License-Identifier: MIT
"""How far what came over a bad line is from what came over a good one."""

import numpy as np

import audio

RATE = 48000
SEGMENT = 1440  # 30 ms
MARGIN = 24000  # the whole is found so far away
AROUND = 240  # and each from the one before it: the jitter buffer's place has moved
FINE = 8  # steps of a sample
SPEEDS = 1.0 + np.arange(-2, 3) * 0.01  # the jitter buffer plays up to 2 % faster or slower
FINE_SPEEDS = np.arange(-4, 5) * 0.00125
FINE_PLACES = np.arange(-FINE, FINE + 1) / FINE
LOUD_DB = -30.0  # against the loudest segment; what is softer tells nothing
FLOOR_DB, CEILING_DB = -10.0, 35.0  # of a segment, as usual for segmental SNR


def finer(x):
    """FINE times as many samples of the same, so that what lies between two can be had by a line."""
    return np.fft.irfft(np.fft.rfft(x), len(x) * FINE) * FINE


def played(fine, middle, speed, size):
    """SIZE samples of what is FINE times as fine, their middle there, at a speed."""
    at = (middle + speed * (np.arange(size) - size / 2)) * FINE
    whole = at.astype(int)
    return fine[whole] + (at - whole) * (fine[whole + 1] - fine[whole])


def place(piece, field):
    """How well the piece fits into FIELD, at its best, and where, samples; its middle is preferred to a
    period beside it."""
    reach = (len(field) - len(piece)) // 2
    size = 1 << (len(field) + len(piece)).bit_length()
    cross = np.fft.irfft(np.fft.rfft(field, size) * np.conj(np.fft.rfft(piece, size)), size)
    power = np.cumsum(np.concatenate(([0.0], np.square(field))))
    power = np.maximum(power[len(piece) :] - power[: -len(piece)], 0.3 * np.sum(np.square(piece)))
    steps = np.arange(2 * reach + 1)
    alike = cross[steps] / np.sqrt(power[steps] * np.sum(np.square(piece)))
    alike -= 0.2 * np.abs(steps / reach - 1.0)
    return np.max(alike), int(np.argmax(alike))


def nearest(this, fine, middle, speed):
    """What is most like THIS of what is FINE times as fine, by a place and a speed about those."""

    def worse(at, by):
        return audio.rms(played(fine, at, by, len(this)) - this)

    for _ in range(2):
        speed = min(speed + FINE_SPEEDS, key=lambda by: worse(middle, by))
        middle = min(middle + FINE_PLACES, key=lambda at: worse(at, speed))
    return played(fine, middle, speed, len(this))


def segments(good, bad):
    """SNR in dB of each loud segment of BAD, which holds the same sound as GOOD. The place and the speed
    of each are found anew, as the jitter buffer plays faster or slower now and then."""
    starts = range(2 * SEGMENT, len(good) - 3 * SEGMENT, SEGMENT)
    loudest = max(audio.rms(good[i : i + SEGMENT]) for i in starts)
    fine_good, padded = finer(good), np.pad(bad, MARGIN)
    lag = audio.align(good, padded)[0]
    found = []
    for i in starts:
        this = good[i : i + SEGMENT]
        if audio.db(audio.rms(this) / loudest) < LOUD_DB:
            continue
        first = i - SEGMENT + lag - AROUND
        field = padded[first : first + 3 * SEGMENT + 2 * AROUND]
        # By a longer piece: a short one may find the period before.
        (_, at), speed = max(
            (place(played(fine_good, i + SEGMENT / 2, 1 / speed, 3 * SEGMENT), field), speed) for speed in SPEEDS
        )
        other = nearest(this, finer(field), at + 1.5 * SEGMENT, speed)
        lag += at - AROUND
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
