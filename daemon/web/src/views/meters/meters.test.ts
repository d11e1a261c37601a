// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { arrange } from "./arrange";

describe("a bridge of meters", () => {
  it("is one row where it fits, and has as many columns in each as needed", () => {
    expect(arrange(16, 1100, 600).rows).toHaveLength(1);
    const { places, rows } = arrange(64, 800, 900);
    expect(rows).toHaveLength(3);
    expect(new Set(places.map(({ y }) => y)).size).toBe(3);
  });
  it("stays inside its width, and no bar lies on another", () => {
    for (const n of [1, 7, 64, 128]) {
      const { places, height } = arrange(n, 390, 500);
      expect(Math.max(...places.map(({ x, width }) => x + width))).toBeLessThanOrEqual(390);
      expect(Math.max(...places.map(({ y, height: bar }) => y + bar))).toBeLessThanOrEqual(height);
      places.forEach((place, i) => {
        const before = places[i - 1];
        if (before?.y === place.y) expect(place.x).toBeGreaterThan(before.x + before.width);
      });
    }
  });
  it("becomes higher than the window rather than too low", () => {
    expect(arrange(128, 390, 500).height).toBeGreaterThan(500);
    expect(arrange(4, 390, 500).height).toBe(500);
  });
  it("is empty without meters", () => expect(arrange(0, 390, 500).places).toEqual([]));
});
