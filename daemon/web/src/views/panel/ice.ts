// SPDX-License-Identifier: MIT
// Ways to a server beyond NAT: its STUN and TURN servers, and an offer that has our candidates.

import { ask } from "../../lib/http";

const GATHER_MS = 2000;
/** A server that wants to be asked again says when; not every proxy is reasonable. */
const LATER_MS = { least: 250, most: 10_000 };

type Servers = readonly RTCIceServer[];

let list: Promise<Servers> | null = null;

/** What the server has told, asked for once; mostly nothing. @throws as ask() */
export function iceServers(): Promise<Servers> {
  const asked = (list ??= ask<Servers>("GET", "/api/ice_servers"));
  asked.catch(() => {
    if (list === asked) list = null;
  });
  return asked;
}

/** Another connection: perhaps another configuration. The answer is there when it is wanted. */
export function askIceServersAgain(): void {
  list = null;
  void iceServers();
}

type Gathering = Pick<RTCPeerConnection, "iceGatheringState" | "addEventListener" | "removeEventListener">;

/**
 * All candidates are known, or most: a server that does not answer is not waited for. To be called before they
 * are looked for: the state that is left from another time, before an ICE restart, tells nothing.
 */
export function gathered(connection: Gathering, limitMs = GATHER_MS): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      connection.removeEventListener("icegatheringstatechange", look);
      resolve();
    };
    const look = (): void => {
      if (connection.iceGatheringState === "complete") done();
    };
    const timer = setTimeout(done, limitMs);
    connection.addEventListener("icegatheringstatechange", look);
  });
}

/** When a refusal of 503 may be asked again; null: it does not say so, in seconds (RFC 9110 10.2.3). */
export function laterMs(status: number, retryAfter: string | null): number | null {
  if (status !== 503 || retryAfter === null || !/^\d+$/.test(retryAfter)) return null;
  return Math.min(Math.max(1000 * Number(retryAfter), LATER_MS.least), LATER_MS.most);
}

/** An offer of Opus that takes stereo (RFC 7587 6.1); browsers take it, but do not ask for it. */
export function withStereo(sdp: string): string {
  return sdp.replace(/^a=fmtp:.*useinbandfec=1.*$/gm, (line) => (line.includes("stereo=1") ? line : line.replace("useinbandfec=1", "useinbandfec=1;stereo=1")));
}
