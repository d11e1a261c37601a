// SPDX-License-Identifier: MIT
// Crosspoints: what tablets give to channels, and what channels give to tablets.

import { useCallback, useState, useSyncExternalStore } from "react";
import { useMeters } from "../../meters/stream";
import { useApp } from "../../state/app";
import { put } from "../../state/link";
import type { ServerState, Side } from "../../state/server";
import { Grid } from "./Grid";
import { Inspector } from "./Inspector";
import { within, type Remembered, type Selection } from "./selection";
import "./matrix.css";

const SIDES: readonly (readonly [Side, string])[] = [["uplink", "Talk: tablet to channel"], ["downlink", "Listen: channel to tablet"]];
const BESIDE_MAX = 8; // more channels than this: one direction at a time
const wide = matchMedia("(min-width: 60rem)");

const useWide = () => useSyncExternalStore(
  (listener) => {
    wide.addEventListener("change", listener);
    return () => wide.removeEventListener("change", listener);
  },
  () => wide.matches,
);

function Headroom({ value }: { readonly value: number }) {
  const step = (by: number) => void put("/api/headroom", { headroom_db: Math.min(60, Math.max(0, value + by)) });
  return (
    <div className="headroom" role="group" aria-label="Headroom">
      <span>Headroom</span>
      <button type="button" aria-label="1 dB less headroom" onClick={() => step(-1)}>{"\u2212"}</button>
      <output className="number">{Math.round(value * 10) / 10} dB</output>
      <button type="button" aria-label="1 dB more headroom" onClick={() => step(1)}>+</button>
    </div>
  );
}

function Crosspoints({ server }: { readonly server: ServerState }) {
  const [side, setSide] = useState<Side>("uplink");
  const [chosen, setChosen] = useState<Selection | null>(null);
  const [remembered] = useState<Remembered>(() => new Map());
  const beside = useWide() && server.channels.length <= BESIDE_MAX;
  const selection = chosen && within(chosen, { channels: server.channels.length, tablets: server.tablets.length });
  const choose = useCallback((next: Selection) => {
    setChosen(next);
    setSide(next.side);
  }, []);
  const show = (next: Side) => {
    setSide(next);
    setChosen(chosen && { ...chosen, side: next });
  };
  return (
    <div className={beside ? "matrix beside" : "matrix"}>
      <div className="tools">
        {beside ? SIDES.map(([which, text]) => <h2 key={which}>{text}</h2>) : (
          <div className="sides" role="group" aria-label="Direction">
            {SIDES.map(([which, text]) => (
              <button key={which} type="button" data-side={which} aria-pressed={which === side} onClick={() => show(which)}>{text}</button>
            ))}
          </div>
        )}
        <Headroom value={server.options.headroom_db} />
      </div>
      <div className="pair">
        {SIDES.filter(([which]) => beside || which === side).map(([which, text]) => (
          <Grid key={which} side={which} label={text} server={server} selection={selection} remembered={remembered} choose={choose} />
        ))}
      </div>
      <Inspector server={server} selection={selection} remembered={remembered} />
    </div>
  );
}

export default function Matrix() {
  const server = useApp((state) => state.server);
  useMeters();
  return server?.tablets.length && server.channels.length ? <Crosspoints server={server} /> : null;
}
