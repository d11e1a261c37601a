// SPDX-License-Identifier: MIT
// Who talks where: a gate is open and something is said. A pure judge of frames.

import { gateIsOpen, type Levels } from "./levels";

const TALKS_ABOVE_DB = -50;
const PAUSE_MS = 400; // between words

/** Tablets that talk, for each channel, by id - 1. */
export type Talkers = readonly (readonly number[])[];

const same = (a: readonly number[], b: readonly number[]) => a.length === b.length && a.every((id, i) => id === b[i]);

export class TalkWatch {
  private until: Float64Array = new Float64Array(0);
  talkers: Talkers = [];

  /** @returns whether anything has changed */
  take(levels: Levels, nowMs: number): boolean {
    if (this.until.length !== levels.nTablets) this.until = new Float64Array(levels.nTablets);
    for (let t = 0; t < levels.nTablets; t++)
      if ((levels.talk[t] ?? -240) > TALKS_ABOVE_DB) this.until[t] = nowMs + PAUSE_MS;
    let changed = this.talkers.length !== levels.nChannels;
    const next = Array.from({ length: levels.nChannels }, (_, c) => {
      const before = this.talkers[c] ?? [];
      const now: number[] = [];
      for (let t = 1; t <= levels.nTablets; t++)
        if ((this.until[t - 1] ?? 0) > nowMs && gateIsOpen(levels, t, c + 1)) now.push(t);
      if (same(before, now)) return before;
      changed = true;
      return now;
    });
    if (changed) this.talkers = next;
    return changed;
  }

  /** @returns whether anybody talked */
  clear(): boolean {
    const anybody = this.talkers.some((list) => list.length > 0);
    this.talkers = [];
    return anybody;
  }
}
