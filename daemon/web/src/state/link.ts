// SPDX-License-Identifier: MIT
// The line to the server: its events into the store, and what we change.

import { Refused, Unheard, ask, checkAccess } from "../lib/http";
import { openStream } from "../lib/socket";
import { store, toast } from "./app";
import type { ServerMessage, Session } from "./types";

const QUIET_MS = 2000; // nothing heard for this long: ask whether the server is there
const PATIENCE_MS = 2500;
const RENEW_SESSION_MS = 3600_000; // a session lasts twelve hours

let lastHeard = 0;

/** Somebody on any stream of the server's has said something. */
export function heard(): void {
  lastHeard = performance.now();
}

async function askSession(): Promise<void> {
  const answer = await fetch("/api/session", { signal: AbortSignal.timeout(PATIENCE_MS) });
  checkAccess(answer.status);
  if (answer.ok) store.dispatch({ type: "session", session: (await answer.json()) as Session });
}

/** Opens the line for as long as the page is there. */
export function startLink(): void {
  const events = openStream("/ws/events", {
    onMessage(data) {
      heard();
      store.dispatch({ type: "message", message: data as ServerMessage });
    },
    onOpen: () => void askSession().catch(() => undefined),
    onLost: () => store.dispatch({ type: "link", up: false }),
  });
  // A cable that is pulled closes nothing: a silent line is asked whether it is one.
  let asking = false;
  setInterval(() => {
    if (asking || performance.now() - lastHeard < QUIET_MS || store.get().link !== "up") return;
    asking = true;
    askSession().then(heard, () => events.drop()).finally(() => (asking = false));
  }, QUIET_MS / 2);
  setInterval(() => void askSession().catch(() => undefined), RENEW_SESSION_MS);
  window.addEventListener("offline", () => events.drop());
}

/** null: refused; undefined: nobody answers. Either has been said, unless it is to be quiet. */
export async function change<Answer = unknown>(
  method: string,
  path: string,
  body?: unknown,
  { quiet = false, ...options }: RequestInit & { quiet?: boolean } = {},
): Promise<Answer | null | undefined> {
  try {
    return await ask<Answer>(method, path, body, options);
  } catch (error) {
    if (!(error instanceof Refused || error instanceof Unheard)) throw error;
    if (!quiet) toast(error.message);
    return error instanceof Unheard ? undefined : null;
  }
}

export const put = (path: string, body: unknown) => change("PUT", path, body);
export const post = (path: string, body?: unknown) => change("POST", path, body);

/**
 * Sends only the newest of many values for the same thing, one at a time: a slider that
 * is pulled does not queue up what nobody wants any more.
 */
const sending = new Map<string, { next: unknown }>();

async function sendLatest(method: string, path: string, body: unknown, what = path): Promise<void> {
  const running = sending.get(what);
  if (running) {
    running.next = body;
    return;
  }
  const entry = { next: body };
  sending.set(what, entry);
  try {
    while (entry.next !== undefined) {
      const value = entry.next;
      entry.next = undefined;
      await change(method, path, value);
    }
  } finally {
    sending.delete(what);
  }
}

export const putLatest = (path: string, body: unknown) => sendLatest("PUT", path, body);
/** @param what  what it is about, where one path is for several things */
export const postLatest = (path: string, body: unknown, what: string) => sendLatest("POST", path, body, what);
