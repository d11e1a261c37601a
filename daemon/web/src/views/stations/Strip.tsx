// SPDX-License-Identifier: MIT
// One channel: its levels, who talks there, its mute.

import { memo, useMemo } from "react";
import { sameItems } from "../../lib/store";
import { Bars } from "../../meters/Bars";
import { levels } from "../../meters/stream";
import { useTablets } from "../../state/app";
import { post } from "../../state/link";
import { channelName, tabletName } from "../../state/server";
import type { Channel } from "../../state/types";
import { LevelText } from "../../ui/LevelText";

const useHolders = (channel: Channel): readonly string[] => {
  const tablets = useTablets();
  return channel.active_tablets.map((id) => tabletName(tablets[id - 1]));
};

export const Strip = memo(function Strip({ channel }: { readonly channel: Channel }) {
  const { id, mute } = channel;
  const sources = useMemo(() => {
    const line = () => levels.line[id - 1] ?? -240;
    return { line, bars: [
      { word: "line", level: line, hold: () => levels.lineHold[id - 1] ?? -240 },
      { word: "in", level: () => levels.inside[id - 1] ?? -240, hold: () => levels.insideHold[id - 1] ?? -240 },
    ] };
  }, [id]);
  const holders = useHolders(channel);
  const classes = ["strip", mute ? "muted" : "", holders.length ? "keyed" : ""].filter(Boolean).join(" ");
  return (
    <article className={classes} data-channel={id} aria-label={`Channel ${id}`}>
      <div className="row">
        {channel.name ? <span className="id">CH {id}</span> : null}
        <h2>{channelName(channel)}</h2>
        <button type="button" className="mute" aria-pressed={mute} aria-label={`Mute channel ${id}`}
          onClick={() => void post(`/channel/${id}/mute`, { mute: !mute })}>Mute</button>
      </div>
      <Bars sources={sources.bars} label={`Level of channel ${id}: party line above, outside input below`} />
      <div className="row">
        <span className="tally">{holders.length ? holders.join(", ") : "no key held"}</span>
        <LevelText level={sources.line} />
      </div>
    </article>
  );
}, (a, b) => sameItems([a.channel], [b.channel]));
