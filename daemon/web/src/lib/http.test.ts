// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { reasonOf } from "./http";

describe("a refusal", () => {
  it("is told in words", () => {
    expect(reasonOf({ detail: "Not Found" })).toBe("Not Found");
    expect(reasonOf({ detail: [{ loc: ["body", "headroom_db"], msg: "too much" }, { loc: ["path", "tablet"], msg: "no" }] }))
      .toBe("headroom_db: too much; tablet: no");
    expect(reasonOf(null)).toBe("");
    expect(reasonOf({ detail: 3 })).toBe("");
  });
});
