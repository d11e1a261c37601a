// SPDX-License-Identifier: MIT
import { expect, it } from "vitest";
import { someOf } from "./words";

it("names some of many, and how many more there are", () => {
  expect(someOf([], 2)).toBe("");
  expect(someOf(["Anna", "Ben"], 2)).toBe("Anna, Ben");
  expect(someOf(["Anna", "Ben", "Carla", "Dora"], 2)).toBe("Anna, Ben +2");
});
