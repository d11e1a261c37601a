// SPDX-License-Identifier: MIT
// What the daemon says, live.

import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { formatTime } from "../../lib/format";
import { dataText, isAtLeast, withMessages, type Entry, type Level, type LogMessage } from "../../lib/log";
import { openStream } from "../../lib/socket";
import { Card } from "../../ui/fields";

const SHOWN: readonly (readonly [Level, string])[] = [["debug", "Everything"], ["warning", "Warnings and errors"], ["error", "Errors"]];

/** Many at once are drawn once. */
function useLog(): readonly Entry[] {
  const [entries, setEntries] = useState<readonly Entry[]>([]);
  useEffect(() => {
    let waiting: LogMessage[] = [];
    let frame = 0;
    const take = () => {
      const messages = waiting;
      waiting = [];
      frame = 0;
      setEntries((list) => withMessages(list, messages));
    };
    const stream = openStream("/ws/log?lines=200", {
      onMessage(data) {
        waiting.push(data as LogMessage);
        frame ||= requestAnimationFrame(take);
      },
    });
    return () => {
      stream.close();
      cancelAnimationFrame(frame);
    };
  }, []);
  return entries;
}

function Line({ message }: { readonly message: LogMessage }) {
  if ("missed" in message) return <li className="log-gap">{`${message.missed} records came too fast to be shown`}</li>;
  const more = dataText(message);
  return (
    <li data-level={message.level}>
      <time dateTime={new Date(message.ts * 1000).toISOString()}>{formatTime(message.ts)}</time>
      <span className="log-event">{message.event_type}</span>
      <span>{message.message}{message.error ? <b>{`: ${message.error}`}</b> : null}{more ? <small>{` ${more}`}</small> : null}</span>
    </li>
  );
}

export function Log() {
  const entries = useLog();
  const [level, setLevel] = useState<Level>("debug");
  const list = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const shown = entries.filter(({ message }) => isAtLeast(message, level));
  useLayoutEffect(() => {
    if (list.current && atEnd.current) list.current.scrollTop = list.current.scrollHeight;
  }, [shown.length, entries]);
  const onScroll = () => {
    const { scrollTop, scrollHeight, clientHeight } = list.current ?? { scrollTop: 0, scrollHeight: 0, clientHeight: 0 };
    atEnd.current = scrollHeight - scrollTop - clientHeight < 24;
  };
  return (
    <Card title="Log">
      <div className="field">
        <label htmlFor="log-level">Shown</label>
        <select id="log-level" value={level} onChange={(event) => setLevel(event.target.value as Level)}>
          {SHOWN.map(([value, text]) => <option key={value} value={value}>{text}</option>)}
        </select>
      </div>
      <div ref={list} className="log" role="log" aria-label="Log" tabIndex={0} onScroll={onScroll}>
        <ol>{shown.map(({ key, message }) => <Line key={key} message={message} />)}</ol>
      </div>
    </Card>
  );
}
