// SPDX-License-Identifier: MIT
// New gains: shown at once, and sent so that a hand which pulls many does not queue them up.

import { OFF_DB, isOff } from "../lib/gains";
import { store } from "./app";
import { putLatest, postLatest } from "./link";
import type { Setting, Side } from "./server";

const ONE_BY_ONE_MAX = 16; // more than this: the whole direction in one call

function sendOne({ side, channel, tablet, db }: Setting): void {
  const path = side === "uplink" ? `/api/uplink/${channel}/${tablet}` : `/api/downlink/${tablet}/${channel}`;
  void putLatest(path, { gain_db: isOff(db) ? OFF_DB : db });
}

/** As Mission Control's /matrix takes it: linear, crosspoints that are off left out. */
function sendSide(side: Side): void {
  const rows: Partial<Record<number, Record<number, number>>> = {};
  store.get().server?.[side].forEach((row, c) => {
    row.forEach((db, t) => {
      if (isOff(db)) return;
      const [outer, inner] = side === "uplink" ? [c + 1, t + 1] : [t + 1, c + 1];
      const cells = rows[outer] ?? (rows[outer] = {});
      cells[inner] = Number((10 ** (db / 20)).toPrecision(9));
    });
  });
  void postLatest("/matrix", { [side]: rows }, side);
}

export function changeGains(settings: readonly Setting[]): void {
  const first = settings[0];
  if (!first) return;
  store.dispatch({ type: "gains", settings });
  if (settings.length <= ONE_BY_ONE_MAX) settings.forEach(sendOne);
  else sendSide(first.side);
}
