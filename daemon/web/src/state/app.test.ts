// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { nothing, reduce, type Action, type AppState } from "./app";
import type { Channel, FullState, Options, Tablet } from "./types";

const options: Options = {
  headroom_db: 12, party_line: true, ramp_ms: 5, vox_threshold_db: -40, vox_hang_ms: 300, talk_timeout_s: 0, busy_refusal: false,
};
const tablet = (id: number, more: Partial<Tablet> = {}): Tablet => ({
  id, name: "", mode: "open", sidetone: 0, mute: false, talk_mute: false, listen_mute: false, keys: [], capture: null, playback: null, claim: null, ...more,
});
const channel = (id: number, more: Partial<Channel> = {}): Channel => ({
  id, name: "", mute: false, active_tablets: [], capture: null, playback: null, ...more,
});
const full: FullState = {
  engine_connected: true,
  options,
  tablets: [tablet(1), tablet(2), tablet(3)],
  channels: [channel(1), channel(2)],
  uplink: [[1, 0.5, 0], [0, 1, 1]],
  downlink: [[1, 0], [0.5, 1], [0, 0]],
  devices: [],
};
const change = { type: "x", ts: 1, actor: { face: "http", name: "" }, engine_connected: true };
const run = (...actions: Action[]): AppState => actions.reduce(reduce, nothing);
const started: Action = { type: "message", message: { type: "state", state: full } };

describe("the server's state", () => {
  it("is taken whole, gains as [channel][tablet] in dB", () => {
    const { server, link } = run(started);
    expect(link).toBe("up");
    expect(server?.uplink[0]?.[1]).toBeCloseTo(-6.02, 2);
    expect(server?.uplink[0]?.[2]).toBe(-240);
    expect(server?.downlink[0]?.[1]).toBeCloseTo(-6.02, 2);
    expect(server?.downlink[1]).toEqual([-240, 0, -240]);
  });
  it("does not begin with a change", () => {
    expect(run({ type: "message", message: change }).server).toBeNull();
  });
  it("takes a change by another and leaves the rest as it is", () => {
    const before = run(started);
    const after = reduce(before, {
      type: "message",
      message: { ...change, tablets: [tablet(2, { name: "Ben", keys: [1] })], channels: [channel(1, { active_tablets: [2] })] },
    });
    expect(after.server?.tablets[1]?.name).toBe("Ben");
    expect(after.server?.channels[0]?.active_tablets).toEqual([2]);
    expect(after.server?.tablets[0]).toBe(before.server?.tablets[0]);
    expect(after.server?.uplink).toBe(before.server?.uplink);
    expect(after.server?.options).toBe(before.server?.options);
  });
  it("takes cells of both directions", () => {
    const cells = { uplink: [{ channel: 2, tablet: 1, gain: 1, gain_db: 0 }], downlink: [{ channel: 1, tablet: 3, gain: 2, gain_db: 6.02 }] };
    const { server } = run(started, { type: "message", message: { ...change, ...cells } });
    expect(server?.uplink[1]?.[0]).toBe(0);
    expect(server?.downlink[0]?.[2]).toBe(6.02);
  });
  it("cannot be hurt by ids that are not there", () => {
    const before = run(started);
    const cells = { uplink: [{ channel: 9, tablet: 1, gain: 1, gain_db: 0 }, { channel: 1, tablet: 9, gain: 1, gain_db: 0 }] };
    const after = reduce(before, { type: "message", message: { ...change, ...cells, tablets: [tablet(9)], channels: [channel(0)] } });
    expect(after.server?.uplink).toBe(before.server?.uplink);
    expect(after.server?.tablets).toHaveLength(3);
    expect(after.server?.channels).toHaveLength(2);
  });
  it("shows a gain of our own at once, and the same gain changes nothing", () => {
    const before = run(started);
    const action: Action = { type: "gains", settings: [{ side: "downlink", channel: 2, tablet: 1, db: -3 }, { side: "uplink", channel: 1, tablet: 1, db: -6 }] };
    const after = reduce(before, action);
    expect(after.server?.downlink[1]?.[0]).toBe(-3);
    expect(after.server?.uplink[0]?.[0]).toBe(-6);
    expect(before.server?.uplink[0]?.[0]).toBe(0);
    expect(reduce(after, action)).toBe(after);
    expect(reduce(nothing, action)).toBe(nothing);
  });
  it("is kept while the server is lost, and its first message ends that", () => {
    const lost = run(started, { type: "link", up: false });
    expect(lost.link).toBe("lost");
    expect(lost.server?.tablets).toHaveLength(3);
    expect(reduce(lost, started).link).toBe("up");
  });
});

describe("toasts", () => {
  it("say a thing once, and not too many things", () => {
    const say = (id: number, text: string): Action => ({ type: "toast", toast: { id, text, error: true } });
    const { toasts } = run(say(1, "a"), say(2, "b"), say(3, "a"), say(4, "c"), say(5, "d"), say(6, "e"));
    expect(toasts.map((toast) => toast.text)).toEqual(["a", "c", "d", "e"]);
    expect(run(say(1, "a"), { type: "toast-gone", id: 1 }).toasts).toEqual([]);
  });
});
