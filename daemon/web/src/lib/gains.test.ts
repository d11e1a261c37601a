// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { OFF_DB, formatDb, isOff, parseDb, stepDb, toDb, withUnit } from "./gains";

describe("gains", () => {
  it("are decibels of linear values", () => {
    expect(toDb(0)).toBe(OFF_DB);
    expect(toDb(0.25118864315095801)).toBeCloseTo(-12, 9);
    expect(isOff(OFF_DB)).toBe(true);
    expect(isOff(-60)).toBe(false);
  });
  it.each([[-12.000001, "\u221212"], [-7.5, "\u22127.5"], [3.25, "+3.3"], [0.01, "0"], [-240, "off"]])("%d reads %s", (db, text) => {
    expect(formatDb(db)).toBe(text);
  });
  it("carry their unit", () => {
    expect(withUnit(-3)).toBe("\u22123 dB");
    expect(withUnit(OFF_DB)).toBe("off");
  });
  it.each([["-12", -12], ["\u22126.5 dB", -6.5], ["+3", 3], ["0,5", 0.5], ["off", OFF_DB], [" 20 ", 20]])("typed %s is %d", (text, db) => {
    expect(parseDb(text)).toBe(db);
  });
  it.each(["", "x", "1e3", "21", "-241", "--1", "1.2.3", "NaN", "Infinity"])("typed %s is nonsense", (text) => {
    expect(parseDb(text)).toBeNaN();
  });
  it("step to off and back", () => {
    expect(stepDb(-12, 1)).toBe(-11);
    expect(stepDb(-60, -1)).toBe(OFF_DB);
    expect(stepDb(OFF_DB, -1)).toBe(OFF_DB);
    expect(stepDb(OFF_DB, 1)).toBe(-60);
    expect(stepDb(20, 1)).toBe(20);
  });
});
