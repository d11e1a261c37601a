// SPDX-License-Identifier: MIT
// Numbers and times as people read them.

const NONE = "\u2013";
const MINUS = "\u2212";

/** "12", "0.5", "1,234"; a dash for what is not known */
export function formatNumber(value: number | null | undefined, decimals = 0): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  const text = Math.abs(value).toLocaleString("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  return value < 0 && /[1-9]/.test(text) ? MINUS + text : text;
}

/** As short as it is exact: "600", "1,232.4" */
export const formatShort = (value: number | undefined): string => formatNumber(value, Number.isInteger(value) ? 0 : 1);

/** "1.2 kB", "35 MB" */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes, unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${formatNumber(value, unit > 0 && value < 10 ? 1 : 0)} ${units[unit] ?? ""}`;
}

/** "8.5 s", "2:05", "1:00:00" */
export function formatLength(seconds: number): string {
  if (seconds < 60) return `${formatNumber(seconds, 1)} s`;
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const shown = parts[0] ? parts : parts.slice(1);
  return shown.map((part, i) => (i === 0 ? String(part) : String(part).padStart(2, "0"))).join(":");
}

/** "4 min", "3 h", "12 days": how long something has been there */
export function formatAge(seconds: number): string {
  const steps: [number, string][] = [[86400, "days"], [3600, "h"], [60, "min"]];
  for (const [length, unit] of steps)
    if (seconds >= 2 * length || (unit === "min" && seconds >= length)) return `${formatNumber(Math.floor(seconds / length))} ${unit}`;
  return `${formatNumber(Math.max(0, Math.floor(seconds)))} s`;
}

/** Time of day; with the day when that is not today. @param ts  seconds since 1970 */
export function formatTime(ts: number, now = new Date()): string {
  const date = new Date(ts * 1000);
  const time = date.toLocaleTimeString("en-GB");
  return date.toDateString() === now.toDateString() ? time : `${date.toLocaleDateString("en-CA")} ${time}`;
}

/** What people call it, else what it is. */
export const nameOr = (name: string | undefined, otherwise: string): string => (name === undefined || name === "" ? otherwise : name);
