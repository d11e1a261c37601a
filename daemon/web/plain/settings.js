// SPDX-License-Identifier: MIT
// Options of the whole intercom, names, and one tablet's settings.

import { post, put, putLatest } from "./api.js";
import { buildDevices } from "./devices.js";
import { byId, el, setText, toast } from "./dom.js";
import { formatDb, isOff, toDb } from "./gains.js";
import { channelName, state, tabletName } from "./store.js";

const SIDETONE_MIN_DB = -60;
let updaters = [];

/** A labelled number; sent when it is changed, put back when it is refused. */
function numberField(label, unit, hint, { min, max, step }, get, send) {
  const input = el("input", { type: "number", min, max, step });
  input.addEventListener("change", async () => {
    const value = Number(input.value);
    const sent = input.value !== "" && Number.isFinite(value) ? await send(value) : null;
    if (!sent) input.value = get();
  });
  updaters.push(() => {
    if (document.activeElement !== input) input.value = Math.round(get() * 1000) / 1000;
  });
  return el("label", { class: "field" }, el("span", {}, label), el("span", { class: "with-unit" }, input, unit), el("small", {}, hint));
}

function switchField(label, hint, get, send) {
  const input = el("input", { type: "checkbox", role: "switch" });
  input.addEventListener("change", async () => {
    if (!(await send(input.checked))) input.checked = get();
  });
  updaters.push(() => (input.checked = get()));
  return el("label", { class: "field switch" }, el("span", {}, label), input, el("small", {}, hint));
}

function nameField(label, placeholder, get, path) {
  const input = el("input", { type: "text", maxlength: 40, placeholder, "aria-label": label });
  input.addEventListener("change", async () => {
    if (!(await put(path, { name: input.value }))) input.value = get();
  });
  updaters.push(() => {
    if (document.activeElement !== input) input.value = get();
  });
  return input;
}

const panel = (title, ...children) => el("section", { class: "panel" }, el("h2", {}, title), ...children);

/** Asks once more in the button itself: no dialog in the way of a running show. */
function sureButton(text, act) {
  let timer = null;
  const button = el("button", { class: "danger" }, text);
  button.addEventListener("click", async () => {
    if (!timer) {
      button.textContent = "Sure? Press again";
      timer = setTimeout(() => {
        button.textContent = text;
        timer = null;
      }, 4000);
      return;
    }
    clearTimeout(timer);
    timer = null;
    button.textContent = text;
    if (await act()) toast("Done", false);
  });
  return button;
}

function levelsPanel() {
  const uniform = el("input", { type: "number", min: -240, max: 20, step: 1, value: -12, "aria-label": "Gain for every crosspoint in dB" });
  return panel("Levels",
    numberField("Headroom", "dB", "Room kept for several voices at once, 0 to 60", { min: 0, max: 60, step: 1 },
      () => state.options.headroom_db, (value) => put("/api/headroom", { headroom_db: value })),
    numberField("Fade of every change", "ms", "1 to 1000; 5 is inaudible and clean", { min: 1, max: 1000, step: 1 },
      () => state.options.ramp_ms, (value) => put("/api/ramp", { ramp_ms: value })),
    el("div", { class: "field" }, el("span", {}, "Everyone to everyone"),
      el("span", { class: "with-unit" }, uniform, "dB"),
      sureButton("Set every crosspoint", () => put("/api/uniform", { gain_db: Number(uniform.value) }))));
}

function talkPanel() {
  const vox = (change) => put("/api/vox", {
    threshold_db: state.options.vox_threshold_db, hang_ms: state.options.vox_hang_ms, ...change });
  return panel("Talking",
    switchField("Party line", "Listeners hear the other tablets, not only the outside input",
      () => state.options.party_line, (on) => put("/api/party-line", { party_line: on })),
    switchField("Refuse a busy channel", "A key is refused while another tablet talks there",
      () => state.options.busy_refusal, (on) => put("/api/busy-refusal", { refuse: on })),
    numberField("Longest talk", "s", "A held key is released after this; 0 is never", { min: 0, max: 3600, step: 1 },
      () => state.options.talk_timeout_s, (value) => put("/api/talk-timeout", { timeout_s: value })),
    numberField("Vox opens at", "dB", "\u221280 to 0, peak level", { min: -80, max: 0, step: 1 },
      () => state.options.vox_threshold_db, (value) => vox({ threshold_db: value })),
    numberField("Vox stays open", "ms", "0 to 10000 after the last loud sample", { min: 0, max: 10000, step: 50 },
      () => state.options.vox_hang_ms, (value) => vox({ hang_ms: value })));
}

function serverPanel() {
  return panel("Server",
    el("p", {}, "The API is described at ", el("a", { href: "/docs" }, "/docs"), "."),
    el("div", { class: "buttons" },
      el("button", { class: "plain", onclick: async () => (await post("/config/reload")) && toast("Configuration read again", false) }, "Read the configuration again"),
      sureButton("Forget every setting", () => post("/api/reset"))));
}

export function buildOptions() {
  const devices = buildDevices();
  updaters = [devices.update];
  const names = state.channels.map((channel) => el("label", { class: "field" }, el("span", {}, `Channel ${channel.id}`),
    nameField(`Name of channel ${channel.id}`, `Channel ${channel.id}`, () => state.channels[channel.id - 1].name, `/api/channel/${channel.id}/name`)));
  byId("view-options").replaceChildren(levelsPanel(), talkPanel(), panel("Names of the channels", ...names),
    panel("Sound cards", ...devices.nodes), serverPanel());
  updateOptions();
}

export function updateOptions() {
  for (const update of updaters) update();
  updateTablet();
}

/* --- one tablet ------------------------------------------------------------- */

let shown = null; // what is in the dialog

function updateTablet() {
  if (!shown || !byId("tablet-dialog").open) return;
  const tablet = state.tablets[shown.id - 1];
  if (!tablet) return byId("tablet-dialog").close();
  setText(shown.title, tabletName(tablet));
  if (document.activeElement !== shown.name) shown.name.value = tablet.name;
  shown.talk.checked = !tablet.talk_mute;
  shown.listen.checked = !tablet.listen_mute;
  const db = toDb(tablet.sidetone);
  if (document.activeElement !== shown.sidetone) shown.sidetone.value = isOff(db) ? SIDETONE_MIN_DB - 1 : Math.round(db);
  setText(shown.sidetoneText, isOff(db) ? "off" : `${formatDb(db)} dB`);
}

export function openTablet(id) {
  const dialog = byId("tablet-dialog");
  const path = `/api/tablet/${id}`;
  const box = (name, change) => el("input", { type: "checkbox", role: "switch", "aria-label": name, onchange: change });
  shown = {
    id,
    title: el("h2", { id: "tablet-dialog-title" }),
    name: el("input", { type: "text", maxlength: 40, placeholder: `Tablet ${id}`, value: state.tablets[id - 1].name,
      onchange: (event) => put(`${path}/name`, { name: event.target.value }) }),
    talk: box("Talks", (event) => put(`${path}/talk-mute`, { mute: !event.target.checked })),
    listen: box("Listens", (event) => put(`${path}/listen-mute`, { mute: !event.target.checked })),
    sidetone: el("input", { type: "range", min: SIDETONE_MIN_DB - 1, max: 0, step: 1, "aria-label": "Sidetone",
      oninput: (event) => {
        const db = Number(event.target.value);
        putLatest(`${path}/sidetone`, { gain_db: db < SIDETONE_MIN_DB ? -240 : db });
      } }),
    sidetoneText: el("output", {}),
  };
  dialog.replaceChildren(shown.title,
    el("label", { class: "field" }, el("span", {}, "Name"), shown.name),
    el("label", { class: "field switch" }, el("span", {}, "Talks"), shown.talk, el("small", {}, "Off: nothing of this tablet reaches a channel")),
    el("label", { class: "field switch" }, el("span", {}, "Listens"), shown.listen, el("small", {}, "Off: this tablet hears nothing")),
    el("label", { class: "field" }, el("span", {}, "Sidetone"), el("span", { class: "with-unit" }, shown.sidetone, shown.sidetoneText), el("small", {}, "The own voice in the own listen mix")),
    el("div", { class: "buttons" },
      el("button", { class: "plain", onclick: () => post(`${path}/release`) }, "Release its keys"),
      el("button", { class: "primary", onclick: () => dialog.close() }, "Close")));
  dialog.showModal();
  updateTablet();
}
