// SPDX-License-Identifier: MIT
// One value, changed by a pure reducer, seen by whoever subscribes.

import { useRef, useSyncExternalStore } from "react";

export interface Store<State, Action> {
  readonly get: () => State;
  readonly dispatch: (action: Action) => void;
  /** @returns ends the subscription */
  readonly subscribe: (listener: () => void) => () => void;
}

export function createStore<State, Action>(first: State, reduce: (state: State, action: Action) => State): Store<State, Action> {
  let state = first;
  const listeners = new Set<() => void>();
  return {
    get: () => state,
    dispatch(action) {
      const next = reduce(state, action);
      if (next === state) return;
      state = next;
      for (const listener of [...listeners]) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/**
 * Draws again when, and only when, what is selected has changed.
 * @param equal  how to tell; a selector that makes objects or arrays needs one (`sameItems`)
 */
export function useSelected<State, Selected>(
  store: Pick<Store<State, never>, "get" | "subscribe">,
  select: (state: State) => Selected,
  equal: (a: Selected, b: Selected) => boolean = Object.is,
): Selected {
  const kept = useRef<{ readonly value: Selected } | null>(null);
  const snapshot = () => {
    const value = select(store.get());
    if (kept.current && equal(kept.current.value, value)) return kept.current.value;
    kept.current = { value };
    return value;
  };
  return useSyncExternalStore(store.subscribe, snapshot);
}

export const sameItems = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((item, i) => Object.is(item, b[i]));
