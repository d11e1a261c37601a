# SPDX-License-Identifier: MIT
"""What the matrix computes, in double precision and at rest (no ramps): design.md section 4."""

import numpy as np

LIMITER = 0.9
GAIN_DEFAULT = 10 ** (-12 / 20)


def limit(acc):
    return LIMITER * np.tanh(acc / LIMITER)


def norm(gains, heard, headroom_db):
    """Normalisation of one destination over its unmuted sources."""
    total = float(np.sum(gains[heard]))
    return 1.0 if total <= 0 else min(1.0, 10 ** (-headroom_db / 20) / total)


class Matrix:
    """State of a matrix; tablets and channels count from 0 here."""

    def __init__(self, tablets, channels, headroom_db=12.0):
        self.uplink = np.full((channels, tablets), GAIN_DEFAULT)
        self.downlink = np.full((tablets, channels), GAIN_DEFAULT)
        self.talks = np.ones((channels, tablets))
        self.tablet_mute = np.zeros(tablets, bool)
        self.channel_mute = np.zeros(channels, bool)
        self.headroom_db = headroom_db

    def mix(self, talk, outside):
        """talk [tablet][sample], outside [channel][sample] to (channel outs, tablet listens)."""
        n_channels, n_tablets = self.uplink.shape
        heard = ~self.tablet_mute
        parts = np.zeros((n_channels, n_tablets, talk.shape[1]))
        for c in range(n_channels):
            scale = norm(self.uplink[c], heard, self.headroom_db)
            gains = self.uplink[c] * self.talks[c] * heard * scale
            parts[c] = gains[:, None] * talk
        bus = parts.sum(axis=1)
        outs = np.zeros_like(bus)
        open_channels = ~self.channel_mute
        outs[open_channels] = limit(bus[open_channels])
        listens = np.zeros((n_tablets, talk.shape[1]))
        for t in range(n_tablets):
            if self.tablet_mute[t]:
                continue
            scale = norm(self.downlink[t], open_channels, self.headroom_db)
            for c in np.flatnonzero(open_channels):
                listens[t] += self.downlink[t, c] * scale * (outside[c] + bus[c] - parts[c, t])
        return outs, limit(listens)
