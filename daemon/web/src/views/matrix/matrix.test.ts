// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { hit, layout, nearest, scrollTo, zoomed } from "./geometry";
import { all, column, contains, dragAll, moved, one, points, row, setAll, stepAll, toggleAll, within, type Remembered } from "./selection";

const extent = { channels: 4, tablets: 16 };
const at = (channel: number, tablet: number) => ({ channel, tablet });
const gains = [[0, -240, -60], [-240, -240, -240]];

describe("what is chosen", () => {
  it("is a rectangle, whichever corner it began at", () => {
    const back = { side: "uplink" as const, anchor: at(2, 3), focus: at(1, 2) };
    expect(points(back)).toEqual([at(1, 2), at(2, 2), at(1, 3), at(2, 3)]);
    expect(contains(back, at(2, 2))).toBe(true);
    expect(contains(back, at(3, 2))).toBe(false);
  });
  it("is a row, a column, everything", () => {
    expect(points(row("uplink", 3, extent))).toHaveLength(4);
    expect(points(column("uplink", 3, extent))).toHaveLength(16);
    expect(points(all("uplink", extent))).toHaveLength(64);
  });
  it("moves, stays inside, and grows from its anchor", () => {
    const first = one("downlink", at(1, 1));
    expect(moved(first, -1, 64, extent, false).focus).toEqual(at(1, 16));
    const grown = moved(moved(first, 1, 0, extent, true), 0, 1, extent, true);
    expect([grown.anchor, grown.focus]).toEqual([at(1, 1), at(2, 2)]);
    expect(within(grown, extent)).toBe(grown);
    expect(within(grown, { channels: 1, tablets: 1 }).focus).toEqual(at(1, 1));
  });
});

describe("gains of many", () => {
  const chosen = { side: "uplink" as const, anchor: at(1, 1), focus: at(1, 3) };
  const off = one("uplink", at(2, 1));
  const dbs = (settings: readonly { db: number }[]) => settings.map(({ db }) => db);
  it("are set alike", () => expect(dbs(setAll(chosen, -3))).toEqual([-3, -3, -3]));
  it("step together, and what is off stays off", () => {
    expect(dbs(stepAll(chosen, gains, 1))).toEqual([1, -59]);
    expect(dbs(stepAll(chosen, gains, -1))).toEqual([-1, -240]);
    expect(dbs(stepAll(off, gains, 1))).toEqual([-60]);
  });
  it("are dragged from where they began", () => {
    expect(dbs(dragAll(chosen, gains, 30))).toEqual([20, -30]);
    expect(dbs(dragAll(chosen, gains, -10))).toEqual([-10, -240]);
    expect(dbs(dragAll(off, gains, 5))).toEqual([-56]);
    expect(dbs(dragAll(off, gains, 0))).toEqual([-240]);
  });
  it("are switched off and come back as they were", () => {
    const kept: Remembered = new Map();
    expect(dbs(toggleAll(chosen, gains, kept))).toEqual([-240, -240, -240]);
    expect(dbs(toggleAll(chosen, [[-240, -240, -240]], kept))).toEqual([0, -12, -60]);
  });
});

describe("where things are", () => {
  const grid = layout({ channels: 64, tablets: 64 }, 1, 800);
  const none = { left: 0, top: 0 };
  it("is found under a finger, heads before cells", () => {
    expect(hit(grid, none, 5, 5)).toEqual({ kind: "corner" });
    expect(hit(grid, none, 140, 5)).toEqual({ kind: "column", channel: 1 });
    expect(hit(grid, { left: 620, top: 440 }, 133, 47)).toEqual({ kind: "cell", point: at(11, 11) });
    expect(hit(grid, { left: 620, top: 440 }, 5, 47)).toEqual({ kind: "row", tablet: 11 });
    expect(hit(layout({ channels: 1, tablets: 1 }, 1, 800), none, 700, 700)).toEqual({ kind: "nothing" });
    expect(nearest(grid, none, -50, 9999999)).toEqual(at(1, 64));
  });
  it("fills the room that there is: names first, then cells", () => {
    expect(layout(extent, 1, 600)).toMatchObject({ headWidth: 176, cellWidth: 106 });
    expect(layout(extent, 1, 366)).toMatchObject({ headWidth: 118, cellWidth: 62 });
    expect(layout(extent, 1, 300)).toMatchObject({ headWidth: 92, cellWidth: 62 });
  });
  it("comes into sight with the least scrolling", () => {
    const view = { width: 800, height: 600 };
    expect(scrollTo(grid, none, view, at(2, 2))).toEqual(none);
    expect(scrollTo(grid, none, view, at(64, 64))).toEqual({ left: 64 * 62 - 668, top: 64 * 44 - 554 });
    expect(scrollTo(grid, { left: 999, top: 999 }, view, at(1, 1))).toEqual(none);
  });
  it("stays under two fingers", () => {
    const after = layout({ channels: 64, tablets: 64 }, 2, 800);
    const scroll = zoomed(grid, after, { left: 100, top: 100 }, 300, 300);
    expect(hit(after, scroll, 300, 300)).toEqual(hit(grid, { left: 100, top: 100 }, 300, 300));
  });
});
