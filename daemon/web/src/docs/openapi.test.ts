// SPDX-License-Identifier: MIT
import { describe, expect, it } from "vitest";
import { fieldsOf, rangeOf, resolve, typeOf, type OpenApi, type Schema } from "./openapi";

const document = {
  info: { version: "1", description: "" }, tags: [], paths: {},
  components: { schemas: {
    Tree: { type: "object", required: ["id"], properties: { id: { type: "integer", minimum: 1, maximum: 64 }, more: { type: "array", items: { $ref: "#/components/schemas/Tree" } } } },
    Name: { type: "string", maxLength: 31, default: "" },
    Alias: { $ref: "#/components/schemas/Name" },
  } },
} as unknown as OpenApi;
const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

describe("the API's document", () => {
  it("is followed through references", () => {
    expect(resolve(document, ref("Alias")).maxLength).toBe(31);
    expect(resolve<Schema>(document, undefined)).toEqual({});
  });
  it.each<[Schema, string]>([
    [ref("Name"), "Name"], [{ type: ["integer", "null"] }, "integer | null"], [{ enum: ["a", 1] }, "\"a\" | 1"], [{ const: "state" }, "\"state\""],
    [{ anyOf: [ref("Name"), { type: "null" }] }, "Name | null"], [{ type: "array", items: ref("Tree") }, "[Tree]"],
    [{ patternProperties: { "^x$": { type: "number" } } }, "{id: number}"], [{}, "object"],
  ])("%j reads %s", (schema, text) => {
    expect(typeOf(schema)).toBe(text);
  });
  it("tells ranges", () => {
    expect(rangeOf({ minimum: 0 })).toBe("0 to \u2026");
    expect(rangeOf({ maxLength: 31, default: "" })).toBe("at most 31, default \"\"");
  });
  it("shows what holds itself once", () => {
    expect(fieldsOf(document, ref("Tree")).map(({ name, type }) => [name, type])).toEqual([["id", "integer"], ["more", "[Tree], optional"]]);
  });
});
