// SPDX-License-Identifier: MIT
// Which crosspoints are chosen, and what becomes of their gains: pure.

import { MAX_DB, MIN_DB, OFF_DB, isOff, stepDb } from "../../lib/gains";
import type { Gains, Setting, Side } from "../../state/server";

export interface Point {
  readonly channel: number;
  readonly tablet: number;
}

/** A rectangle of crosspoints between two corners; the keyboard is at `focus`. */
export interface Selection {
  readonly side: Side;
  readonly anchor: Point;
  readonly focus: Point;
}

export interface Extent {
  readonly channels: number;
  readonly tablets: number;
}

/** What a crosspoint gets that was never on. */
export const FALLBACK_DB = -12;

const clamp = (value: number, max: number) => Math.min(max, Math.max(1, value));

export const one = (side: Side, point: Point): Selection => ({ side, anchor: point, focus: point });
export const all = (side: Side, { channels, tablets }: Extent): Selection => ({
  side, anchor: { channel: channels, tablet: tablets }, focus: { channel: 1, tablet: 1 },
});
export const row = (side: Side, tablet: number, { channels }: Extent): Selection => ({
  side, anchor: { channel: channels, tablet }, focus: { channel: 1, tablet },
});
export const column = (side: Side, channel: number, { tablets }: Extent): Selection => ({
  side, anchor: { channel, tablet: tablets }, focus: { channel, tablet: 1 },
});

/** @param extend  the other corner stays where it is */
export function moved(selection: Selection, dChannel: number, dTablet: number, extent: Extent, extend: boolean): Selection {
  const focus = {
    channel: clamp(selection.focus.channel + dChannel, extent.channels),
    tablet: clamp(selection.focus.tablet + dTablet, extent.tablets),
  };
  return { ...selection, focus, anchor: extend ? selection.anchor : focus };
}

/** Sizes may have become smaller. */
export function within(selection: Selection, extent: Extent): Selection {
  const fit = ({ channel, tablet }: Point) => ({ channel: clamp(channel, extent.channels), tablet: clamp(tablet, extent.tablets) });
  const focus = fit(selection.focus), anchor = fit(selection.anchor);
  const same = (a: Point, b: Point) => a.channel === b.channel && a.tablet === b.tablet;
  return same(focus, selection.focus) && same(anchor, selection.anchor) ? selection : { ...selection, focus, anchor };
}

export interface Range {
  readonly channels: readonly [number, number];
  readonly tablets: readonly [number, number];
}

export function rangeOf({ anchor, focus }: Selection): Range {
  return {
    channels: [Math.min(anchor.channel, focus.channel), Math.max(anchor.channel, focus.channel)],
    tablets: [Math.min(anchor.tablet, focus.tablet), Math.max(anchor.tablet, focus.tablet)],
  };
}

export function contains(selection: Selection, { channel, tablet }: Point): boolean {
  const { channels, tablets } = rangeOf(selection);
  return channel >= channels[0] && channel <= channels[1] && tablet >= tablets[0] && tablet <= tablets[1];
}

export function points(selection: Selection): Point[] {
  const { channels, tablets } = rangeOf(selection), found: Point[] = [];
  for (let tablet = tablets[0]; tablet <= tablets[1]; tablet++)
    for (let channel = channels[0]; channel <= channels[1]; channel++) found.push({ channel, tablet });
  return found;
}

export const dbAt = (gains: Gains, { channel, tablet }: Point): number => gains[channel - 1]?.[tablet - 1] ?? OFF_DB;

/** Every chosen crosspoint to the same gain. */
export const setAll = (selection: Selection, db: number): Setting[] =>
  points(selection).map((point) => ({ ...point, side: selection.side, db }));

/** Every chosen crosspoint by as much; those that are off stay off, unless all are. */
export function stepAll(selection: Selection, gains: Gains, step: number): Setting[] {
  const chosen = points(selection);
  const someOn = chosen.some((point) => !isOff(dbAt(gains, point)));
  return chosen
    .filter((point) => !someOn || !isOff(dbAt(gains, point)))
    .map((point) => ({ ...point, side: selection.side, db: stepDb(dbAt(gains, point), step) }));
}

/** As a fader would from where it began; what is pulled below the lowest is off. */
export function dragAll(selection: Selection, began: Gains, byDb: number): Setting[] {
  const chosen = points(selection);
  const someOn = chosen.some((point) => !isOff(dbAt(began, point)));
  return chosen
    .filter((point) => !someOn || !isOff(dbAt(began, point)))
    .map((point) => {
      const from = dbAt(began, point);
      const db = Math.min(MAX_DB, (isOff(from) ? MIN_DB - 1 : from) + byDb);
      return { ...point, side: selection.side, db: db < MIN_DB ? OFF_DB : Math.round(db * 10) / 10 };
    });
}

/** Gains to come back to when a crosspoint is switched on again. */
export type Remembered = Map<string, number>;
const keyOf = (side: Side, { channel, tablet }: Point) => `${side}/${channel}/${tablet}`;

/** On when all are off, else off. */
export function toggleAll(selection: Selection, gains: Gains, remembered: Remembered): Setting[] {
  const { side } = selection, chosen = points(selection);
  const someOn = chosen.some((point) => !isOff(dbAt(gains, point)));
  return chosen.map((point) => {
    const now = dbAt(gains, point), key = keyOf(side, point);
    if (someOn) {
      if (!isOff(now)) remembered.set(key, now);
      return { ...point, side, db: OFF_DB };
    }
    return { ...point, side, db: remembered.get(key) ?? FALLBACK_DB };
  });
}
