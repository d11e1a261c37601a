// SPDX-License-Identifier: MIT
// What the server has, as it last told us: a pure reducer.

import { toDb } from "../lib/gains";
import type { Cell, Channel, Device, FullState, Options, ServerMessage, Tablet } from "./types";

export type Side = "uplink" | "downlink";
/** [channel][tablet], dB: both directions alike */
export type Gains = readonly (readonly number[])[];

export interface ServerState {
  /** the audio graph is there */
  readonly engine: boolean;
  readonly options: Options;
  readonly tablets: readonly Tablet[];
  readonly channels: readonly Channel[];
  /** tablet to channel */
  readonly uplink: Gains;
  /** channel to tablet */
  readonly downlink: Gains;
  readonly devices: readonly Device[];
}

/** One crosspoint and its new gain. */
export interface Setting {
  readonly side: Side;
  readonly channel: number;
  readonly tablet: number;
  readonly db: number;
}

export type ServerAction =
  | { readonly type: "message"; readonly message: ServerMessage }
  /** Shown at once; the server's event comes right after and has the last word. */
  | { readonly type: "gains"; readonly settings: readonly Setting[] };

const turned = (rows: readonly (readonly number[])[], n: number): Gains =>
  Array.from({ length: n }, (_, c) => rows.map((row) => toDb(row[c] ?? 0)));

function whole(full: FullState): ServerState {
  return {
    engine: full.engine_connected,
    options: full.options,
    tablets: full.tablets,
    channels: full.channels,
    uplink: full.uplink.map((row) => row.map(toDb)),
    downlink: turned(full.downlink, full.channels.length),
    devices: full.devices,
  };
}

/** Things with an id from 1, each in its place. */
function placed<Item extends { readonly id: number }>(list: readonly Item[], changed: readonly Item[] | undefined): readonly Item[] {
  if (!changed?.length) return list;
  const next = [...list];
  for (const item of changed) if (item.id >= 1 && item.id <= list.length) next[item.id - 1] = item;
  return next;
}

function withGains(gains: Gains, cells: readonly { channel: number; tablet: number; db: number }[]): Gains {
  if (cells.length === 0) return gains;
  const next = [...gains];
  const own = new Set<number>(); // rows that are copies already
  for (const { channel, tablet, db } of cells) {
    const row = next[channel - 1];
    if (!row || tablet < 1 || tablet > row.length || row[tablet - 1] === db) continue;
    const copy = own.has(channel) ? (row as number[]) : [...row];
    copy[tablet - 1] = db;
    next[channel - 1] = copy;
    own.add(channel);
  }
  return own.size ? next : gains;
}

const inDb = (cells: readonly Cell[] | undefined) =>
  (cells ?? []).map(({ channel, tablet, gain_db }) => ({ channel, tablet, db: gain_db }));

export function reduceServer(state: ServerState | null, action: ServerAction): ServerState | null {
  if (action.type === "gains") {
    if (!state) return state;
    const uplink = withGains(state.uplink, action.settings.filter((setting) => setting.side === "uplink"));
    const downlink = withGains(state.downlink, action.settings.filter((setting) => setting.side === "downlink"));
    return uplink === state.uplink && downlink === state.downlink ? state : { ...state, uplink, downlink };
  }
  const { message } = action;
  if ("state" in message) return whole(message.state);
  if (!state) return state;
  return {
    engine: message.engine_connected,
    options: message.options ?? state.options,
    tablets: placed(state.tablets, message.tablets),
    channels: placed(state.channels, message.channels),
    uplink: withGains(state.uplink, inDb(message.uplink)),
    downlink: withGains(state.downlink, inDb(message.downlink)),
    devices: message.devices ?? state.devices,
  };
}

export const tabletName = (tablet: Tablet | undefined): string => (tablet ? tablet.name || `Tablet ${tablet.id}` : "");
export const channelName = (channel: Channel | undefined): string => (channel ? channel.name || `Channel ${channel.id}` : "");
