// SPDX-License-Identifier: MIT
// Speaks to the server: calls, and sockets that come back by themselves.

import { toast } from "./dom.js";

function reasonOf(body) {
  const detail = body?.detail;
  if (typeof detail === "string") return detail;
  if (Array.isArray(detail)) return detail.map((d) => `${d.loc.slice(1).join(" ")}: ${d.msg}`).join("; ");
  return "";
}

/** A token has run out, or is needed now: the server gives the form instead of the page. */
function checkAccess(status) {
  if (status === 401) location.reload();
}

async function call(method, path, body, options = {}) {
  const init = { method, ...options };
  if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { "content-type": "application/json" };
  }
  const answer = await fetch(path, init);
  checkAccess(answer.status);
  const result = await answer.json();
  if (!answer.ok) throw new Error(reasonOf(result) || `${answer.status}`);
  return result;
}

/**
 * Changes something; what goes wrong is shown, unless it is to be quiet.
 * Returns null when it is refused, undefined when nobody answers.
 */
export async function change(method, path, body, { quiet = false, ...options } = {}) {
  try {
    return await call(method, path, body, options);
  } catch (error) {
    const unheard = error instanceof TypeError;
    if (!quiet) toast(unheard ? "The server does not answer" : error.message);
    return unheard ? undefined : null;
  }
}

export const put = (path, body) => change("PUT", path, body);
export const post = (path, body, options) => change("POST", path, body, options);

/**
 * Sends only the newest of many values for the same thing, one at a time: a slider that
 * is pulled does not queue up what nobody wants any more.
 */
const sending = new Map();
export async function putLatest(path, body) {
  const running = sending.get(path);
  if (running) {
    running.next = body;
    return;
  }
  const entry = { next: undefined };
  sending.set(path, entry);
  for (let value = body; value !== undefined; ) {
    entry.next = undefined;
    await put(path, value);
    value = entry.next;
  }
  sending.delete(path);
}

/** A WebSocket that is opened again until it works. Returns a function that closes it. */
export function stream(path, { onMessage, onOpen, onLost }) {
  let socket, timer, wait = 250, closed = false;
  const connect = () => {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(`${scheme}//${location.host}${path}`);
    socket.onopen = () => {
      wait = 250;
      onOpen?.();
    };
    socket.onmessage = (event) => onMessage(JSON.parse(event.data));
    socket.onclose = () => {
      if (closed) return;
      onLost?.();
      // a refused stream does not say why
      fetch("/api/session").then((answer) => checkAccess(answer.status), () => {});
      timer = setTimeout(connect, wait);
      wait = Math.min(wait * 1.6, 2000);
    };
  };
  connect();
  return () => {
    closed = true;
    clearTimeout(timer);
    socket.close();
  };
}

