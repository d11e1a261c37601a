// SPDX-License-Identifier: MIT
// Which tablet this page sits at, as /ws/panel tells it: a pure reducer.

import { reasonOf } from "../../lib/http";

export interface TakenBy {
  readonly label: string;
  readonly peer: string;
  /** seconds since 1970 */
  readonly since: number;
  readonly present: boolean;
}

export type PanelMessage =
  | { readonly type: "claimed"; readonly tablet: number; readonly secret: string; readonly keys: readonly number[] }
  | { readonly type: "refused"; readonly request: string | null; readonly channel?: number; readonly detail: unknown; readonly taken_by?: TakenBy }
  | { readonly type: "keys"; readonly keys: readonly number[] }
  | { readonly type: "pong"; readonly id: number }
  | { readonly type: "lost"; readonly tablet: number; readonly reason: string; readonly detail: string };

/** What to claim; null: the next that is free. */
export interface Wish {
  readonly tablet: number | null;
  readonly takeOver: boolean;
}

export interface PanelState {
  /** away: it had the tablet, and is coming back to it */
  readonly phase: "none" | "asking" | "claimed" | "away";
  readonly wish: Wish | null;
  readonly tablet: number | null;
  readonly secret: string | null;
  /** that are down on the server, whoever pressed them */
  readonly keys: readonly number[];
  /** why there is no tablet, in words */
  readonly trouble: string;
  /** who has the one that was wished for */
  readonly takenBy: TakenBy | null;
  readonly roundTripMs: number | null;
}

export type PanelAction =
  | { readonly type: "ask"; readonly wish: Wish }
  | { readonly type: "back"; readonly tablet: number; readonly secret: string }
  | { readonly type: "message"; readonly message: PanelMessage }
  | { readonly type: "closed" }
  | { readonly type: "leave" }
  | { readonly type: "round-trip"; readonly ms: number };

export const nowhere: PanelState = {
  phase: "none", wish: null, tablet: null, secret: null, keys: [], trouble: "", takenBy: null, roundTripMs: null,
};

function told(state: PanelState, message: PanelMessage): PanelState {
  switch (message.type) {
    case "claimed":
      return { ...nowhere, phase: "claimed", tablet: message.tablet, secret: message.secret, keys: message.keys };
    case "keys":
      return state.phase === "claimed" ? { ...state, keys: message.keys } : state;
    case "lost":
      return message.tablet === state.tablet ? { ...nowhere, trouble: message.detail } : state;
    case "refused": {
      if (message.request !== "claim") return state;
      // also who comes back after a restart of the server, and finds somebody there, may want to take it over
      const wish = state.wish ?? (state.tablet === null ? null : { tablet: state.tablet, takeOver: false });
      return { ...nowhere, wish, trouble: reasonOf({ detail: message.detail }), takenBy: message.taken_by ?? null };
    }
    case "pong":
      return state;
  }
}

export function reducePanel(state: PanelState, action: PanelAction): PanelState {
  switch (action.type) {
    case "ask":
      return { ...nowhere, phase: "asking", wish: action.wish };
    case "back":
      return { ...nowhere, phase: "away", tablet: action.tablet, secret: action.secret };
    case "message":
      return told(state, action.message);
    case "closed":
      return state.phase === "claimed" ? { ...state, phase: "away", keys: [], roundTripMs: null } : state;
    case "leave":
      return nowhere;
    case "round-trip":
      return state.phase === "claimed" && state.roundTripMs !== action.ms ? { ...state, roundTripMs: action.ms } : state;
  }
}

/** What to say when the line is open; null: nothing is wanted. */
export function claimMessage(state: PanelState, label: string): string | null {
  const who = label ? { label } : {};
  if (state.phase === "asking" && state.wish) {
    const { tablet, takeOver } = state.wish;
    return JSON.stringify({ type: "claim", tablet, ...who, ...(takeOver ? { take_over: true } : {}) });
  }
  if (state.phase === "away" && state.tablet !== null && state.secret !== null)
    return JSON.stringify({ type: "claim", tablet: state.tablet, secret: state.secret, ...who });
  return null;
}
