// SPDX-License-Identifier: MIT
// Fields that show what the server has, and put back what it refuses.

import { useEffect, useId, useRef, useState, type ReactNode } from "react";

interface NumberFieldProps {
  readonly label: string;
  readonly unit: string;
  readonly hint: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly value: number;
  /** @returns something true when it is taken */
  readonly send: (value: number) => Promise<unknown>;
}

const rounded = (value: number): string => String(Math.round(value * 1000) / 1000);

/** A value that is typed; while nobody types, what the server has. */
function useDraft(value: string, take: (text: string) => Promise<unknown>) {
  const [draft, setDraft] = useState<string | null>(null);
  const commit = (text: string) => {
    if (text === value) setDraft(null);
    else void take(text).finally(() => setDraft(null));
  };
  return { shown: draft ?? value, edit: setDraft, commit };
}

/** Taken when it is left or Enter is pressed, as the browser's own change event does. */
function useCommitted(commit: (text: string) => void) {
  const input = useRef<HTMLInputElement>(null);
  const latest = useRef(commit);
  useEffect(() => {
    latest.current = commit;
  });
  useEffect(() => {
    const node = input.current;
    if (!node) return undefined;
    const listener = () => latest.current(node.value);
    node.addEventListener("change", listener); // React's onChange is the input event
    return () => node.removeEventListener("change", listener);
  }, []);
  return input;
}

export function NumberField({ label, unit, hint, min, max, step, value, send }: NumberFieldProps) {
  const draft = useDraft(rounded(value), async (text) => (text !== "" && Number.isFinite(Number(text)) ? send(Number(text)) : null));
  const input = useCommitted(draft.commit);
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <span className="with-unit">
        <input id={id} ref={input} type="number" min={min} max={max} step={step} value={draft.shown}
          aria-describedby={`${id}-hint`} onChange={(event) => draft.edit(event.target.value)} />
        {unit}
      </span>
      <small id={`${id}-hint`}>{hint}</small>
    </div>
  );
}

interface TextFieldProps {
  readonly label: string;
  readonly placeholder: string;
  readonly value: string;
  readonly maxLength?: number;
  readonly send: (value: string) => Promise<unknown>;
}

export function TextField({ label, placeholder, value, maxLength = 40, send }: TextFieldProps) {
  const draft = useDraft(value, send);
  const input = useCommitted(draft.commit);
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input id={id} ref={input} type="text" maxLength={maxLength} placeholder={placeholder} value={draft.shown}
        onChange={(event) => draft.edit(event.target.value)} />
    </div>
  );
}

interface SwitchFieldProps {
  readonly label: string;
  readonly hint?: string;
  readonly checked: boolean;
  readonly send: (on: boolean) => Promise<unknown>;
}

export function SwitchField({ label, hint, checked, send }: SwitchFieldProps) {
  const id = useId();
  return (
    <div className="field switch">
      <label htmlFor={id}>{label}</label>
      <input id={id} type="checkbox" role="switch" checked={checked} aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(event) => void send(event.target.checked)} />
      {hint ? <small id={`${id}-hint`}>{hint}</small> : null}
    </div>
  );
}

/** Asks once more in the button itself: no dialog in the way of a running show. */
export function SureButton({ children, act }: { readonly children: string; readonly act: () => void }) {
  const [asked, setAsked] = useState(false);
  useEffect(() => {
    if (!asked) return undefined;
    const timer = setTimeout(() => setAsked(false), 4000);
    return () => clearTimeout(timer);
  }, [asked]);
  const press = () => {
    setAsked(!asked);
    if (asked) act();
  };
  return <button type="button" className={asked ? "danger asked" : "danger"} onClick={press}>{asked ? "Sure? Press again" : children}</button>;
}

export function Card({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  const id = useId();
  return (
    <section className="sheet" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  );
}
