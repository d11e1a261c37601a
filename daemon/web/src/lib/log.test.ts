// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { dataText, isAtLeast, withMessages, type LogRecord } from "./log";

const record = (ts: number, more: Partial<LogRecord> = {}): LogRecord => ({ ts, level: "info", event_type: "a.b", message: `at ${ts}`, data: {}, ...more });

describe("the log", () => {
  it("grows at its end and is bounded", () => {
    const many = withMessages([], Array.from({ length: 600 }, (_, i) => record(i + 1)));
    expect(many).toHaveLength(500);
    expect(many[0]?.message).toMatchObject({ ts: 101 });
    expect(new Set(withMessages(many, [record(700)]).map(({ key }) => key)).size).toBe(500);
  });
  it("does not repeat what came before a reconnection", () => {
    const before = withMessages([], [record(1), record(2)]);
    expect(withMessages(before, [record(1), record(2)])).toBe(before);
    expect(withMessages(before, [record(2), record(3)]).map(({ message }) => message)).toEqual([record(1), record(2), record(3)]);
  });
  it("says what is missing", () => {
    expect(withMessages(withMessages([], [record(1)]), [{ missed: 3 }, record(9)])).toHaveLength(3);
    expect(isAtLeast({ missed: 3 }, "error")).toBe(true);
  });
  it("can be looked through by level", () => {
    expect(isAtLeast(record(1), "warning")).toBe(false);
    expect(isAtLeast(record(1, { level: "error" }), "warning")).toBe(true);
  });
  it("shows data that the words do not have", () => {
    expect(dataText(record(1, { message: "Named \"Gate\"", data: { name: "Gate", by: "http", more: { a: 1 } } }))).toBe("by=http");
  });
});
