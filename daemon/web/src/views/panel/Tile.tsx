// SPDX-License-Identifier: MIT
// One channel of the panel.

import { memo, useMemo, useRef, type PointerEvent } from "react";
import { MAX_DB, MIN_DB, OFF_DB, isOff, withUnit } from "../../lib/gains";
import { sameItems } from "../../lib/store";
import { someOf } from "../../lib/words";
import { Bars } from "../../meters/Bars";
import { levels, useTalkers } from "../../meters/stream";
import { useApp, useTablets } from "../../state/app";
import { changeGains } from "../../state/change-gains";
import { channelName, tabletName } from "../../state/server";
import type { Channel, Tablet } from "../../state/types";
import { LockIcon, SpeakerIcon, SpeakerOffIcon } from "../../ui/icons";
import { isLatched, isWanted } from "./hands";
import { pressKey, releaseGrip, useHands } from "./line";

const NAMES_MAX = 2;
const LISTEN_DB = -12; // where a level begins that was never on

function Listen({ channel, tablet }: { readonly channel: Channel; readonly tablet: number }) {
  const db = useApp((state) => state.server?.downlink[channel.id - 1]?.[tablet - 1] ?? OFF_DB);
  const before = useRef(LISTEN_DB);
  const set = (value: number) => {
    if (!isOff(db)) before.current = db;
    changeGains([{ side: "downlink", channel: channel.id, tablet, db: value < MIN_DB ? OFF_DB : value }]);
  };
  const name = channelName(channel), off = isOff(db);
  return (
    <div className="listen">
      <button type="button" className="listen-switch" aria-pressed={!off} aria-label={`Listen to ${name}`} onClick={() => set(off ? before.current : OFF_DB)}>
        {off ? <SpeakerOffIcon /> : <SpeakerIcon />}
      </button>
      <input type="range" min={-41} max={MAX_DB} step={1} aria-label={`Listen level of ${name}`} aria-valuetext={withUnit(db)}
        value={off ? -41 : Math.max(-40, Math.round(db))} onChange={(event) => set(Number(event.target.value) < -40 ? OFF_DB : Number(event.target.value))} />
      <output className="number">{withUnit(db)}</output>
    </div>
  );
}

/** Pointers hold it; several may. */
function pointerHandlers(channel: number) {
  const grip = (event: PointerEvent) => `pointer ${event.pointerId}`;
  const up = (event: PointerEvent) => releaseGrip(grip(event));
  return {
    onPointerDown(event: PointerEvent<HTMLButtonElement>) {
      if (event.button !== 0) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      pressKey(channel, grip(event));
    },
    onPointerUp: up,
    onPointerCancel: up,
    onLostPointerCapture: up,
  };
}

interface TileProps {
  readonly channel: Channel;
  readonly tablet: Tablet;
  readonly disabled: boolean;
}

export const Tile = memo(function Tile({ channel, tablet, disabled }: TileProps) {
  const { id } = channel;
  const tablets = useTablets();
  const wanted = useHands((hands) => isWanted(hands, id));
  const latched = useHands((hands) => isLatched(hands, id));
  const talking = useTalkers((talkers) => (talkers[id - 1] ?? []).filter((other) => other !== tablet.id), sameItems);
  const handlers = useMemo(() => pointerHandlers(id), [id]);
  const bars = useMemo(() => [{ word: "", level: () => levels.line[id - 1] ?? -240, hold: () => levels.lineHold[id - 1] ?? -240 }], [id]);
  const down = tablet.keys.includes(id);
  const held = channel.active_tablets.filter((other) => other !== tablet.id);
  const name = channelName(channel);
  const speakers = talking.map((other) => tabletName(tablets[other - 1]));
  const holders = held.filter((other) => !talking.includes(other)).map((other) => tabletName(tablets[other - 1]));
  const line = channel.mute ? "muted" : speakers.length ? someOf(speakers, NAMES_MAX) : holders.length ? `${someOf(holders, NAMES_MAX)}: key` : "";
  const classes = ["tile", down || wanted ? "down" : "", wanted && !down ? "waiting" : "", talking.length && !channel.mute ? "heard" : "", channel.mute ? "off" : ""];
  return (
    <article className={classes.filter(Boolean).join(" ")} data-channel={id} aria-label={name}>
      <button type="button" className="talk-key" data-channel={id} aria-pressed={down || wanted} disabled={disabled}
        onContextMenu={(event) => event.preventDefault()} {...handlers}>
        <span className="tile-top">
          {id <= 10 ? <kbd aria-hidden="true">{id % 10}</kbd> : null}
          <span className="lamp" aria-hidden="true">{latched ? <><LockIcon /> latched</> : down ? "talking" : ""}</span>
        </span>
        <strong><span className="only-heard">Talk to </span>{name}</strong>
        <span className="speakers" title={speakers.concat(holders).join(", ")}>{line}</span>
      </button>
      <div className="tile-foot">
        <Bars sources={bars} label={`Level of ${name}`} />
        <Listen channel={channel} tablet={tablet.id} />
      </div>
    </article>
  );
});
