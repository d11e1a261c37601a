// SPDX-License-Identifier: MIT
// The levels of the server, for whoever looks: the stream is there only while somebody does.
// They are no state of React: what draws them looks at `levels` once a display frame.

import { useEffect } from "react";
import { createStore, useSelected } from "../lib/store";
import { openStream, type Stream } from "../lib/socket";
import { store } from "../state/app";
import { heard } from "../state/link";
import { readFrame, silence, type Levels } from "./levels";
import { TalkWatch, type Talkers } from "./talk";

export type Rate = 30 | 60;

/** What was heard last; silence while the server is lost. */
export let levels: Levels = silence(0, 0);

const watch = new TalkWatch();
const talkers = createStore<Talkers, Talkers>([], (_, next) => next);
const wanted: Rate[] = [];
let stream: Stream | null = null;
let rate: Rate | 0 = 0;

function quiet(): void {
  levels = silence(levels.nTablets, levels.nChannels);
  if (watch.clear()) talkers.dispatch(watch.talkers);
}

function take(data: unknown): void {
  heard();
  const next = data instanceof ArrayBuffer ? readFrame(data, levels) : null;
  if (!next || store.get().link !== "up") return;
  levels = next;
  if (watch.take(levels, performance.now())) talkers.dispatch(watch.talkers);
}

function adjust(): void {
  const needed = wanted.includes(60) ? 60 : (wanted[0] ?? 0);
  if (needed === rate) return;
  rate = needed;
  stream?.close();
  stream = rate ? openStream(`/ws/vu?format=binary&hz=${rate}`, { onMessage: take, onLost: quiet }) : null;
  if (!rate) quiet();
}

store.subscribe(() => {
  if (store.get().link === "lost") quiet();
});

/** Keeps the stream open while the component is there. */
export function useMeters(hz: Rate = 30): void {
  useEffect(() => {
    wanted.push(hz);
    adjust();
    return () => {
      wanted.splice(wanted.indexOf(hz), 1);
      setTimeout(adjust, 0); // the next view may want the same
    };
  }, [hz]);
}

/** Who talks, for each channel; drawn again when that changes. */
export const useTalkers = <Selected>(select: (talkers: Talkers) => Selected, equal?: (a: Selected, b: Selected) => boolean): Selected =>
  useSelected(talkers, select, equal);

/** For what draws by itself. */
export const currentTalkers = (): Talkers => talkers.get();
