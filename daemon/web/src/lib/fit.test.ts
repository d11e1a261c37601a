// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { fitNames, inLines, shorten } from "./fit";

const letters = (text: string) => Array.from(text).length;

describe("names in little room", () => {
  it("are whole where they fit", () => {
    expect(shorten("Anna", 4, letters)).toBe("Anna");
    expect(inLines("Fly tower", 9, 2, letters)).toEqual(["Fly tower"]);
  });
  it("keep both ends", () => {
    expect(shorten("Camera position 12", 9, letters)).toBe("Came\u2026n 12");
    expect(shorten("\u{1F3A5}\u{1F3A5}\u{1F3A5}\u{1F3A5}9", 4, letters)).toBe("\u{1F3A5}\u{1F3A5}\u20269");
    expect(shorten("Camera", 0, letters)).toBe("\u2026");
  });
  it("go on on a second line, by words if they can", () => {
    expect(inLines("Front of house", 10, 2, letters)).toEqual(["Front of", "house"]);
    expect(inLines("Kameraoperator 1", 8, 2, letters)).toEqual(["Kameraop", "erator 1"]);
    expect(inLines("Camera on the long crane 3", 8, 2, letters)).toEqual(["Camera", "on t\u2026e 3"]);
    expect(inLines("Lichtstellwerk links 2", 8, 2, letters)).toEqual(["Lich\u2026erk", "links 2"]);
    expect(inLines("Front of house", 10, 1, letters)).toEqual(["Front\u2026ouse"]);
  });
  it("do not look alike, at worst by their number", () => {
    const name = (id: number, text: string) => ({ id, text, room: 8 });
    expect(fitNames([name(1, "Camera 1"), name(2, "Camera 2")], 1, letters)).toEqual([["Camera 1"], ["Camera 2"]]);
    const alike = fitNames([name(7, "Stage left desk"), name(8, "Stage right desk"), name(9, "Gate")], 1, letters);
    expect(alike).toEqual([["7 St\u2026esk"], ["8 St\u2026esk"], ["Gate"]]);
  });
});
