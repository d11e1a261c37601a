// SPDX-License-Identifier: MIT
// What the server says, as /openapi.json describes it.

import type { GatewayChange } from "./gateway-types";

export type Mode = "open" | "momentary" | "latch" | "vox";

export interface Binding {
  readonly device: string;
  readonly port: number | null;
}

/** Who sits at a tablet with a browser. */
export interface Claim {
  readonly label: string;
  readonly peer: string;
  /** seconds since 1970 */
  readonly since: number;
  readonly present: boolean;
  readonly keys: readonly number[];
}

export interface Tablet {
  readonly id: number;
  readonly name: string;
  readonly mode: Mode;
  /** linear */
  readonly sidetone: number;
  readonly mute: boolean;
  readonly talk_mute: boolean;
  readonly listen_mute: boolean;
  /** channels whose key it holds */
  readonly keys: readonly number[];
  readonly capture: Binding | null;
  readonly playback: Binding | null;
  readonly claim: Claim | null;
}

export interface Channel {
  readonly id: number;
  readonly name: string;
  readonly mute: boolean;
  /** tablets that hold its key */
  readonly active_tablets: readonly number[];
  readonly capture: Binding | null;
  readonly playback: Binding | null;
}

export interface Options {
  readonly headroom_db: number;
  readonly party_line: boolean;
  readonly ramp_ms: number;
  readonly vox_threshold_db: number;
  readonly vox_hang_ms: number;
  readonly talk_timeout_s: number;
  readonly busy_refusal: boolean;
}

export interface DeviceUse {
  readonly kind: "tablet" | "channel";
  readonly id: number;
  /** 0: all */
  readonly port: number;
}

export interface Device {
  readonly names: readonly string[];
  readonly description: string;
  readonly direction: "capture" | "playback";
  /** 0: not known */
  readonly ports: number;
  readonly rate_hz: number;
  readonly state: "idle" | "running" | "error" | "missing";
  readonly bound: readonly DeviceUse[];
}

export interface Cell {
  readonly channel: number;
  readonly tablet: number;
  /** linear */
  readonly gain: number;
  readonly gain_db: number;
}

/** `GET /api/state` and the first message of /ws/events. */
export interface FullState {
  readonly engine_connected: boolean;
  readonly options: Options;
  readonly tablets: readonly Tablet[];
  readonly channels: readonly Channel[];
  /** [channel][tablet], linear */
  readonly uplink: readonly (readonly number[])[];
  /** [tablet][channel], linear */
  readonly downlink: readonly (readonly number[])[];
  readonly devices: readonly Device[];
}

/** A change: everything that differs, as it is now. */
export interface ChangeEvent {
  readonly type: string;
  readonly ts: number;
  readonly actor: { readonly face: string; readonly name: string };
  readonly engine_connected: boolean;
  readonly options?: Options;
  readonly tablets?: readonly Tablet[];
  readonly channels?: readonly Channel[];
  readonly uplink?: readonly Cell[];
  readonly downlink?: readonly Cell[];
  readonly devices?: readonly Device[];
}

export type ServerMessage = { readonly type: "state"; readonly state: FullState } | (ChangeEvent & GatewayChange);

/** `GET /api/session`: who this page speaks as. */
export interface Session {
  readonly role: "view" | "operate" | "admin";
  readonly token: string | null;
}
