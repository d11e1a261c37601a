// SPDX-License-Identifier: MIT
// The page's one store. A view that needs more of the server adds a slice of its own here.

import { createStore, useSelected } from "../lib/store";
import { noGateway, reduceGateway, type GatewayAction, type GatewayState } from "./gateway";
import { reduceServer, type ServerAction, type ServerState } from "./server";
import type { Session } from "./types";

export type Link = "connecting" | "up" | "lost";

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly error: boolean;
}

export interface AppState {
  readonly link: Link;
  readonly session: Session | null;
  /** null until the server has told its state once */
  readonly server: ServerState | null;
  /** as far as a view has asked for it */
  readonly gateway: GatewayState;
  readonly toasts: readonly Toast[];
}

export type Action =
  | ServerAction
  | Exclude<GatewayAction, { readonly type: "message" }>
  | { readonly type: "link"; readonly up: boolean }
  | { readonly type: "session"; readonly session: Session }
  | { readonly type: "toast"; readonly toast: Toast }
  | { readonly type: "toast-gone"; readonly id: number };

export const nothing: AppState = { link: "connecting", session: null, server: null, gateway: noGateway, toasts: [] };
const TOASTS_MAX = 4;

function reduceLink(link: Link, action: Action): Link {
  if (action.type === "message") return "up"; // the first message is the whole state
  return action.type === "link" && !action.up ? "lost" : link;
}

function reduceToasts(toasts: readonly Toast[], action: Action): readonly Toast[] {
  if (action.type === "toast") {
    const others = toasts.filter((toast) => toast.text !== action.toast.text);
    return [...others, action.toast].slice(-TOASTS_MAX);
  }
  return action.type === "toast-gone" ? toasts.filter((toast) => toast.id !== action.id) : toasts;
}

export function reduce(state: AppState, action: Action): AppState {
  const isServers = action.type === "message" || action.type === "gains";
  const isGateways = action.type === "message" || action.type === "gateway" || action.type === "streams" || action.type === "clips";
  const next: AppState = {
    link: reduceLink(state.link, action),
    session: action.type === "session" ? action.session : state.session,
    server: isServers ? reduceServer(state.server, action) : state.server,
    gateway: isGateways ? reduceGateway(state.gateway, action) : state.gateway,
    toasts: reduceToasts(state.toasts, action),
  };
  const same = (Object.keys(next) as (keyof AppState)[]).every((key) => next[key] === state[key]);
  return same ? state : next;
}

export const store = createStore(nothing, reduce);

/** A part of the page's state; see useSelected. */
export const useApp = <Selected>(select: (state: AppState) => Selected, equal?: (a: Selected, b: Selected) => boolean): Selected =>
  useSelected(store, select, equal);

const none: never[] = [];
export const useTablets = () => useApp((state) => state.server?.tablets ?? none);
export const useChannels = () => useApp((state) => state.server?.channels ?? none);

let lastToast = 0;

/** A short message at the bottom; errors stay longer. */
export function toast(text: string, error = true): void {
  const id = ++lastToast;
  store.dispatch({ type: "toast", toast: { id, text, error } });
  setTimeout(() => store.dispatch({ type: "toast-gone", id }), error ? 6000 : 2500);
}
