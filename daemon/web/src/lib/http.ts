// SPDX-License-Identifier: MIT
// Calls. What goes wrong is said in words.

interface Problem {
  readonly loc: readonly string[];
  readonly msg: string;
}

/** The server has refused. */
export class Refused extends Error {
  constructor(readonly status: number, text: string) {
    super(text);
  }
}

/** Nobody answers. */
export class Unheard extends Error {}

export function reasonOf(body: unknown): string {
  const detail = (body as { detail?: string | Problem[] } | null)?.detail;
  if (typeof detail === "string") return detail;
  if (!Array.isArray(detail)) return "";
  return detail.map(({ loc, msg }) => `${loc.slice(1).join(" ")}: ${msg}`).join("; ");
}

/** A token has run out, or is needed now: the server gives the form instead of the page. */
export function checkAccess(status: number): void {
  if (status === 401) location.reload();
}

/** @throws Refused, Unheard */
export async function ask<Answer>(method: string, path: string, body?: unknown, options: RequestInit = {}): Promise<Answer> {
  const init: RequestInit = { method, ...options };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { "content-type": "application/json" };
  }
  let answer: Response, result: unknown;
  try {
    answer = await fetch(path, init);
    result = await answer.json();
  } catch {
    throw new Unheard("The server does not answer");
  }
  checkAccess(answer.status);
  if (!answer.ok) throw new Refused(answer.status, reasonOf(result) || `${answer.status}`);
  return result as Answer;
}
