// SPDX-License-Identifier: MIT
// What is chosen, in words and with controls for fingers: gain, mutes, mode.

import { useState } from "react";
import { MAX_DB, MIN_DB, OFF_DB, isOff, parseDb, withUnit } from "../../lib/gains";
import { post, put } from "../../state/link";
import { toast } from "../../state/app";
import { channelName, tabletName, type ServerState } from "../../state/server";
import type { Channel, Tablet } from "../../state/types";
import { describe } from "./Grid";
import { changeGains } from "../../state/change-gains";
import { dbAt, points, rangeOf, setAll, stepAll, toggleAll, type Remembered, type Selection } from "./selection";

const MODES = [["open", "Open"], ["momentary", "Hold"], ["latch", "Latch"], ["vox", "Vox"]] as const;

function Gain({ server, selection, remembered }: { readonly server: ServerState; readonly selection: Selection; readonly remembered: Remembered }) {
  const gains = server[selection.side], db = dbAt(gains, selection.focus);
  const [typed, setTyped] = useState<string | null>(null);
  const chosen = points(selection);
  const allOff = chosen.every((point) => isOff(dbAt(gains, point)));
  const take = (text: string) => {
    setTyped(null);
    const value = parseDb(text);
    if (Number.isNaN(value)) toast("A number from \u2212240 to +20, or off");
    else changeGains(setAll(selection, value));
  };
  return (
    <div className="gain">
      <button type="button" aria-label="1 dB less" onClick={() => changeGains(stepAll(selection, gains, -1))}>{"\u2212"}</button>
      <input type="range" min={MIN_DB - 1} max={MAX_DB} step={1} aria-label="Gain of what is chosen" aria-valuetext={withUnit(db)}
        value={isOff(db) ? MIN_DB - 1 : Math.round(db)}
        onChange={(event) => changeGains(setAll(selection, Number(event.target.value) < MIN_DB ? OFF_DB : Number(event.target.value)))} />
      <button type="button" aria-label="1 dB more" onClick={() => changeGains(stepAll(selection, gains, 1))}>+</button>
      <input className="gain-text" type="text" inputMode="text" aria-label="Gain in dB, or off" value={typed ?? withUnit(db)}
        onFocus={(event) => event.target.select()} onChange={(event) => setTyped(event.target.value)}
        onBlur={() => setTyped(null)}
        onKeyDown={(event) => {
          if (event.key === "Enter") take(event.currentTarget.value);
          if (event.key === "Escape") setTyped(null);
        }} />
      <button type="button" className="switch-gain" aria-label="Switch what is chosen" onClick={() => changeGains(toggleAll(selection, gains, remembered))}>{allOff ? "On" : "Off"}</button>
    </div>
  );
}

/** Of all tablets that are chosen: whole rows of them may be. */
function TabletControls({ tablets }: { readonly tablets: readonly Tablet[] }) {
  const first = tablets[0];
  if (!first) return null;
  const muted = tablets.every((tablet) => tablet.mute);
  const name = tablets.length > 1 ? `${tablets.length} tablets` : tabletName(first);
  const mute = () => {
    for (const { id } of tablets) void post(`/tablet/${id}/mute`, { mute: !muted });
  };
  const setMode = (mode: string) => {
    for (const { id } of tablets) void put(`/api/tablet/${id}/mode`, { mode });
  };
  return (
    <div className="of-one">
      <span className="whose">{name}</span>
      <select aria-label={`Talk mode of ${name}`} value={tablets.every(({ mode }) => mode === first.mode) ? first.mode : ""} onChange={(event) => setMode(event.target.value)}>
        <option value="" disabled hidden>mixed</option>
        {MODES.map(([mode, text]) => <option key={mode} value={mode}>{text}</option>)}
      </select>
      <button type="button" className="mute" aria-pressed={muted} aria-label={`Mute ${name}`} onClick={mute}>Mute</button>
    </div>
  );
}

function ChannelControls({ channels }: { readonly channels: readonly Channel[] }) {
  const first = channels[0];
  if (!first) return null;
  const muted = channels.every((channel) => channel.mute);
  const name = channels.length > 1 ? `${channels.length} channels` : channelName(first);
  const mute = () => {
    for (const { id } of channels) void post(`/channel/${id}/mute`, { mute: !muted });
  };
  return (
    <div className="of-one">
      <span className="whose">{name}</span>
      <button type="button" className="mute" aria-pressed={muted} aria-label={`Mute ${name}`} onClick={mute}>Mute</button>
    </div>
  );
}

export function Inspector({ server, selection, remembered }: { readonly server: ServerState; readonly selection: Selection | null; readonly remembered: Remembered }) {
  if (!selection)
    return <section className="inspector hint" aria-label="What is chosen">Choose crosspoints: tap one, drag over many, tap a name for its row or column. Then type a gain, or pull up and down.</section>;
  const { channels, tablets } = rangeOf(selection);
  const n = points(selection).length;
  return (
    <section className="inspector" aria-label="What is chosen">
      <strong>{n > 1 ? `${n} crosspoints` : describe(server, selection)}</strong>
      <Gain server={server} selection={selection} remembered={remembered} />
      <TabletControls tablets={server.tablets.slice(tablets[0] - 1, tablets[1])} />
      <ChannelControls channels={server.channels.slice(channels[0] - 1, channels[1])} />
    </section>
  );
}
