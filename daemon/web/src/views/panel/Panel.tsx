// SPDX-License-Identifier: MIT
// A tablet's own view: take one, then talk and listen.

import { useEffect } from "react";
import { useMeters } from "../../meters/stream";
import { useTablets } from "../../state/app";
import { Seats } from "./Seats";
import { Talk } from "./Talk";
import { comeBack, usePanel } from "./line";
import "./panel.css";

export default function Panel() {
  const phase = usePanel((state) => state.phase);
  const id = usePanel((state) => state.tablet);
  const tablet = useTablets()[(id ?? 0) - 1];
  useMeters();
  useEffect(comeBack, []);
  return tablet && (phase === "claimed" || phase === "away") ? <Talk tablet={tablet} away={phase === "away"} /> : <Seats />;
}
