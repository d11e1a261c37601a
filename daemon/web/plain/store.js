// SPDX-License-Identifier: MIT
// What the server has, as it last told us. Everything on the page is drawn from here.

import { toDb } from "./gains.js";

export const state = {
  ready: false,
  engine: false,
  options: {},
  tablets: [],
  channels: [],
  uplink: [], // [channel][tablet], dB
  downlink: [], // [channel][tablet], dB
  devices: [],
};

const listeners = new Set();
export const onChange = (listener) => listeners.add(listener);

/** @param what "all" when sizes may differ, else "part" */
function tell(what) {
  for (const listener of listeners) listener(what);
}

const dbRows = (rows) => rows.map((row) => row.map(toDb));
const turned = (rows, n) => Array.from({ length: n }, (_, c) => rows.map((row) => toDb(row[c])));

function replaceAll(full) {
  const resized =
    full.tablets.length !== state.tablets.length || full.channels.length !== state.channels.length;
  state.ready = true;
  state.engine = full.engine_connected;
  state.options = full.options;
  state.tablets = full.tablets;
  state.channels = full.channels;
  state.uplink = dbRows(full.uplink);
  state.downlink = turned(full.downlink, full.channels.length);
  state.devices = full.devices;
  tell(resized ? "all" : "part");
}

export function apply(event) {
  if (event.type === "state") return replaceAll(event.state);
  if (!state.ready) return;
  state.engine = event.engine_connected;
  if (event.options) state.options = event.options;
  if (event.devices) state.devices = event.devices;
  for (const tablet of event.tablets ?? []) state.tablets[tablet.id - 1] = tablet;
  for (const channel of event.channels ?? []) state.channels[channel.id - 1] = channel;
  for (const cell of event.uplink ?? []) state.uplink[cell.channel - 1][cell.tablet - 1] = cell.gain_db;
  for (const cell of event.downlink ?? []) state.downlink[cell.channel - 1][cell.tablet - 1] = cell.gain_db;
  tell("part");
}

/** Shown at once; the server's event comes right after and has the last word. */
export function setLocally(side, channel, tablet, db) {
  state[side][channel - 1][tablet - 1] = db;
  tell("part");
}

export const tabletName = (tablet) => tablet.name || `Tablet ${tablet.id}`;
export const channelName = (channel) => channel.name || `Channel ${channel.id}`;
