// SPDX-License-Identifier: MIT
// The gateway, as far as a view has asked for it: a pure reducer. What events do not carry is stale
// until somebody who shows it has fetched it again.

import type { Clip, Export, GatewayChange, GatewayDocument, GatewayLine, GatewayStream, PageDefinition, PageRecord } from "./gateway-types";

export interface GatewayState {
  /** counts what was told: a document that was asked for before may not have it */
  readonly told: number;
  /** definitions, or everything after the line was lost */
  readonly definitionsStale: boolean;
  readonly clipsStale: boolean;
  /** null until it was fetched */
  readonly definitions: {
    readonly trouble: string;
    readonly lines: readonly GatewayLine[];
    readonly pages: readonly PageDefinition[];
  } | null;
  readonly streams: readonly GatewayStream[];
  readonly exports: Export | null;
  /** newest first */
  readonly history: readonly PageRecord[];
  readonly clips: readonly Clip[];
}

export type GatewayAction =
  /** asOf: told, when it was asked for */
  | { readonly type: "gateway"; readonly asOf: number; readonly document: GatewayDocument; readonly history: readonly PageRecord[] }
  | { readonly type: "streams"; readonly streams: readonly GatewayStream[] }
  | { readonly type: "clips"; readonly asOf: number; readonly clips: readonly Clip[] }
  | { readonly type: "message"; readonly message: GatewayChange };

export const noGateway: GatewayState = {
  told: 0, definitionsStale: true, clipsStale: true, definitions: null, streams: [], exports: null, history: [], clips: [],
};

const HISTORY_MAX = 200;

const replaced = <Item extends { readonly id: string }>(list: readonly Item[], item: Item): readonly Item[] =>
  list.some(({ id }) => id === item.id) ? list.map((old) => (old.id === item.id ? item : old)) : list;

/** A record that is new is the newest. */
function withRecord(history: readonly PageRecord[], record: PageRecord): readonly PageRecord[] {
  const known = history.some(({ message_id }) => message_id === record.message_id);
  return known
    ? history.map((old) => (old.message_id === record.message_id ? record : old))
    : [record, ...history].slice(0, HISTORY_MAX);
}

function reduceMessage(before: GatewayState, message: GatewayChange): GatewayState {
  const { stream, line, page } = message;
  const isWhole = message.type === "state" || message.type === "gateway" || message.type === "config.reload";
  const state = isWhole || line || page || message.export ? { ...before, told: before.told + 1 } : before;
  if (isWhole)
    return { ...state, definitionsStale: true, clipsStale: state.clipsStale || message.type === "state" };
  if (!state.definitions) return state; // nobody shows it
  if (stream) return { ...state, streams: replaced(state.streams, stream) };
  if (line) return { ...state, definitions: { ...state.definitions, lines: replaced(state.definitions.lines, line) } };
  if (page) return { ...state, history: withRecord(state.history, page), clipsStale: true };
  if (message.export) return { ...state, exports: message.export };
  return state;
}

export function reduceGateway(state: GatewayState, action: GatewayAction): GatewayState {
  switch (action.type) {
    case "message":
      return reduceMessage(state, action.message);
    case "gateway": {
      const { trouble, gpio, tones, streams } = action.document;
      return {
        ...state,
        definitionsStale: action.asOf !== state.told,
        definitions: { trouble, lines: gpio.lines, pages: tones.pages },
        streams,
        exports: action.document.export,
        history: action.history.slice(0, HISTORY_MAX),
      };
    }
    case "streams":
      return { ...state, streams: action.streams };
    case "clips":
      return { ...state, clips: action.clips, clipsStale: action.asOf !== state.told };
  }
}
