// SPDX-License-Identifier: MIT
// Anybody's talk keys, by HTTP. Held by a pointer or the keyboard; whatever takes the hand off the page lets go.

import { useEffect, type KeyboardEvent, type MouseEvent, type PointerEvent } from "react";
import { store } from "../../state/app";
import { change, post } from "../../state/link";

const RETRY_MS = 500;

interface Held {
  readonly what: { readonly tablet_id: number; readonly channel: number };
  pressed: Promise<void>;
  settled: boolean;
}

const held = new Map<string, Held>();
const keyOf = (tablet: number, channel: number) => `${tablet}/${channel}`;
const tabletOf = (id: number) => store.get().server?.tablets[id - 1];

function press(tablet: number, channel: number): void {
  const key = keyOf(tablet, channel);
  if (held.has(key)) return;
  const entry: Held = { what: { tablet_id: tablet, channel }, settled: false, pressed: Promise.resolve() };
  held.set(key, entry);
  entry.pressed = post("/ptt/request", entry.what).then((answer) => {
    entry.settled = true;
    if (answer === null && held.get(key) === entry) held.delete(key); // refused: nothing is held
  });
}

/** A key that was let go must not stay down because nobody heard it: until there is an answer. */
async function letGo(entry: Held, leaving: boolean): Promise<void> {
  if (!entry.settled && !leaving) await entry.pressed; // never overtakes its own press
  while ((await change("POST", "/ptt/release", entry.what, { keepalive: leaving, quiet: true })) === undefined)
    await new Promise((done) => setTimeout(done, RETRY_MS));
}

function release(tablet: number, channel: number, leaving = false): void {
  const key = keyOf(tablet, channel);
  const entry = held.get(key);
  if (!entry) return;
  held.delete(key);
  void letGo(entry, leaving);
}

/** @param leaving  the page goes away: the requests outlive it */
function releaseAll(leaving: boolean): void {
  for (const { what } of [...held.values()]) release(what.tablet_id, what.channel, leaving);
}

function toggle(tablet: number, channel: number): void {
  const isDown = tabletOf(tablet)?.keys.includes(channel);
  void post(isDown ? "/ptt/release" : "/ptt/request", { tablet_id: tablet, channel });
}

/** What a button needs to be a talk key. */
export function keyHandlers(tablet: number, channel: number) {
  const latches = () => tabletOf(tablet)?.mode === "latch";
  const up = () => release(tablet, channel);
  return {
    onPointerDown(event: PointerEvent<HTMLButtonElement>) {
      if (event.button !== 0) return;
      if (latches()) {
        toggle(tablet, channel);
        return;
      }
      event.currentTarget.setPointerCapture(event.pointerId);
      press(tablet, channel);
    },
    onPointerUp: up,
    onPointerCancel: up,
    onLostPointerCapture: up,
    onBlur: up,
    onKeyDown(event: KeyboardEvent) {
      if (event.key !== " " && event.key !== "Enter") return;
      event.preventDefault();
      if (event.repeat) return;
      if (latches()) toggle(tablet, channel);
      else press(tablet, channel);
    },
    onKeyUp(event: KeyboardEvent) {
      if (event.key === " " || event.key === "Enter") up();
    },
    onContextMenu: (event: MouseEvent) => event.preventDefault(),
  };
}

export function useLettingGo(): void {
  useEffect(() => {
    const blur = () => releaseAll(false);
    const leave = () => releaseAll(true);
    const hide = () => {
      if (document.visibilityState === "hidden") releaseAll(true);
    };
    window.addEventListener("blur", blur);
    window.addEventListener("pagehide", leave);
    document.addEventListener("visibilitychange", hide);
    return () => {
      releaseAll(false);
      window.removeEventListener("blur", blur);
      window.removeEventListener("pagehide", leave);
      document.removeEventListener("visibilitychange", hide);
    };
  }, []);
}
