// SPDX-License-Identifier: MIT
// Crosspoints: what tablets give to channels, and what channels give to tablets.

import { putLatest } from "./api.js";
import { byId, el, setText } from "./dom.js";
import { MAX_DB, MIN_DB, OFF_DB, formatDb, isOff, parseDb, stepDb } from "./gains.js";
import { channelName, setLocally, state, tabletName } from "./store.js";

const SIDES = { uplink: "Talk: tablet to channel", downlink: "Listen: channel to tablet" };
const FALLBACK_DB = -12; // what a crosspoint gets that was never on
const BESIDE_MAX = 8; // more channels than this: one direction at a time
const wide = matchMedia("(min-width: 56rem)");

let chosen = { side: "uplink", channel: 1, tablet: 1 };
let grids = {}; // side -> {node, heads, rows, cells[tablet][channel]}
let pair = null, inspector = null, typed = null;
const lastOn = new Map(); // gain to come back to

const dbOf = ({ side, channel, tablet }) => state[side][channel - 1][tablet - 1];
const keyOf = ({ side, channel, tablet }) => `${side}/${channel}/${tablet}`;
const cellOf = ({ side, channel, tablet }) => grids[side].cells[tablet - 1]?.[channel - 1];

function set(point, db) {
  const old = dbOf(point);
  if (!isOff(old)) lastOn.set(keyOf(point), old);
  const { side, channel, tablet } = point;
  setLocally(side, channel, tablet, db);
  const path = side === "uplink" ? `/api/uplink/${channel}/${tablet}` : `/api/downlink/${tablet}/${channel}`;
  putLatest(path, { gain_db: isOff(db) ? OFF_DB : db });
}

function toggle(point) {
  set(point, isOff(dbOf(point)) ? lastOn.get(keyOf(point)) ?? FALLBACK_DB : OFF_DB);
}

const stepBy = (point, step) => set(point, stepDb(dbOf(point), step));

function choose(point, focus) {
  cellOf(chosen)?.classList.remove("chosen");
  cellOf({ ...chosen, side: point.side })?.setAttribute("tabindex", "-1");
  chosen = point;
  const cell = cellOf(point);
  for (const row of grids[point.side].cells) for (const other of row) if (other !== cell) other.tabIndex = -1;
  cell.tabIndex = 0;
  cell.classList.add("chosen");
  if (focus) cell.focus();
  updateInspector();
}

function move(dx, dy) {
  const channel = Math.min(state.channels.length, Math.max(1, chosen.channel + dx));
  const tablet = Math.min(state.tablets.length, Math.max(1, chosen.tablet + dy));
  choose({ ...chosen, channel, tablet }, true);
}

/** A field over the cell; Enter takes it, Escape and leaving do not. */
function type(cell, first) {
  if (typed) return;
  const point = chosen;
  typed = el("input", { class: "typed", inputmode: "decimal", "aria-label": "Gain in dB, or off", value: first });
  const done = (take) => {
    if (!typed) return;
    const field = typed, db = parseDb(field.value);
    typed = null;
    field.remove();
    if (take && Number.isNaN(db)) inspector.hint.textContent = "A number from \u2212240 to +20, or off";
    else if (take) set(point, db);
    cell.focus();
  };
  typed.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter") done(true);
    else if (event.key === "Escape") done(false);
  });
  typed.addEventListener("blur", () => done(false));
  cell.parentElement.append(typed);
  typed.focus();
  typed.setSelectionRange(first.length, first.length);
}

const steps = {
  ArrowLeft: () => move(-1, 0), ArrowRight: () => move(1, 0),
  ArrowUp: () => move(0, -1), ArrowDown: () => move(0, 1),
  Home: () => move(-64, 0), End: () => move(64, 0),
  PageUp: () => move(0, -8), PageDown: () => move(0, 8),
};

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.shiftKey && (event.key === "ArrowUp" || event.key === "ArrowDown"))
    stepBy(chosen, event.key === "ArrowUp" ? 1 : -1);
  else if (steps[event.key]) steps[event.key]();
  else if (event.key === " " || event.key === "Enter") toggle(chosen);
  else if (event.key === "+") stepBy(chosen, 1);
  else if (event.key === "Delete" || event.key === "Backspace") set(chosen, OFF_DB);
  else if (/^[-0-9]$/.test(event.key)) type(event.currentTarget, event.key);
  else return;
  event.preventDefault();
}

function makeCell(side, channel, tablet) {
  const point = { side, channel, tablet };
  const cell = el("button", { class: "xp", tabindex: -1, "data-channel": channel, "data-tablet": tablet });
  let again = false; // chosen by the click before: this one switches
  cell.addEventListener("click", () => {
    choose(point, true);
    if (again) toggle(point);
    again = true;
  });
  cell.addEventListener("blur", () => (again = false));
  cell.addEventListener("focus", () => chosen !== point && choose(point, false));
  cell.addEventListener("keydown", onKey);
  cell.addEventListener("wheel", (event) => {
    if (document.activeElement !== cell) return; // the page scrolls until a cell is chosen
    event.preventDefault();
    stepBy(point, event.deltaY < 0 ? 1 : -1);
  }, { passive: false });
  return cell;
}

function makeGrid(side) {
  const heads = state.channels.map(() => el("th", { scope: "col" }));
  const rows = state.tablets.map(() => el("th", { scope: "row" }));
  const cells = state.tablets.map((tablet) => state.channels.map((channel) => makeCell(side, channel.id, tablet.id)));
  const body = cells.map((row, t) => el("tr", {}, rows[t], ...row.map((cell) => el("td", {}, cell))));
  const node = el("div", { class: `side ${side}` },
    el("h2", {}, SIDES[side]),
    el("div", { class: "scroll" },
      el("table", { class: "grid", "aria-label": SIDES[side] },
        el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Tablet"), ...heads)),
        el("tbody", {}, ...body))));
  return { side, node, heads, rows, cells };
}

function makeInspector() {
  const title = el("strong", {});
  const slider = el("input", {
    type: "range", min: MIN_DB - 1, max: MAX_DB, step: 1, "aria-label": "Gain of the chosen crosspoint",
    oninput: (event) => {
      const db = Number(event.target.value);
      set(chosen, db < MIN_DB ? OFF_DB : db);
    },
  });
  const button = (text, label, act) => el("button", { class: "plain", "aria-label": label, onclick: act }, text);
  const value = el("output", {});
  const toggleButton = button("Off", "Switch the chosen crosspoint", () => toggle(chosen));
  const hint = el("small", {});
  const node = el("div", { class: "inspector", role: "group", "aria-label": "Chosen crosspoint" }, title,
    button("\u2212", "1 dB less", () => stepBy(chosen, -1)), slider, button("+", "1 dB more", () => stepBy(chosen, 1)),
    value, toggleButton, hint);
  return { node, title, slider, value, toggleButton, hint };
}

function updateInspector() {
  const db = dbOf(chosen);
  const names = [tabletName(state.tablets[chosen.tablet - 1]), channelName(state.channels[chosen.channel - 1])];
  if (chosen.side === "downlink") names.reverse();
  setText(inspector.title, names.join(" \u2192 "));
  setText(inspector.value, isOff(db) ? "off" : `${formatDb(db)} dB`);
  setText(inspector.toggleButton, isOff(db) ? "On" : "Off");
  if (document.activeElement !== inspector.slider) inspector.slider.value = isOff(db) ? MIN_DB - 1 : db;
  setText(inspector.hint, "Click twice to switch, scroll or Shift + arrows to step, or type a number");
}

function showSide(side) {
  pair.dataset.side = side;
  for (const button of document.querySelectorAll(".sides button"))
    button.setAttribute("aria-pressed", String(button.dataset.side === side));
  if (chosen.side !== side) choose({ ...chosen, side }, false);
}

function arrange() {
  byId("view-crosspoints").classList.toggle("single", !wide.matches || state.channels.length > BESIDE_MAX);
}
wide.addEventListener("change", arrange);

export function buildGrid() {
  grids = { uplink: makeGrid("uplink"), downlink: makeGrid("downlink") };
  chosen = { side: "uplink", channel: 1, tablet: 1 };
  inspector = makeInspector();
  pair = el("div", { class: "pair" }, grids.uplink.node, grids.downlink.node);
  byId("view-crosspoints").replaceChildren(
    el("div", { class: "sides", role: "group", "aria-label": "Direction" },
      ...Object.entries(SIDES).map(([side, text]) => el("button", { "data-side": side, onclick: () => showSide(side) }, text))),
    pair, inspector.node);
  grids.downlink.cells[0][0].tabIndex = 0;
  choose(chosen, false);
  showSide("uplink");
  arrange();
  updateGrid();
}

function updateCell(cell, point) {
  const db = dbOf(point), text = formatDb(db);
  const way = `${tabletName(state.tablets[point.tablet - 1])} ${point.side === "uplink" ? "to" : "from"} ${channelName(state.channels[point.channel - 1])}`;
  const label = `${way}: ${isOff(db) ? "off" : text + " dB"}`;
  if (cell.getAttribute("aria-label") === label) return;
  cell.textContent = text;
  cell.setAttribute("aria-label", label);
  cell.classList.toggle("off", isOff(db));
  cell.style.setProperty("--level", isOff(db) ? "0" : String(Math.min(1, Math.max(0.12, (db + 40) / 50))));
}

export function updateGrid() {
  for (const { side, heads, rows, cells } of Object.values(grids)) {
    state.channels.forEach((channel, c) => setText(heads[c], channelName(channel)));
    state.tablets.forEach((tablet, t) => {
      setText(rows[t], tabletName(tablet));
      cells[t].forEach((cell, c) => updateCell(cell, { side, channel: c + 1, tablet: t + 1 }));
    });
  }
  updateInspector();
}
