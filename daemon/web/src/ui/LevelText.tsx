// SPDX-License-Identifier: MIT
import { useEffect, useRef } from "react";
import { everyFrame } from "../lib/canvas";
import { formatDb } from "../lib/gains";

const EVERY_S = 0.1;

/** A level in words; written past React, ten times a second. */
export function LevelText({ level }: { readonly level: () => number }) {
  const output = useRef<HTMLElement>(null);
  useEffect(() => {
    let left = 0;
    return everyFrame((seconds) => {
      left -= seconds;
      if (left > 0 || !output.current) return;
      left = EVERY_S;
      const db = level();
      const text = db <= -120 ? "\u2212\u221e" : `${formatDb(Math.round(db))} dB`;
      if (output.current.textContent !== text) output.current.textContent = text;
    });
  }, [level]);
  return <span ref={output} className="level number" aria-hidden="true" />;
}
