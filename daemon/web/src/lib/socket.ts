// SPDX-License-Identifier: MIT
// A WebSocket that is opened again until it works.

import { checkAccess } from "./http";

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 2000;

export interface Stream {
  /** for good */
  close(): void;
  /** Drops the connection, as if it had been lost. */
  drop(): void;
  /** @returns false: not open, nothing is sent */
  send(text: string): boolean;
}

export interface StreamEvents {
  readonly onMessage: (data: unknown) => void;
  readonly onOpen?: () => void;
  readonly onLost?: () => void;
}

/** JSON of a text message, the ArrayBuffer of a binary one. */
export function openStream(path: string, { onMessage, onOpen, onLost }: StreamEvents): Stream {
  let socket: WebSocket | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wait = FIRST_WAIT_MS;
  let closed = false;

  const lost = (gone: WebSocket) => {
    if (socket !== gone) return;
    socket = null;
    if (closed) return;
    onLost?.();
    // a refused stream does not say why
    fetch("/api/session").then((answer) => checkAccess(answer.status), () => undefined);
    timer = setTimeout(connect, wait);
    wait = Math.min(wait * 1.6, LONGEST_WAIT_MS);
  };

  function connect() {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const fresh = new WebSocket(`${scheme}//${location.host}${path}`);
    fresh.binaryType = "arraybuffer";
    socket = fresh;
    fresh.onopen = () => {
      wait = FIRST_WAIT_MS;
      onOpen?.();
    };
    fresh.onmessage = (event: MessageEvent<string | ArrayBuffer>) => {
      if (socket === fresh) onMessage(typeof event.data === "string" ? (JSON.parse(event.data) as unknown) : event.data);
    };
    fresh.onclose = () => lost(fresh);
  }

  connect();
  return {
    close() {
      closed = true;
      clearTimeout(timer);
      socket?.close();
    },
    drop() {
      const gone = socket;
      if (!gone) return;
      gone.close();
      lost(gone); // a dead connection may take long to say that it is closed
    },
    send(text) {
      if (socket?.readyState !== WebSocket.OPEN) return false;
      socket.send(text);
      return true;
    },
  };
}
