// SPDX-License-Identifier: MIT
// /openapi.json for people.

import { byId, el } from "./dom.js";

let doc = null;

function resolve(schema) {
  while (schema?.$ref) schema = schema.$ref.slice(2).split("/").reduce((at, name) => at[name], doc);
  return schema ?? {};
}

function typeOf(schema) {
  const name = schema.$ref?.split("/").pop();
  if (name) return name;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.oneOf) return schema.oneOf.map(typeOf).join(" | ");
  if (schema.type === "array") return `[${typeOf(schema.items)}]`;
  if (schema.patternProperties) return `{id: ${typeOf(Object.values(schema.patternProperties)[0])}}`;
  return [].concat(schema.type ?? "object").join(" | ");
}

function rangeOf(schema) {
  const parts = [];
  if (schema.minimum !== undefined || schema.maximum !== undefined)
    parts.push(`${schema.minimum ?? "…"} to ${schema.maximum ?? "…"}`);
  if (schema.maxLength) parts.push(`at most ${schema.maxLength}`);
  if (schema.default !== undefined) parts.push(`default ${JSON.stringify(schema.default)}`);
  return parts.join(", ");
}

/** Every field with its place, objects in objects included. */
function* fieldsOf(schema, prefix, seen) {
  const whole = resolve(schema);
  if (seen.includes(whole)) return;
  for (const [name, field] of Object.entries(whole.properties ?? {})) {
    const inner = resolve(field);
    const needed = whole.required?.includes(name);
    yield [prefix + name, typeOf(field), needed, rangeOf(inner), inner.description ?? ""];
    yield* fieldsOf(field, `${prefix}${name}.`, [...seen, whole]);
    if (inner.type === "array") yield* fieldsOf(inner.items, `${prefix}${name}[].`, [...seen, whole]);
  }
}

function table(schema) {
  const rows = [...fieldsOf(schema, "", [])].map(([name, type, needed, range, text]) =>
    el("tr", {}, el("td", {}, el("code", {}, name)), el("td", {}, needed ? type : `${type}, optional`), el("td", {}, range), el("td", {}, text)));
  if (!rows.length) return el("p", {}, typeOf(schema));
  return el("table", {}, el("thead", {}, el("tr", {}, ...["Field", "Type", "Range", ""].map((text) => el("th", {}, text)))), el("tbody", {}, ...rows));
}

function part(title, schema) {
  const text = resolve(schema).description;
  return [el("h3", {}, title), text ? el("p", {}, text) : null, table(schema)];
}

function operation(path, method, op) {
  const inner = el("div", { class: "inner" });
  if (op.description) inner.append(el("p", {}, op.description));
  if (op.parameters)
    inner.append(el("h3", {}, "Parameters"), el("table", {}, el("tbody", {}, ...op.parameters.map((p) =>
      el("tr", {}, el("td", {}, el("code", {}, p.name)), el("td", {}, `${p.in}, ${typeOf(p.schema)}`), el("td", {}, rangeOf(p.schema)), el("td", {}, p.description ?? p.schema.description ?? ""))))));
  const body = op.requestBody?.content["application/json"].schema;
  if (body) inner.append(...part("Body", body).filter(Boolean));
  for (const [name, schema] of Object.entries(op["x-messages"] ?? {})) inner.append(...part(`Message: ${name}`, schema).filter(Boolean));
  for (const [code, answer] of Object.entries(op.responses)) {
    const whole = resolve(answer);
    const schema = whole.content?.["application/json"]?.schema;
    if (code === "200" && schema) inner.append(...part("Answer", schema).filter(Boolean));
    else inner.append(el("p", {}, el("code", {}, code), " ", whole.description));
  }
  return el("details", { id: `${method}${path}` },
    el("summary", {}, el("span", { class: `verb ${method}` }, method.toUpperCase()), el("code", {}, path), el("small", {}, op.summary)), inner);
}

function show() {
  const page = byId("docs");
  page.append(el("p", {}, doc.info.description));
  for (const tag of doc.tags) {
    page.append(el("h2", {}, tag.name), el("p", {}, tag.description));
    for (const [path, item] of Object.entries(doc.paths))
      for (const [method, op] of Object.entries(item)) if (op.tags.includes(tag.name)) page.append(operation(path, method, op));
  }
}

const answer = await fetch("/openapi.json");
doc = await answer.json();
show();
