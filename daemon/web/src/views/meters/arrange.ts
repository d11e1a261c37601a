// SPDX-License-Identifier: MIT
// Where every meter of a bridge is: as wide as fits, in as many rows as needed. Pure.

/** CSS pixels */
export const SCALE_WIDTH = 34;
export const LABEL_HEIGHT = 50;
export const CLIP_HEIGHT = 12;
export const GAP = 4;
const ROW_GAP = 14;
const MIN_STEP = 26; // a bar with its gap
const MAX_STEP = 76;
const MIN_HEIGHT = 150;

export interface Place {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  /** of the bar alone */
  readonly height: number;
}

export interface Arrangement {
  readonly places: readonly Place[];
  /** tops of the rows' bars, for the scales */
  readonly rows: readonly number[];
  readonly barHeight: number;
  /** of all of it: more than the window when rows would become too low */
  readonly height: number;
}

/** @param width, height  of the window */
export function arrange(n: number, width: number, height: number): Arrangement {
  const room = Math.max(MIN_STEP, width - SCALE_WIDTH);
  const perRow = Math.max(1, Math.min(n, Math.floor(room / MIN_STEP)));
  const nRows = Math.max(1, Math.ceil(n / perRow));
  const columns = Math.ceil(n / nRows);
  const step = Math.min(MAX_STEP, room / Math.max(1, columns));
  const rowHeight = Math.max(MIN_HEIGHT, (height - (nRows - 1) * ROW_GAP) / nRows);
  const barHeight = Math.floor(rowHeight - LABEL_HEIGHT - CLIP_HEIGHT);
  const rows = Array.from({ length: nRows }, (_, row) => Math.floor(row * (rowHeight + ROW_GAP)) + CLIP_HEIGHT);
  const places = Array.from({ length: n }, (_, i) => ({
    x: Math.round(SCALE_WIDTH + (i % columns) * step), y: rows[Math.floor(i / columns)] ?? 0,
    width: Math.floor(step) - GAP, height: barHeight,
  }));
  return { places, rows, barHeight, height: Math.floor(nRows * rowHeight + (nRows - 1) * ROW_GAP) };
}
