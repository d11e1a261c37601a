// SPDX-License-Identifier: MIT
// How good a connection is, from 0 (none) to 4: pure.

export interface Measured {
  /** lost and not made good, of the last seconds */
  readonly lossPercent: number;
  readonly jitterMs: number;
  readonly roundTripMs: number | null;
}

export type Quality = 0 | 1 | 2 | 3 | 4;

/** As ITU-T G.114 and common practice for speech have it: 150 ms one way is good, 1 % loss is heard. */
export function qualityOf({ lossPercent, jitterMs, roundTripMs }: Measured): Quality {
  const trip = roundTripMs ?? 0;
  if (lossPercent > 10 || trip > 800) return 1;
  if (lossPercent > 3 || jitterMs > 60 || trip > 300) return 2;
  if (lossPercent > 0.5 || jitterMs > 25 || trip > 120) return 3;
  return 4;
}

export const QUALITY_WORDS: Readonly<Record<Quality, string>> = {
  0: "not connected", 1: "bad", 2: "poor", 3: "good", 4: "very good",
};

/** Counters of RTCStats, as they are. */
export interface Counters {
  readonly received: number;
  readonly lost: number;
}

/** Of what should have come since; NaN-free. */
export function lossBetween(before: Counters, now: Counters): number {
  const lost = Math.max(0, now.lost - before.lost), received = Math.max(0, now.received - before.received);
  return lost + received > 0 ? (100 * lost) / (lost + received) : 0;
}
