// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { noGateway, reduceGateway, type GatewayAction, type GatewayState } from "./gateway";
import type { Clip, GatewayDocument, GatewayLine, GatewayStream, PageRecord } from "./gateway-types";

const stream = (id: string, state: "running" | "silent" = "running") => ({ id, endpoint: "channel.1", status: { state } }) as unknown as GatewayStream;
const line = (id: string, state: "active" | "inactive") => ({ id, line: 4, channel: 1, status: { state } }) as unknown as GatewayLine;
const record = (message_id: string, clip_complete = false) => ({ message_id, page_id: "gate", clip: "x.wav", clip_complete }) as unknown as PageRecord;
const whole: GatewayDocument = {
  trouble: "", streams: [stream("mill"), stream("hill")], gpio: { lines: [line("a", "inactive"), line("b", "inactive")] },
  tones: { pages: [] }, export: { mqtt: null, s3: null, clips: null },
};
const run = (...actions: GatewayAction[]): GatewayState => actions.reduce(reduceGateway, noGateway);
const fetched: GatewayAction = { type: "gateway", asOf: 0, document: whole, history: [record("1")] };
const told = (type: string, more: object = {}): GatewayAction => ({ type: "message", message: { type, ...more } });

describe("the gateway", () => {
  it("is taken whole, and is fresh then", () => {
    const state = run(fetched, { type: "clips", asOf: 0, clips: [{ name: "x.wav" } as Clip] });
    expect([state.definitionsStale, state.clipsStale]).toEqual([false, false]);
    expect(state.streams.map(({ id }) => id)).toEqual(["mill", "hill"]);
    expect(state.clips).toHaveLength(1);
  });
  it("is not listened to before somebody shows it", () => {
    expect(run(told("page", { page: record("9") }))).toEqual({ ...noGateway, told: 1 });
    expect(run(told("stream", { stream: stream("mill", "silent") }))).toBe(noGateway);
  });
  it("takes another state of a stream or line", () => {
    const state = run(fetched, told("stream", { stream: stream("hill", "silent") }), told("line", { line: line("a", "active") }));
    expect(state.streams.map(({ status }) => status.state)).toEqual(["running", "silent"]);
    expect(state.definitions?.lines.map(({ status }) => status.state)).toEqual(["active", "inactive"]);
  });
  it("cannot be hurt by what is gone", () => {
    const before = run(fetched);
    expect(reduceGateway(before, told("stream", { stream: stream("gone") })).streams).toBe(before.streams);
    expect(reduceGateway(before, told("stream", { stream: null }))).toBe(before);
  });
  it("is asked for again when something was told meanwhile", () => {
    for (const meanwhile of [told("gateway"), told("line", { line: line("a", "active") }), told("page", { page: record("9") })]) {
      const late = run(meanwhile, fetched, { type: "clips", asOf: 0, clips: [] });
      expect([late.definitionsStale, late.clipsStale]).toEqual([true, true]);
      const again = [{ ...fetched, asOf: 1 }, { type: "clips", asOf: 1, clips: [] }] as GatewayAction[];
      const fresh = again.reduce(reduceGateway, late);
      expect([fresh.definitionsStale, fresh.clipsStale]).toEqual([false, false]);
    }
    expect(run(told("stream", { stream: stream("hill", "silent") }), fetched).definitionsStale).toBe(false);
  });
  it("puts a new page first and changes a known one in its place", () => {
    const state = run(fetched, { type: "clips", asOf: 0, clips: [] }, told("page", { page: record("2") }), told("page", { page: record("1", true) }));
    expect(state.history.map(({ message_id, clip_complete }) => [message_id, clip_complete])).toEqual([["2", false], ["1", true]]);
    expect(state.clipsStale).toBe(true);
  });
  it("is stale after a change of definitions and after the line was lost", () => {
    const fresh = run(fetched, { type: "clips", asOf: 0, clips: [] });
    expect(reduceGateway(fresh, told("gateway")).definitionsStale).toBe(true);
    expect(reduceGateway(fresh, told("gateway")).clipsStale).toBe(false);
    expect(reduceGateway(fresh, told("state")).clipsStale).toBe(true);
    expect(reduceGateway(fresh, told("matrix"))).toBe(fresh);
  });
});
