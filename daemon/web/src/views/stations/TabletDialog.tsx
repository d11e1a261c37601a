// SPDX-License-Identifier: MIT
// One tablet's settings.

import { useEffect, useId, useRef } from "react";
import { OFF_DB, toDb, isOff, withUnit } from "../../lib/gains";
import { useTablets } from "../../state/app";
import { post, put, putLatest } from "../../state/link";
import { tabletName } from "../../state/server";
import { SwitchField, TextField } from "../../ui/fields";

const SIDETONE_MIN_DB = -60;

export function TabletDialog({ id, onClose }: { readonly id: number; readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const tablet = useTablets()[id - 1];
  const title = useId(), sidetone = useId();
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  if (!tablet) return null;
  const path = `/api/tablet/${id}`;
  const db = toDb(tablet.sidetone);
  const setSidetone = (value: number) => void putLatest(`${path}/sidetone`, { gain_db: value < SIDETONE_MIN_DB ? OFF_DB : value });
  return (
    <dialog ref={dialog} id="tablet-dialog" className="dialog" aria-labelledby={title} onClose={onClose}>
      <h2 id={title}>{tabletName(tablet)}</h2>
      <TextField label="Name" placeholder={`Tablet ${id}`} value={tablet.name} send={(name) => put(`${path}/name`, { name })} />
      <SwitchField label="Talks" hint="Off: nothing of this tablet reaches a channel" checked={!tablet.talk_mute}
        send={(on) => put(`${path}/talk-mute`, { mute: !on })} />
      <SwitchField label="Listens" hint="Off: this tablet hears nothing" checked={!tablet.listen_mute}
        send={(on) => put(`${path}/listen-mute`, { mute: !on })} />
      <div className="field">
        <label htmlFor={sidetone}>Sidetone</label>
        <span className="with-unit">
          <input id={sidetone} type="range" min={SIDETONE_MIN_DB - 1} max={0} step={1} aria-valuetext={withUnit(db)}
            value={isOff(db) ? SIDETONE_MIN_DB - 1 : Math.round(db)} onChange={(event) => setSidetone(Number(event.target.value))} />
          <output htmlFor={sidetone}>{withUnit(db)}</output>
        </span>
        <small>The own voice in the own listen mix</small>
      </div>
      <div className="buttons">
        <button type="button" onClick={() => void post(`${path}/release`)}>Release its keys</button>
        <button type="button" className="primary" onClick={() => dialog.current?.close()}>Close</button>
      </div>
    </dialog>
  );
}
