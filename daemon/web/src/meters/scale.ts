// SPDX-License-Identifier: MIT
// How far a meter goes, and how fast.

// IEC 60268-18: the scale of digital peak meters, dBFS and share of its length
const POINTS: readonly (readonly [db: number, share: number])[] = [
  [-70, 0], [-60, 0.025], [-50, 0.075], [-40, 0.15], [-30, 0.3], [-20, 0.5], [0, 1],
];
export const BOTTOM_DB = -70;
/** where a tick and a number belong */
export const TICKS_DB: readonly number[] = [0, -6, -12, -18, -24, -30, -40, -50];

/** 0 at the bottom, 1 at full scale */
export function share(db: number): number {
  if (!(db > BOTTOM_DB)) return 0;
  for (let i = 1; i < POINTS.length; i++) {
    const [low, from] = POINTS[i - 1] ?? [0, 0], [high, to] = POINTS[i] ?? [0, 1];
    if (db < high) return from + ((db - low) / (high - low)) * (to - from);
  }
  return 1;
}

const FALL_DB_PER_S = 20 / 1.7; // IEC 60268-18: 20 dB in 1.7 s; it rises at once

/** A bar that rises at once and falls as the standard says, at whatever rate it is drawn. */
export function fallen(shown: number, target: number, seconds: number): number {
  return Math.max(target, shown - FALL_DB_PER_S * seconds, BOTTOM_DB);
}
