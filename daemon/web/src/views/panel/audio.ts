// SPDX-License-Identifier: MIT
// Listening by WHEP and talking by WHIP for this page's tablet.

import { checkAccess, reasonOf } from "../../lib/http";
import { createStore, useSelected } from "../../lib/store";
import { gathered, iceServers, laterMs, withStereo } from "./ice";
import { answerWith, fragmentOf } from "./restart";
import { lossBetween, qualityOf, type Counters, type Quality } from "./quality";

const MIC = "partyline.microphone";
const VOLUME = "partyline.volume";
const WATCH_MS = 1000;
const RESTART_MS = 5000;
/** A server that has not answered until then never will. */
const LATE_MS = 30_000;
const LATER_TIMES = 10;
const RETRY_MS = [300, 700, 1500, 3000];

export type Way = "off" | "connecting" | "on" | "trouble";

export interface AudioState {
  readonly ear: Way;
  readonly mouth: Way;
  /** what is wrong with either, in words */
  readonly trouble: string;
  readonly quality: Quality;
  readonly lossPercent: number;
  readonly jitterMs: number;
  readonly roundTripMs: number | null;
  readonly volume: number;
  /** the browser wants a touch before it plays */
  readonly waitsForTouch: boolean;
}

type Change = Partial<AudioState>;

const storedVolume = (): number => {
  const value = Number(localStorage.getItem(VOLUME) ?? "1");
  return value >= 0 && value <= 1 ? value : 1;
};
export const silent: AudioState = {
  ear: "off", mouth: "off", trouble: "", quality: 0, lossPercent: 0, jitterMs: 0, roundTripMs: null, volume: storedVolume(), waitsForTouch: false,
};
export const audio = createStore<AudioState, Change>(silent, (state, change) => {
  const same = (Object.keys(change) as (keyof AudioState)[]).every((key) => state[key] === change[key]);
  return same ? state : { ...state, ...change };
});
export const useAudio = <Selected>(select: (state: AudioState) => Selected): Selected => useSelected(audio, select);

/** A microphone is there only over TLS and on this machine itself. */
export const mayTalk = (): boolean => window.isSecureContext && "mediaDevices" in navigator;

async function patch(resource: string, sdp: string): Promise<Response> {
  const headers = { "content-type": "application/trickle-ice-sdpfrag", "if-match": "*" };
  return fetch(resource, { method: "PATCH", headers, body: fragmentOf(sdp), signal: AbortSignal.timeout(RESTART_MS) });
}

/* --- one connection, ear or mouth ------------------------------------------------------- */

class Call {
  private connection: RTCPeerConnection | null = null;
  private resource: string | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private tries = 0;
  private restarts = 0;
  /** there are servers: the other side must know our candidates, which it cannot see from beyond NAT */
  private gathers = false;
  private over = false;
  private counters: Counters = { received: 0, lost: 0 };

  constructor(
    private readonly path: string,
    private readonly prepare: (connection: RTCPeerConnection) => void,
    private readonly tell: (way: Way, trouble?: string) => void,
  ) {
    void this.dial();
  }

  private async dial(): Promise<void> {
    this.tell("connecting");
    let servers: readonly RTCIceServer[];
    try {
      servers = await iceServers();
    } catch (error) {
      this.again(error instanceof Error ? error.message : "");
      return;
    }
    if (this.over) return;
    const connection = new RTCPeerConnection({ iceServers: [...servers] });
    this.connection = connection;
    this.gathers = servers.length > 0;
    this.prepare(connection);
    connection.onconnectionstatechange = () => {
      if (connection !== this.connection) return;
      if (connection.connectionState === "connected") {
        this.tries = 0;
        this.tell("on");
      } else if (connection.connectionState === "disconnected") void this.restart(connection);
      else if (connection.connectionState === "failed" || connection.connectionState === "closed") this.again();
    };
    try {
      await this.exchange(connection);
    } catch (error) {
      if (connection === this.connection) this.again(error instanceof Error && error.message ? error.message : "");
    }
  }

  private isOver(connection: RTCPeerConnection): boolean {
    return this.over || connection !== this.connection;
  }

  /** What is described; ICE-lite asks for no candidates of ours. */
  private async describe(connection: RTCPeerConnection, sdp: string): Promise<string> {
    const ready = this.gathers ? gathered(connection) : null;
    await connection.setLocalDescription({ type: "offer", sdp });
    if (!ready) return sdp;
    await ready;
    return connection.localDescription?.sdp ?? sdp;
  }

  /** Offered once, or more often when the server is not ready yet. */
  private async offer(connection: RTCPeerConnection, body: string): Promise<Response> {
    for (let n = 0; ; n++) {
      const answer = await fetch(this.path, { method: "POST", headers: { "content-type": "application/sdp" }, body });
      const wait = laterMs(answer.status, answer.headers.get("retry-after"));
      if (wait === null || n >= LATER_TIMES) return answer;
      await new Promise((resolve) => setTimeout(resolve, wait));
      if (this.isOver(connection)) return answer;
    }
  }

  private async exchange(connection: RTCPeerConnection): Promise<void> {
    const offer = await connection.createOffer();
    const sdp = await this.describe(connection, withStereo(offer.sdp ?? ""));
    if (this.isOver(connection)) return;
    const answer = await this.offer(connection, withStereo(sdp));
    checkAccess(answer.status);
    if (!answer.ok) throw new Error(reasonOf(await answer.json().catch(() => null)) || `The server refuses: ${answer.status}`);
    const location = answer.headers.get("location");
    if (this.isOver(connection)) {
      if (location) void fetch(location, { method: "DELETE" }).catch(() => undefined);
      return;
    }
    this.resource = location;
    await connection.setRemoteDescription({ type: "answer", sdp: await answer.text() });
    void this.tellLate(connection);
  }

  /** Another network, perhaps: the session goes on by new names. */
  private async restart(connection: RTCPeerConnection): Promise<void> {
    const { resource } = this;
    const turn = ++this.restarts; // only the last one's answer fits
    const isOver = (): boolean => connection !== this.connection || turn !== this.restarts;
    const before = connection.remoteDescription?.sdp;
    if (!resource || !before) return;
    try {
      const offer = await connection.createOffer({ iceRestart: true });
      const sent = await this.describe(connection, offer.sdp ?? "");
      if (isOver()) return;
      const answer = await patch(resource, sent);
      const sdp = answer.status === 200 ? answerWith(before, await answer.text()) : "";
      if (isOver()) return;
      if (sdp) {
        await connection.setRemoteDescription({ type: "answer", sdp });
        void this.tellLate(connection);
      } else this.again();
    } catch {
      // no network at all, so far: until it is back, or given up ("failed")
      this.timer = setTimeout(() => {
        if (!isOver() && connection.connectionState === "disconnected") void this.restart(connection);
      }, WATCH_MS);
    }
  }

  /** Candidates that were not waited for; those that the server knows do no harm. */
  private async tellLate(connection: RTCPeerConnection): Promise<void> {
    const { resource } = this;
    if (!this.gathers || !resource || connection.iceGatheringState === "complete") return;
    const turn = this.restarts;
    await gathered(connection, LATE_MS);
    if (this.isOver(connection) || turn !== this.restarts) return; // another offer has them all
    await patch(resource, connection.localDescription?.sdp ?? "").catch(() => undefined);
  }

  private again(trouble = ""): void {
    this.hangUp(); // the server has seen it too, or will
    if (this.over) return;
    this.tell("trouble", trouble);
    this.timer = setTimeout(() => void this.dial(), RETRY_MS[Math.min(this.tries++, RETRY_MS.length - 1)]);
  }

  private hangUp(): { readonly connection: RTCPeerConnection | null; readonly resource: string | null } {
    const { connection, resource } = this;
    clearTimeout(this.timer);
    this.connection = null;
    this.resource = null;
    if (!resource || !this.over) connection?.close();
    return { connection, resource };
  }

  /** What has happened since the last look. */
  async look(): Promise<{ lossPercent: number; jitterMs: number; roundTripMs: number | null } | null> {
    if (this.connection?.connectionState !== "connected") return null;
    let found: { lossPercent: number; jitterMs: number } = { lossPercent: 0, jitterMs: 0 };
    let roundTripMs: number | null = null;
    (await this.connection.getStats()).forEach((stats: Record<string, unknown>) => {
      if (stats.type === "inbound-rtp") {
        const now = { received: Number(stats.packetsReceived), lost: Number(stats.packetsLost) };
        found = { lossPercent: lossBetween(this.counters, now), jitterMs: 1000 * Number(stats.jitter) };
        this.counters = now;
      } else if (stats.type === "candidate-pair" && typeof stats.currentRoundTripTime === "number")
        roundTripMs = Math.round(1000 * stats.currentRoundTripTime);
    });
    return { ...found, roundTripMs };
  }

  end(leaving = false): void {
    this.over = true;
    const { connection, resource } = this.hangUp();
    // said first, then done: a connection that is closed already is no resource any more
    if (resource) void fetch(resource, { method: "DELETE", keepalive: leaving }).catch(() => undefined).finally(() => connection?.close());
    this.tell("off");
  }
}

/* --- the tablet's ear and mouth --------------------------------------------------------- */

const player = new Audio();
player.autoplay = true;
player.volume = audio.get().volume;

let seat: { readonly tablet: number; readonly secret: string } | null = null;
let ear: Call | null = null;
let mouth: Call | null = null;
let microphone: MediaStream | null = null;
let watch: ReturnType<typeof setInterval> | undefined;

async function measure(): Promise<void> {
  const seen = await ear?.look();
  if (seen) audio.dispatch({ ...seen, quality: qualityOf(seen) });
  else audio.dispatch({ quality: 0, roundTripMs: null });
}

function play(): void {
  player.play().then(
    () => audio.dispatch({ waitsForTouch: false }),
    (error: unknown) => audio.dispatch({ waitsForTouch: error instanceof DOMException && error.name === "NotAllowedError" }),
  );
}

function listen(tablet: number): void {
  ear?.end();
  ear = new Call(
    `/whep?mix=tablet.${tablet}.listen`,
    (connection) => {
      connection.addTransceiver("audio", { direction: "recvonly" });
      connection.ontrack = ({ streams, track }) => {
        player.srcObject = streams[0] ?? new MediaStream([track]);
        play();
      };
    },
    (way, trouble = "") => audio.dispatch({ ear: way, trouble }),
  );
}

function talk(track: MediaStreamTrack): void {
  if (!seat) return;
  mouth?.end();
  mouth = new Call(
    `/whip?tablet=${seat.tablet}&secret=${encodeURIComponent(seat.secret)}`,
    (connection) => connection.addTransceiver(track, { direction: "sendonly" }),
    (way, trouble = "") => audio.dispatch({ mouth: way, trouble }),
  );
}

/** The microphone on; the browser asks the first time. */
export async function openMicrophone(): Promise<void> {
  localStorage.setItem(MIC, "on");
  audio.dispatch({ mouth: "connecting", trouble: "" });
  try {
    microphone ??= await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true } });
  } catch {
    audio.dispatch({ mouth: "trouble", trouble: "The microphone is not allowed, or there is none" });
    return;
  }
  const track = microphone.getAudioTracks()[0];
  if (track) talk(track);
}

export function closeMicrophone(): void {
  localStorage.removeItem(MIC);
  shut();
}

function shut(): void {
  mouth?.end();
  mouth = null;
  for (const track of microphone?.getTracks() ?? []) track.stop();
  microphone = null;
  audio.dispatch({ mouth: "off" });
}

/** Hears what the tablet hears, and talks as it did before. */
export async function sitAt(tablet: number, secret: string): Promise<void> {
  const same = seat?.tablet === tablet && seat.secret === secret;
  seat = { tablet, secret };
  if (!same || !ear) listen(tablet);
  watch ??= setInterval(() => void measure(), WATCH_MS);
  const track = microphone?.getAudioTracks()[0];
  if (track && (!same || !mouth)) talk(track);
  else if (!microphone && mayTalk() && localStorage.getItem(MIC) === "on") await openMicrophone();
}

export function leaveAudio(): void {
  seat = null;
  ear?.end();
  ear = null;
  shut();
  clearInterval(watch);
  watch = undefined;
  player.srcObject = null;
  audio.dispatch({ quality: 0, roundTripMs: null, lossPercent: 0, jitterMs: 0, waitsForTouch: false, trouble: "" });
}

export function setVolume(volume: number): void {
  localStorage.setItem(VOLUME, String(volume));
  player.volume = volume;
  audio.dispatch({ volume });
}

/** After a touch: the browser plays now. */
export const playNow = play;

window.addEventListener("pagehide", () => {
  ear?.end(true);
  mouth?.end(true);
});
