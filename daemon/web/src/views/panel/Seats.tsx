// SPDX-License-Identifier: MIT
// Which tablet is mine: the free ones, and who has the others.

import { useEffect, useId, useRef, useState } from "react";
import { useTablets } from "../../state/app";
import { tabletName } from "../../state/server";
import type { Tablet } from "../../state/types";
import { claim, ownLabel, panel, setOwnLabel, usePanel } from "./line";

const NAME_MAX = 40;
const when = (since: number) => new Date(since * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

function seatText({ claim: who, capture, playback }: Tablet): string {
  if (who) return `${who.label || who.peer}${who.present ? "" : ", away"}`;
  return capture?.device || playback?.device ? "sound card" : "free";
}

function TakeOver() {
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  const takenBy = usePanel((state) => state.takenBy);
  const wish = usePanel((state) => state.wish);
  const tablet = useTablets()[(wish?.tablet ?? 0) - 1];
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  if (!takenBy || !tablet) return null;
  const who = takenBy.label || takenBy.peer || "Somebody";
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby={title} onClose={() => panel.dispatch({ type: "leave" })}>
      <h2 id={title}>{tabletName(tablet)} is taken</h2>
      <p>{who} has had it since {when(takenBy.since)}{takenBy.present ? "" : " and is away now"}. Whoever has it loses it, and every key that is held.</p>
      <div className="buttons">
        <button type="button" onClick={() => dialog.current?.close()}>Leave it</button>
        <button type="button" className="primary" id="take-over" onClick={() => claim({ tablet: tablet.id, takeOver: true })}>Take over</button>
      </div>
    </dialog>
  );
}

export function Seats() {
  const tablets = useTablets();
  const asking = usePanel((state) => state.phase === "asking");
  const trouble = usePanel((state) => state.trouble);
  const taken = usePanel((state) => state.takenBy !== null);
  const [label, setLabel] = useState(ownLabel);
  const name = useId();
  const take = (tablet: number | null) => {
    setOwnLabel(label.trim());
    claim({ tablet, takeOver: false });
  };
  return (
    <div className="seats">
      <section className="sheet welcome" aria-label="Take a tablet">
        <h2>Which tablet is yours?</h2>
        <p>You hear what it hears, and hold its talk keys.</p>
        <div className="ask">
          <label htmlFor={name}>Your name</label>
          <input id={name} type="text" maxLength={NAME_MAX} value={label} placeholder="so that others know who has it" autoComplete="off"
            onChange={(event) => setLabel(event.target.value)} />
          <button type="button" id="take-next" className="primary" disabled={asking} onClick={() => take(null)}>Next free tablet</button>
        </div>
        {trouble && !taken ? <p className="trouble" role="alert">{trouble}</p> : null}
      </section>
      <div className="seat-list" role="group" aria-label="Tablets">
        {tablets.map((tablet) => (
          <button type="button" key={tablet.id} className={tablet.claim ? "seat taken" : "seat"} data-tablet={tablet.id} disabled={asking} onClick={() => take(tablet.id)}>
            <span className="id">{tablet.id}</span>
            <strong>{tabletName(tablet)}</strong>
            <small title={seatText(tablet)}>{seatText(tablet)}</small>
          </button>
        ))}
      </div>
      {taken ? <TakeOver /> : null}
    </div>
  );
}
