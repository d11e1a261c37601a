// SPDX-License-Identifier: MIT
// /openapi.json for people.

import { useState } from "react";
import { fieldsOf, rangeOf, resolve, typeOf, type Field, type OpenApi, type Operation, type Parameter, type Schema } from "./openapi";

function Table({ label, fields }: { readonly label: string; readonly fields: readonly Field[] }) {
  return (
    <div className="scrolled" tabIndex={0} role="group" aria-label={label}>
      <table>
        <thead><tr>{["Name", "Type", "Range", "Meaning"].map((text) => <th key={text} scope="col">{text}</th>)}</tr></thead>
        <tbody>
          {fields.map(({ name, type, range, text }) => <tr key={name}><td><code>{name}</code></td><td>{type}</td><td>{range}</td><td>{text}</td></tr>)}
        </tbody>
      </table>
    </div>
  );
}

function Part({ document, title, schema }: { readonly document: OpenApi; readonly title: string; readonly schema: Schema }) {
  const fields = fieldsOf(document, schema);
  const { description } = resolve(document, schema);
  return (
    <>
      <h3>{title}</h3>
      {description ? <p>{description}</p> : null}
      {fields.length ? <Table label={title} fields={fields} /> : <p><code>{typeOf(schema)}</code></p>}
    </>
  );
}

const asField = ({ name, in: place, description, schema }: Parameter): Field =>
  ({ name, type: `${place}, ${typeOf(schema)}`, range: rangeOf(schema), text: description ?? schema.description ?? "" });

function Details({ document, operation }: { readonly document: OpenApi; readonly operation: Operation }) {
  const body = operation.requestBody?.content?.["application/json"]?.schema;
  const answers = Object.entries(operation.responses).map(([code, answer]) => ({ code, answer: resolve(document, answer) }));
  const good = answers.find(({ code }) => code === "200")?.answer.content?.["application/json"]?.schema;
  return (
    <div className="inner">
      {operation.description ? <p>{operation.description}</p> : null}
      {operation.parameters ? <><h3>Parameters</h3><Table label="Parameters" fields={operation.parameters.map(asField)} /></> : null}
      {body ? <Part document={document} title="Body" schema={body} /> : null}
      {Object.entries(operation["x-messages"] ?? {}).map(([name, schema]) => <Part key={name} document={document} title={`Message: ${name}`} schema={schema} />)}
      {good ? <Part document={document} title="Answer" schema={good} /> : null}
      <h3>Status</h3>
      <dl className="statuses">
        {answers.map(({ code, answer }) => <div key={code}><dt><code>{code}</code></dt><dd>{answer.description}</dd></div>)}
      </dl>
    </div>
  );
}

interface Entry {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
}

/** What is inside is made when it is opened. */
function One({ document, entry: { path, method, operation } }: { readonly document: OpenApi; readonly entry: Entry }) {
  const [open, setOpen] = useState(false);
  return (
    <details id={`${method}${path}`} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary><span className={`verb ${method}`}>{method.toUpperCase()}</span><code>{path}</code><small>{operation.summary}</small></summary>
      {open ? <Details document={document} operation={operation} /> : null}
    </details>
  );
}

const entriesOf = ({ paths }: OpenApi): readonly Entry[] =>
  Object.entries(paths).flatMap(([path, item]) => Object.entries(item).map(([method, operation]) => ({ path, method, operation })));

export function Docs({ document }: { readonly document: OpenApi }) {
  const [sought, setSought] = useState("");
  const words = sought.toLowerCase().split(/\s+/).filter(Boolean);
  const found = entriesOf(document).filter(({ path, method, operation }) => {
    const text = `${method} ${path} ${operation.summary} ${operation.description ?? ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  return (
    <>
      <header className="docs-bar">
        <img src="/favicon.svg" alt="" width="28" height="28" />
        <h1>Partyline API</h1>
        <small>{document.info.version}</small>
        <nav aria-label="Elsewhere"><a href="/openapi.json">openapi.json</a><a href="/">Web page</a></nav>
      </header>
      <main className="docs">
        <p>{document.info.description}</p>
        <label className="sought">Look for<input id="sought" type="text" placeholder="mute, clips, ws" value={sought} onChange={(event) => setSought(event.target.value)} /></label>
        {found.length ? null : <p role="status">Nothing has all of these words.</p>}
        {document.tags.map(({ name, description }) => {
          const entries = found.filter(({ operation }) => operation.tags.includes(name));
          return entries.length === 0 ? null : (
            <section key={name} aria-labelledby={`tag-${name}`}>
              <h2 id={`tag-${name}`}>{name}</h2>
              <p>{description}</p>
              {entries.map((entry) => <One key={`${entry.method} ${entry.path}`} document={document} entry={entry} />)}
            </section>
          );
        })}
      </main>
    </>
  );
}
