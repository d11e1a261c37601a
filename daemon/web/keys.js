// SPDX-License-Identifier: MIT
// Talk keys. Held by a pointer or the keyboard; whatever takes the hand off the page lets go.

import { post } from "./api.js";
import { state } from "./store.js";

const held = new Map(); // "tablet/channel" -> {tablet_id, channel}

const keyOf = (tablet, channel) => `${tablet}/${channel}`;
const isDown = (tablet, channel) => state.tablets[tablet - 1].keys.includes(channel);
const latches = (tablet) => state.tablets[tablet - 1].mode === "latch";

async function press(tablet, channel) {
  const key = keyOf(tablet, channel);
  if (held.has(key)) return;
  const what = { tablet_id: tablet, channel };
  held.set(key, what);
  if (!(await post("/ptt/request", what))) held.delete(key); // busy or lost: nothing is held
}

function release(tablet, channel, options) {
  const key = keyOf(tablet, channel);
  const what = held.get(key);
  if (!what) return;
  held.delete(key);
  post("/ptt/release", what, options);
}

/** Also when the page goes away: keepalive lets the request outlive it. */
export function releaseAll() {
  for (const { tablet_id, channel } of [...held.values()]) release(tablet_id, channel, { keepalive: true });
}

/** The server was gone: it may still think that we hold what we do not hold any more. */
export function releaseForgotten(before) {
  for (const what of before) post("/ptt/release", what);
}
export function forget() {
  const before = [...held.values()];
  held.clear();
  return before;
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

window.addEventListener("blur", releaseAll);
window.addEventListener("pagehide", releaseAll);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") releaseAll();
});
