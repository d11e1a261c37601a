// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { formatAge, formatBytes, formatLength, formatNumber, formatTime } from "./format";

describe("numbers and times", () => {
  it.each([[0, 0, "0"], [1234567, 0, "1,234,567"], [-1.25, 1, "\u22121.3"], [-0.01, 1, "0.0"], [null, 0, "\u2013"], [NaN, 2, "\u2013"]])("%d with %d decimals is %s", (value, decimals, text) => {
    expect(formatNumber(value, decimals)).toBe(text);
  });
  it.each([[0, "0 B"], [999, "999 B"], [1500, "1.5 kB"], [35_400_000, "35 MB"], [2.5e15, "2,500 TB"]])("%d bytes are %s", (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
  it.each([[8.46, "8.5 s"], [60, "1:00"], [125, "2:05"], [3661, "1:01:01"]])("%d s long is %s", (seconds, text) => {
    expect(formatLength(seconds)).toBe(text);
  });
  it.each([[5, "5 s"], [60, "1 min"], [7199, "119 min"], [7200, "2 h"], [200_000, "2 days"]])("%d s ago is %s", (seconds, text) => {
    expect(formatAge(seconds)).toBe(text);
  });
  it("has the day only when it is another", () => {
    const noon = new Date(2026, 4, 3, 12, 0, 5);
    expect(formatTime(noon.getTime() / 1000, noon)).toBe("12:00:05");
    expect(formatTime(noon.getTime() / 1000, new Date(2026, 4, 4))).toBe("2026-05-03 12:00:05");
  });
});
