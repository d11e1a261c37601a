// SPDX-License-Identifier: MIT
import { useEffect, useState } from "react";
import { Refused, Unheard, ask } from "./http";

type Polled<Answer> = Answer | null;

/**
 * A document that is fetched again every so often while it is shown; null until it was.
 * @param path  null: not now
 * @param turn  another number fetches at once
 */
export function usePolled<Answer>(path: string | null, everyMs: number, turn = 0): Polled<Answer> {
  const [answer, setAnswer] = useState<Polled<Answer>>(null);
  useEffect(() => {
    if (path === null) return undefined;
    let over = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const fetchIt = async () => {
      try {
        const fresh = document.hidden ? null : await ask<Answer>("GET", path);
        if (fresh && !over) setAnswer(fresh);
      } catch (error) {
        if (!(error instanceof Refused || error instanceof Unheard)) throw error;
      }
      if (!over) timer = setTimeout(() => void fetchIt(), everyMs);
    };
    void fetchIt();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [path, everyMs, turn]);
  return answer;
}
