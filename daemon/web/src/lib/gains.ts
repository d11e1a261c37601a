// SPDX-License-Identifier: MIT
// Gains and levels as people read them.

export const OFF_DB = -240;
/** Lowest step of the controls; below it is off. */
export const MIN_DB = -60;
export const MAX_DB = 20;

/** A linear gain in dB; 0 is OFF_DB. */
export const toDb = (gain: number): number => (gain > 0 ? Math.max(OFF_DB, 20 * Math.log10(gain)) : OFF_DB);
export const isOff = (db: number): boolean => db <= -120;

/** "−12", "−7.5", "+3", "off" */
export function formatDb(db: number): string {
  if (isOff(db)) return "off";
  const rounded = Math.round(db * 10) / 10;
  const text = Number.isInteger(rounded) ? String(Math.abs(rounded)) : Math.abs(rounded).toFixed(1);
  if (rounded < 0) return "\u2212" + text;
  return rounded > 0 ? "+" + text : "0";
}

/** "−12 dB", "off" */
export const withUnit = (db: number): string => (isOff(db) ? "off" : `${formatDb(db)} dB`);

/** What somebody typed, in dB; NaN for nonsense. */
export function parseDb(text: string): number {
  const clean = text.trim().toLowerCase().replace("\u2212", "-").replace(",", ".").replace(/\s*db$/, "");
  if (clean === "off" || clean === "-inf") return OFF_DB;
  if (!/^[+-]?\d+(\.\d+)?$/.test(clean)) return NaN;
  const db = Number(clean);
  return db > MAX_DB || db < OFF_DB ? NaN : db;
}

/** One step up or down; below the lowest is off, above off is the lowest. */
export function stepDb(db: number, step: number): number {
  if (isOff(db)) return step > 0 ? MIN_DB : OFF_DB;
  const next = Math.round((db + step) * 10) / 10;
  return next < MIN_DB ? OFF_DB : Math.min(MAX_DB, next);
}
