// SPDX-License-Identifier: MIT
// The daemon's log as it comes: a bounded list, oldest first.

export const LEVELS = ["debug", "info", "warning", "error"] as const;
export type Level = (typeof LEVELS)[number];

export interface LogRecord {
  /** seconds since 1970 */
  readonly ts: number;
  readonly level: Level;
  readonly event_type: string;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly error?: string;
}

export type LogMessage = LogRecord | { readonly missed: number };

export interface Entry {
  readonly key: number;
  readonly message: LogMessage;
}

const KEPT = 500;

/** After a reconnection the past comes once more: what is known already is left out. */
export function withMessages(list: readonly Entry[], messages: readonly LogMessage[]): readonly Entry[] {
  const last = list.reduce((newest, { message }) => ("ts" in message ? Math.max(newest, message.ts) : newest), 0);
  const fresh = messages.filter((message) => !("ts" in message) || message.ts > last);
  if (fresh.length === 0) return list;
  const first = (list.at(-1)?.key ?? 0) + 1;
  return [...list, ...fresh.map((message, i) => ({ key: first + i, message }))].slice(-KEPT);
}

export const isAtLeast = (message: LogMessage, level: Level): boolean =>
  !("level" in message) || LEVELS.indexOf(message.level) >= LEVELS.indexOf(level);

/** What it is about, in short: names and values without what the message says already. */
export function dataText({ data, message }: LogRecord): string {
  return Object.entries(data)
    .map(([name, value]) => [name, typeof value === "object" ? "" : JSON.stringify(value).replace(/^"|"$/g, "")])
    .filter(([, value]) => value && !message.includes(value))
    .map(([name, value]) => `${name ?? ""}=${value ?? ""}`)
    .join(" ");
}
