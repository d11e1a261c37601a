// SPDX-License-Identifier: MIT
// Meters of everybody: RMS, the peak that is held, and whether it has clipped.

import { useEffect, useMemo, useState } from "react";
import { useCanvas } from "../../lib/canvas";
import { levels, useMeters } from "../../meters/stream";
import { useChannels, useTablets } from "../../state/app";
import { channelName, tabletName } from "../../state/server";
import type { Channel, Tablet } from "../../state/types";
import { arrange } from "./arrange";
import { BridgePainter, type Strip } from "./painter";
import "./meters.css";

type Group = "talk" | "listen" | "channels";
const GROUPS: readonly (readonly [Group, string])[] = [["talk", "Tablets talk"], ["listen", "Tablets hear"], ["channels", "Channels"]];

function stripsOf(group: Group, tablets: readonly Tablet[], channels: readonly Channel[]): Strip[] {
  if (group === "channels")
    return channels.flatMap((channel) => {
      const c = channel.id - 1, name = channelName(channel);
      return [
        { name, number: `${channel.id} line`, muted: channel.mute, level: () => levels.line[c] ?? -240, hold: () => levels.lineHold[c] ?? -240 },
        { name, number: `${channel.id} in`, muted: channel.mute, level: () => levels.inside[c] ?? -240, hold: () => levels.insideHold[c] ?? -240 },
      ];
    });
  return tablets.map((tablet) => {
    const t = tablet.id - 1, talks = group === "talk";
    return {
      name: tabletName(tablet), number: String(tablet.id), muted: tablet.mute || (talks ? tablet.talk_mute : tablet.listen_mute),
      level: () => (talks ? levels.talk[t] : levels.listen[t]) ?? -240,
      hold: () => (talks ? levels.talkHold[t] : levels.listenHold[t]) ?? -240,
    };
  });
}

export default function Meters() {
  const tablets = useTablets();
  const channels = useChannels();
  const [group, setGroup] = useState<Group>("talk");
  const [window, setWindow] = useState<HTMLElement | null>(null);
  const [room, setRoom] = useState({ width: 0, height: 0 });
  const [painter] = useState(() => new BridgePainter());
  const canvas = useCanvas(painter);
  const strips = useMemo(() => stripsOf(group, tablets, channels), [group, tablets, channels]);
  useMeters(60);
  useEffect(() => painter.show(strips), [painter, strips]);
  useEffect(() => {
    if (!window) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      if (entry) setRoom({ width: entry.contentRect.width, height: Math.floor(entry.contentRect.height) });
    });
    observer.observe(window);
    return () => observer.disconnect();
  }, [window]);
  const title = GROUPS.find(([id]) => id === group)?.[1] ?? "";
  return (
    <div className="bridge">
      <div className="bridge-tools">
        <div className="groups" role="group" aria-label="What is shown">
          {GROUPS.map(([id, text]) => (
            <button key={id} type="button" data-group={id} aria-pressed={id === group} onClick={() => setGroup(id)}>{text}</button>
          ))}
        </div>
        <button type="button" id="clear-clips" onClick={() => painter.clearClips()}>Clear clips</button>
      </div>
      <div className="bridge-window" ref={setWindow} tabIndex={0} role="group" aria-label={`Levels: ${title}`}>
        <canvas ref={canvas} role="img" aria-label={`Levels of ${strips.length} meters, RMS and peak in dBFS: ${title}`}
          style={{ height: Math.max(1, arrange(strips.length, room.width, room.height).height) }} />
      </div>
    </div>
  );
}
