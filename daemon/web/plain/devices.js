// SPDX-License-Identifier: MIT
// Sound cards: what is there or missing, and who is plugged into it.

import { el } from "./dom.js";
import { channelName, state, tabletName } from "./store.js";

const BIND = "partylinectl bind channel 1 capture card:ID";

function userName(use) {
  const name = use.kind === "tablet" ? tabletName(state.tablets[use.id - 1]) : channelName(state.channels[use.id - 1]);
  return use.port ? `${name}, port ${use.port}` : name;
}

function row(device) {
  const [first, ...others] = device.names;
  return el("tr", { "data-state": device.state },
    el("td", { title: others.join("\n") || null }, first, el("small", {}, device.description)),
    el("td", {}, device.direction),
    el("td", { class: "device-state" }, device.state),
    el("td", {}, device.bound.map(userName).join("; ") || "\u2013"));
}

export function buildDevices() {
  const body = el("tbody", {});
  const none = el("p", {}, "No sound card is there or bound.");
  const table = el("table", { class: "devices" },
    el("thead", {}, el("tr", {}, ...["Sound card", "Side", "State", "Bound to"].map((text) => el("th", { scope: "col" }, text)))), body);
  let shown = null;
  const update = () => {
    // names of channels and tablets are in it too
    const now = JSON.stringify([state.devices, state.devices.map((device) => device.bound.map(userName))]);
    if (now === shown) return;
    shown = now;
    body.replaceChildren(...state.devices.map(row));
    table.hidden = state.devices.length === 0;
    none.hidden = state.devices.length > 0;
  };
  return { update, nodes: [table, none, el("p", {}, "Bind one with ", el("code", {}, BIND), ".")] };
}
