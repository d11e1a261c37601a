// SPDX-License-Identifier: MIT
// Gains and levels as people read them.

export const OFF_DB = -240;
export const MIN_DB = -60; // lowest step of the controls; below it is off
export const MAX_DB = 20;

export const toDb = (gain) => (gain > 0 ? Math.max(OFF_DB, 20 * Math.log10(gain)) : OFF_DB);
export const isOff = (db) => db <= -120;

/** "−12", "−7.5", "off" */
export function formatDb(db) {
  if (isOff(db)) return "off";
  const rounded = Math.round(db * 10) / 10;
  const text = Number.isInteger(rounded) ? String(Math.abs(rounded)) : Math.abs(rounded).toFixed(1);
  return rounded < 0 ? "\u2212" + text : rounded > 0 ? "+" + text : "0";
}

/** What somebody typed, in dB; NaN for nonsense. */
export function parseDb(text) {
  const clean = text.trim().toLowerCase().replace("\u2212", "-").replace(",", ".").replace(/\s*db$/, "");
  if (clean === "" || clean === "off" || clean === "-inf") return clean === "" ? NaN : OFF_DB;
  if (!/^[+-]?\d+(\.\d+)?$/.test(clean)) return NaN;
  const db = Number(clean);
  return db > MAX_DB || db < OFF_DB ? NaN : db;
}

/** One step up or down; below the lowest is off, above off is the lowest. */
export function stepDb(db, step) {
  if (isOff(db)) return step > 0 ? MIN_DB : OFF_DB;
  const next = Math.round((db + step) * 10) / 10;
  return next < MIN_DB ? OFF_DB : Math.min(MAX_DB, next);
}
