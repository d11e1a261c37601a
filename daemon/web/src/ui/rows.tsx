// SPDX-License-Identifier: MIT
// Lists of things with a name, a line about them, and what can be done; at every width.

import type { ReactNode } from "react";
import "./rows.css";

export type Mood = "good" | "bad" | "warn" | "calm";

/** One word about how something is. */
export function Chip({ mood, children }: { readonly mood: Mood; readonly children: ReactNode }) {
  return <span className="chip" data-mood={mood}>{children}</span>;
}

export function Rows({ label, children }: { readonly label: string; readonly children: ReactNode }) {
  return <ul className="rows" aria-label={label}>{children}</ul>;
}

interface RowProps {
  readonly title: ReactNode;
  readonly detail?: ReactNode;
  /** one plain sentence */
  readonly trouble?: string;
  readonly end?: ReactNode;
  readonly children?: ReactNode;
}

export function Row({ title, detail, trouble, end, children }: RowProps) {
  return (
    <li className="entry">
      <div className="entry-main">
        <strong>{title}</strong>
        {detail ? <small>{detail}</small> : null}
        {trouble ? <span className="fault">{trouble}</span> : null}
      </div>
      {end ? <div className="entry-end">{end}</div> : null}
      {children}
    </li>
  );
}

export function Nothing({ children }: { readonly children: ReactNode }) {
  return <p className="nothing">{children}</p>;
}

export interface Fact {
  readonly name: string;
  readonly value: ReactNode;
  readonly hint?: string;
  readonly mood?: Mood;
}

/** Names and values, as many beside each other as fit. */
export function Facts({ facts }: { readonly facts: readonly Fact[] }) {
  return (
    <dl className="facts">
      {facts.map(({ name, value, hint, mood }) => (
        <div key={name} title={hint} data-mood={mood}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
