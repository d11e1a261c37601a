// SPDX-License-Identifier: MIT
// Wires the page: the streams into the store, the store onto the views.

import { post, stream } from "./api.js";
import { byId, setText } from "./dom.js";
import { buildGrid, updateGrid } from "./grid.js";
import "./session.js";
import { buildOptions, updateOptions } from "./settings.js";
import { buildStations, clearMeters, showMeters, updateStations } from "./stations.js";
import { apply, onChange, state } from "./store.js";

const METERS_HZ = 30;
let connected = false;

/* --- what is up with the server ------------------------------------------------ */

function showStatus() {
  const status = byId("status");
  const kind = !connected ? "lost" : state.engine ? "ok" : "idle";
  const text = { lost: "No server", ok: "On air", idle: "No audio" }[kind];
  status.dataset.state = state.ready || !connected ? kind : "wait";
  setText(status.lastElementChild, text);
  const banner = byId("banner");
  banner.dataset.state = kind;
  banner.hidden = kind === "ok" || !state.ready;
  if (kind === "lost") setText(banner, "The server does not answer. This page resumes by itself as soon as it is back.");
  if (kind === "idle") setText(banner, "The audio graph is not there. Settings are kept and take effect when it comes back.");
  document.body.classList.toggle("lost", !connected && state.ready);
}

onChange((what) => {
  if (what === "all") {
    buildStations();
    buildGrid();
    buildOptions();
  } else {
    updateStations();
    updateGrid();
    updateOptions();
  }
  showStatus();
});

stream("/ws/events", {
  onOpen: () => {
    connected = true;
    showStatus();
  },
  onMessage: apply,
  onLost: () => {
    connected = false;
    // a key that is still held stays held: the server remembers it, and letting go waits for it
    clearMeters();
    showStatus();
  },
});

stream(`/ws/vu?detail=full&hz=${METERS_HZ}`, {
  onMessage: (frame) => state.ready && connected && showMeters(frame),
});

byId("release-all").addEventListener("click", () => post("/api/release"));

/* --- views ------------------------------------------------------------------------ */

const tabs = [...document.querySelectorAll("[role=tab]")];

function showView(tab, focus) {
  for (const other of tabs) {
    const on = other === tab;
    other.setAttribute("aria-selected", String(on));
    other.tabIndex = on ? 0 : -1;
    byId(other.getAttribute("aria-controls")).hidden = !on;
  }
  byId("channels").hidden = tab.id !== "tab-stations";
  if (focus) tab.focus();
  history.replaceState(null, "", tab.id === "tab-stations" ? "/" : `#${tab.id.slice(4)}`);
}

for (const tab of tabs) {
  tab.addEventListener("click", () => showView(tab));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) showView(tabs[(tabs.indexOf(tab) + step + tabs.length) % tabs.length], true);
  });
}
const wanted = tabs.find((tab) => location.hash === `#${tab.id.slice(4)}`);
if (wanted) showView(wanted);
