// SPDX-License-Identifier: MIT
// What of OpenAPI 3.1 our document uses, and how its schemas read as fields.

export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly default?: unknown;
  readonly description?: string;
}

export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly description?: string;
  readonly schema: Schema;
}

export interface Body {
  readonly description?: string;
  readonly $ref?: string;
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
}

export interface Operation {
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: Body;
  readonly responses: Readonly<Record<string, Body>>;
  readonly "x-messages"?: Readonly<Record<string, Schema>>;
}

export interface OpenApi {
  readonly info: { readonly version: string; readonly description: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Follows references to their end. */
export function resolve<Item extends { readonly $ref?: string }>(document: OpenApi, item: Item | undefined): Item {
  let at: unknown = item;
  while (typeof at === "object" && at !== null && "$ref" in at && typeof at.$ref === "string")
    at = at.$ref.slice(2).split("/").reduce<unknown>((inside, name) => (inside as Record<string, unknown>)[name], document);
  return (at ?? {}) as Item;
}

export function typeOf(schema: Schema): string {
  const name = schema.$ref?.split("/").pop();
  if (name) return name;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const several = schema.oneOf ?? schema.anyOf;
  if (several) return several.map(typeOf).join(" | ");
  if (schema.type === "array") return `[${schema.items ? typeOf(schema.items) : ""}]`;
  const inner = Object.values(schema.patternProperties ?? {})[0];
  if (inner) return `{id: ${typeOf(inner)}}`;
  return [schema.type ?? "object"].flat().join(" | ");
}

export function rangeOf(schema: Schema): string {
  const { minimum, maximum, maxLength } = schema;
  return [
    minimum === undefined && maximum === undefined ? "" : `${minimum ?? "\u2026"} to ${maximum ?? "\u2026"}`,
    maxLength ? `at most ${maxLength}` : "",
    schema.default === undefined ? "" : `default ${JSON.stringify(schema.default)}`,
  ].filter(Boolean).join(", ");
}

export interface Field {
  readonly name: string;
  readonly type: string;
  readonly range: string;
  readonly text: string;
}

/** Every field with its place, objects in objects included; what holds itself is shown once. */
export function fieldsOf(document: OpenApi, schema: Schema, prefix = "", seen: readonly Schema[] = []): readonly Field[] {
  const whole = resolve(document, schema);
  if (seen.includes(whole)) return [];
  return Object.entries(whole.properties ?? {}).flatMap(([name, field]) => {
    const inner = resolve(document, field);
    const type = whole.required?.includes(name) ? typeOf(field) : `${typeOf(field)}, optional`;
    const one: Field = { name: prefix + name, type, range: rangeOf(inner), text: inner.description ?? "" };
    const below = fieldsOf(document, field, `${prefix}${name}.`, [...seen, whole]);
    const items = inner.type === "array" && inner.items ? fieldsOf(document, inner.items, `${prefix}${name}[].`, [...seen, whole]) : [];
    return [one, ...below, ...items];
  });
}
