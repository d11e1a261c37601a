// SPDX-License-Identifier: MIT
// One tablet: its levels, its talk keys, its mode and mute.

import { memo, useMemo } from "react";
import { sameItems } from "../../lib/store";
import { Bars } from "../../meters/Bars";
import { levels, useTalkers } from "../../meters/stream";
import { useChannels } from "../../state/app";
import { post, put } from "../../state/link";
import { channelName, tabletName } from "../../state/server";
import type { Mode, Tablet } from "../../state/types";
import { MoreIcon } from "../../ui/icons";
import { keyHandlers } from "./keys";

const MODES: readonly (readonly [Mode, string])[] = [["open", "Open"], ["momentary", "Hold"], ["latch", "Latch"], ["vox", "Vox"]];

interface KeyProps {
  readonly tablet: number;
  readonly channel: number;
  readonly label: string;
  readonly text: string;
  readonly down: boolean;
  readonly talking: boolean;
}

const Key = memo(function Key({ tablet, channel, label, text, down, talking }: KeyProps) {
  const handlers = useMemo(() => keyHandlers(tablet, channel), [tablet, channel]);
  return (
    <button type="button" className={talking ? "key talking" : "key"} data-channel={channel} aria-pressed={down} aria-label={label} {...handlers}>
      {text}
    </button>
  );
});

function Keys({ tablet }: { readonly tablet: Tablet }) {
  const channels = useChannels();
  const open = useTalkers((talkers) => channels.map(({ id }) => talkers[id - 1]?.includes(tablet.id) ?? false), sameItems);
  return (
    <div className="keys" role="group" aria-label={`Talk keys of tablet ${tablet.id}`}>
      {channels.map((channel, c) => (
        <Key key={channel.id} tablet={tablet.id} channel={channel.id} text={channel.name || `CH ${channel.id}`}
          label={`Talk from ${tabletName(tablet)} to ${channelName(channel)}`}
          down={tablet.keys.includes(channel.id)} talking={open[c] ?? false} />
      ))}
    </div>
  );
}

interface CardProps {
  readonly tablet: Tablet;
  readonly onMore: (id: number) => void;
}

export const Card = memo(function Card({ tablet, onMore }: CardProps) {
  const { id, mute } = tablet;
  const sources = useMemo(() => [
    { word: "talk", level: () => levels.talk[id - 1] ?? -240, hold: () => levels.talkHold[id - 1] ?? -240 },
    { word: "hear", level: () => levels.listen[id - 1] ?? -240, hold: () => levels.listenHold[id - 1] ?? -240 },
  ], [id]);
  const classes = ["card", mute ? "muted" : "", tablet.talk_mute ? "talk-muted" : "", tablet.listen_mute ? "listen-muted" : ""];
  const name = tabletName(tablet);
  return (
    <article className={classes.filter(Boolean).join(" ")} data-tablet={id} aria-label={`Tablet ${id}`}>
      <div className="row">
        <span className="id">{id}</span>
        <h2 title={name}>{name}</h2>
        <button type="button" className="more" aria-label={`Settings of tablet ${id}`} onClick={() => onMore(id)}><MoreIcon /></button>
      </div>
      <Bars sources={sources} label={`Level of tablet ${id}: talk above, listen below`} />
      <Keys tablet={tablet} />
      <div className="row">
        <select aria-label={`Talk mode of tablet ${id}`} value={tablet.mode}
          onChange={(event) => void put(`/api/tablet/${id}/mode`, { mode: event.target.value })}>
          {MODES.map(([mode, text]) => <option key={mode} value={mode}>{text}</option>)}
        </select>
        <button type="button" className="mute" aria-pressed={mute} aria-label={`Mute tablet ${id}`}
          onClick={() => void post(`/tablet/${id}/mute`, { mute: !mute })}>Mute</button>
      </div>
    </article>
  );
}, (a, b) => a.tablet === b.tablet && a.onMore === b.onMore);
