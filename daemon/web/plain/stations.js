// SPDX-License-Identifier: MIT
// Channels above, one card for each tablet below.

import { post, put } from "./api.js";
import { byId, el, setPressed, setText } from "./dom.js";
import { formatDb } from "./gains.js";
import { bindKey } from "./keys.js";
import { addMeter, removeMeters } from "./meters.js";
import { openTablet } from "./settings.js";
import { channelName, state, tabletName } from "./store.js";

const TALKS_ABOVE_DB = -50; // a gate is open and something is said
const MODES = { open: "Open", momentary: "Hold", latch: "Latch", vox: "Vox" };

let cards = [], strips = [];

/** Two bars with a word before each. */
function meterOf(words, label) {
  const canvas = el("canvas", { class: "meter", role: "img", "aria-label": label });
  const node = el("div", { class: "meters", title: label }, ...words.map((word) => el("span", {}, word)), canvas);
  return [node, addMeter(canvas, words.length)];
}

function makeStrip(channel) {
  const id = channel.id;
  const [canvas, meter] = meterOf(["line", "in"], `Level of channel ${id}: party line above, outside input below`);
  const name = el("h2", {});
  const level = el("output", { class: "level" });
  const tally = el("div", { class: "tally" });
  const mute = el("button", {
    class: "mute",
    "aria-label": `Mute channel ${id}`,
    onclick: () => post(`/channel/${id}/mute`, { mute: !state.channels[id - 1].mute }),
  }, "Mute");
  const badge = el("span", { class: "id" }, `CH ${id}`);
  const node = el("article", { class: "strip", "data-channel": id, "aria-label": `Channel ${id}` },
    el("div", { class: "row" }, badge, name, mute), canvas,
    el("div", { class: "row" }, tally, level));
  return { id, node, meter, badge, name, level, tally, mute };
}

function makeCard(tablet) {
  const id = tablet.id;
  const [canvas, meter] = meterOf(["talk", "hear"], `Level of tablet ${id}: talk above, listen below`);
  const name = el("h2", {});
  const mode = el("select", {
    "aria-label": `Talk mode of tablet ${id}`,
    onchange: (event) => put(`/api/tablet/${id}/mode`, { mode: event.target.value }),
  }, ...Object.entries(MODES).map(([value, text]) => el("option", { value }, text)));
  const mute = el("button", {
    class: "mute",
    "aria-label": `Mute tablet ${id}`,
    onclick: () => post(`/tablet/${id}/mute`, { mute: !state.tablets[id - 1].mute }),
  }, "Mute");
  const more = el("button", {
    class: "more",
    "aria-label": `Settings of tablet ${id}`,
    onclick: () => openTablet(id),
  }, "\u22ef");
  const keys = state.channels.map((channel) => {
    const key = el("button", { class: "key", "data-channel": channel.id });
    bindKey(key, id, channel.id);
    return key;
  });
  const node = el("article", { class: "card", "data-tablet": id, "aria-label": `Tablet ${id}` },
    el("div", { class: "row" }, el("span", { class: "id" }, String(id)), name, more),
    canvas,
    el("div", { class: "keys", role: "group", "aria-label": `Talk keys of tablet ${id}` }, ...keys),
    el("div", { class: "row" }, mode, mute));
  return { id, node, meter, name, mode, mute, keys, open: [] };
}

export function buildStations() {
  removeMeters();
  strips = state.channels.map(makeStrip);
  cards = state.tablets.map(makeCard);
  byId("channels").classList.toggle("many", strips.length > 12);
  byId("channels").replaceChildren(...strips.map((strip) => strip.node));
  byId("view-stations").replaceChildren(...cards.map((card) => card.node));
  updateStations();
}

function updateStrip(strip) {
  const channel = state.channels[strip.id - 1];
  setText(strip.name, channelName(channel));
  strip.badge.hidden = !channel.name; // "CH 3 Channel 3" says it twice
  setPressed(strip.mute, channel.mute);
  strip.node.classList.toggle("muted", channel.mute);
  const names = channel.active_tablets.map((id) => tabletName(state.tablets[id - 1]));
  setText(strip.tally, names.length ? names.join(", ") : "no key held");
  strip.node.classList.toggle("keyed", names.length > 0);
}

function updateCard(card) {
  const tablet = state.tablets[card.id - 1];
  setText(card.name, tabletName(tablet));
  card.name.title = tabletName(tablet);
  setPressed(card.mute, tablet.mute);
  card.node.classList.toggle("muted", tablet.mute);
  card.node.classList.toggle("talk-muted", tablet.talk_mute);
  card.node.classList.toggle("listen-muted", tablet.listen_mute);
  if (card.mode.value !== tablet.mode && document.activeElement !== card.mode) card.mode.value = tablet.mode;
  card.keys.forEach((key, c) => {
    const name = channelName(state.channels[c]);
    setText(key, keyText(state.channels[c]));
    setPressed(key, tablet.keys.includes(c + 1));
    key.setAttribute("aria-label", `Talk from ${tabletName(tablet)} to ${name}`);
  });
}

const keyText = (channel) => channel.name || `CH ${channel.id}`;

export function updateStations() {
  // as many keys in a row as fit with their names
  const longest = Math.max(...state.channels.map((channel) => keyText(channel).length));
  byId("view-stations").style.setProperty("--key", `${Math.min(11, 0.95 + longest * 0.51)}rem`);
  strips.forEach(updateStrip);
  cards.forEach(updateCard);
}

/** One message of /ws/vu?detail=full */
export function showMeters(frame) {
  for (const card of cards) {
    const talk = frame.input_db.tablets[card.id];
    card.meter.set(0, talk, frame.hold_db.tablets[card.id]);
    card.meter.set(1, frame.vu_db.tablets[card.id], -240);
    const open = talk > TALKS_ABOVE_DB ? frame.talking[card.id] ?? [] : [];
    if (open.join() === card.open.join()) continue;
    card.open = open;
    card.keys.forEach((key, c) => key.classList.toggle("talking", open.includes(c + 1)));
  }
  for (const strip of strips) {
    const level = frame.vu_db.channels[strip.id];
    strip.meter.set(0, level, frame.hold_db.channels[strip.id]);
    strip.meter.set(1, frame.input_db.channels[strip.id], frame.input_hold_db.channels[strip.id]);
    setText(strip.level, level <= -120 ? "\u2212\u221e" : `${formatDb(Math.round(level))} dB`);
  }
}

/** Nothing comes any more: fall to silence instead of standing still. */
export function clearMeters() {
  for (const item of [...cards, ...strips]) for (const row of [0, 1]) item.meter.set(row, -240, -240);
  for (const card of cards) {
    card.open = [];
    for (const key of card.keys) key.classList.remove("talking");
  }
}
