// SPDX-License-Identifier: MIT
// The line of this page's tablet: /ws/panel, its claim and its keys. It outlives the view: whoever
// looks at the matrix still sits at the tablet.

import { createStore, useSelected } from "../../lib/store";
import { openStream, type Stream } from "../../lib/socket";
import { store, toast } from "../../state/app";
import { reasonOf } from "../../lib/http";
import { claimMessage, nowhere, reducePanel, type PanelAction, type PanelMessage, type PanelState, type Wish } from "./claim";
import { follow, isWanted, letAllGo, letGo, noHands, press, refuse, slip, type Grip, type Hands } from "./hands";
import { leaveAudio, sitAt } from "./audio";
import { askIceServersAgain } from "./ice";

const KEPT = "partyline.claim"; // for a page that is loaded again
const LABEL = "partyline.label";

export const panel = createStore<PanelState, PanelAction>(nowhere, reducePanel);
export const hands = createStore<Hands, Hands>(noHands, (_, next) => next);

export const usePanel = <Selected>(select: (state: PanelState) => Selected): Selected => useSelected(panel, select);
export const useHands = <Selected>(select: (state: Hands) => Selected): Selected => useSelected(hands, select);

let stream: Stream | null = null;
let pulse: Worker | null = null;
let pinged: { readonly id: number; readonly at: number } | null = null;
let lastPing = 0;

const say = (message: object): boolean => stream?.send(JSON.stringify(message)) ?? false;

export const ownLabel = (): string => localStorage.getItem(LABEL) ?? "";
export function setOwnLabel(label: string): void {
  if (label) localStorage.setItem(LABEL, label);
  else localStorage.removeItem(LABEL);
}

/* --- keys ------------------------------------------------------------------------- */

/** Every change of a wanted key is said at once. */
function setHands(next: Hands): void {
  const before = hands.get();
  if (next === before) return;
  hands.dispatch(next);
  for (const channel of new Set([...before.keys(), ...next.keys()])) {
    const wanted = isWanted(next, channel);
    if (wanted !== isWanted(before, channel)) say({ type: wanted ? "down" : "up", channel });
  }
}

const tapsLatch = (): boolean => {
  const { tablet } = panel.get();
  return tablet !== null && store.get().server?.tablets[tablet - 1]?.mode === "latch";
};

export function pressKey(channel: number, grip: Grip): void {
  if (panel.get().phase === "claimed") setHands(press(hands.get(), channel, grip, performance.now(), tapsLatch()));
}
export const releaseGrip = (grip: Grip): void => setHands(letGo(hands.get(), grip));
export const handsOff = (): void => setHands(letAllGo(hands.get()));
export const releaseEverything = (): void => setHands(noHands);

/* --- the line ----------------------------------------------------------------------- */

function remember({ phase, tablet, secret }: PanelState): void {
  if (phase === "claimed") sessionStorage.setItem(KEPT, JSON.stringify({ tablet, secret }));
  else if (phase === "none") sessionStorage.removeItem(KEPT);
}

function hear(message: PanelMessage): void {
  if (message.type === "pong" && pinged?.id === message.id)
    panel.dispatch({ type: "round-trip", ms: Math.round(performance.now() - pinged.at) });
  if (message.type === "refused" && message.request === "down" && message.channel !== undefined) {
    hands.dispatch(refuse(hands.get(), message.channel));
    toast(reasonOf({ detail: message.detail }));
  }
  if (message.type === "keys") hands.dispatch(follow(hands.get(), message.keys, performance.now()));
  panel.dispatch({ type: "message", message });
  if (message.type === "claimed") void sitAt(message.tablet, message.secret);
  if (panel.get().phase === "none") hangUp();
}

function beat(): void {
  if (panel.get().phase !== "claimed") return;
  const held = slip(hands.get(), performance.now());
  if (held !== hands.get()) {
    hands.dispatch(held);
    // the line stood still, or somebody released all
    toast("The talk key was let go. Press it again to talk.");
  }
  const id = (lastPing = (lastPing + 1) % 1_000_000);
  if (say({ type: "ping", id }) && id % 5 === 0) pinged = { id, at: performance.now() };
}

function hangUp(): void {
  hands.dispatch(noHands);
  leaveAudio();
  stream?.close();
  stream = null;
  pulse?.terminate();
  pulse = null;
}

function connect(): void {
  const introduce = () => {
    const text = claimMessage(panel.get(), ownLabel());
    if (text) stream?.send(text);
  };
  if (stream) {
    introduce();
    return;
  }
  pulse = new Worker(new URL("./pulse.ts", import.meta.url), { type: "module" });
  pulse.onmessage = beat;
  stream = openStream("/ws/panel", {
    onOpen() {
      introduce();
      askIceServersAgain();
    },
    onMessage: (data) => hear(data as PanelMessage),
    onLost() {
      // keys are up on the server within a second: nobody talks again without pressing again
      hands.dispatch(noHands);
      panel.dispatch({ type: "closed" });
    },
  });
}

export function claim(wish: Wish): void {
  panel.dispatch({ type: "ask", wish });
  connect();
}

export function leave(): void {
  say({ type: "leave" });
  panel.dispatch({ type: "leave" });
  hangUp();
}

/** Where this page sat before it was loaded again. */
export function comeBack(): void {
  const kept = sessionStorage.getItem(KEPT);
  if (panel.get().phase !== "none" || stream || !kept) return;
  const { tablet, secret } = JSON.parse(kept) as { tablet: number; secret: string };
  panel.dispatch({ type: "back", tablet, secret });
  connect();
}

panel.subscribe(() => remember(panel.get()));
