// SPDX-License-Identifier: MIT
// Talk keys. Held by a pointer or the keyboard; whatever takes the hand off the page lets go.

import { post } from "./api.js";
import { state } from "./store.js";

const RETRY_MS = 500;
const held = new Map(); // "tablet/channel" -> {what, pressed: promise of the press's answer, settled}

const keyOf = (tablet, channel) => `${tablet}/${channel}`;
const isDown = (tablet, channel) => state.tablets[tablet - 1].keys.includes(channel);
const latches = (tablet) => state.tablets[tablet - 1].mode === "latch";

function press(tablet, channel) {
  const key = keyOf(tablet, channel);
  if (held.has(key)) return;
  const what = { tablet_id: tablet, channel };
  const entry = { what, settled: false };
  held.set(key, entry);
  entry.pressed = post("/ptt/request", what).then((answer) => {
    entry.settled = true;
    if (answer === null && held.get(key) === entry) held.delete(key); // refused: nothing is held
  });
}

/** A key that was let go must not stay down because nobody heard it: until there is an answer. */
async function letGo(entry, options) {
  if (!entry.settled && !options) await entry.pressed; // never overtakes its own press
  while ((await post("/ptt/release", entry.what, { ...options, quiet: true })) === undefined)
    await new Promise((done) => setTimeout(done, RETRY_MS));
}

function release(tablet, channel, options) {
  const key = keyOf(tablet, channel);
  const entry = held.get(key);
  if (!entry) return;
  held.delete(key);
  letGo(entry, options);
}

/** @param leaving the page goes away: keepalive lets the requests outlive it */
export function releaseAll(leaving) {
  for (const { what } of [...held.values()])
    release(what.tablet_id, what.channel, leaving === true ? { keepalive: true } : undefined);
}

function toggle(tablet, channel) {
  const path = isDown(tablet, channel) ? "/ptt/release" : "/ptt/request";
  post(path, { tablet_id: tablet, channel });
}

export function bindKey(button, tablet, channel) {
  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    if (latches(tablet)) return toggle(tablet, channel);
    button.setPointerCapture(event.pointerId);
    press(tablet, channel);
  });
  for (const name of ["pointerup", "pointercancel", "lostpointercapture", "blur"])
    button.addEventListener(name, () => release(tablet, channel));
  button.addEventListener("keydown", (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    if (event.repeat) return;
    if (latches(tablet)) toggle(tablet, channel);
    else press(tablet, channel);
  });
  button.addEventListener("keyup", (event) => {
    if (event.key === " " || event.key === "Enter") release(tablet, channel);
  });
  button.addEventListener("contextmenu", (event) => event.preventDefault());
}

window.addEventListener("blur", () => releaseAll());
window.addEventListener("pagehide", () => releaseAll(true));
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") releaseAll(true);
});
