// SPDX-License-Identifier: MIT
// Everybody at a glance: channels above, one card for each tablet below.

import { useState } from "react";
import { useMeters } from "../../meters/stream";
import { useChannels, useTablets } from "../../state/app";
import { Card } from "./Card";
import { useLettingGo } from "./keys";
import { Strip } from "./Strip";
import { TabletDialog } from "./TabletDialog";
import "./stations.css";

const MANY_CHANNELS = 12;

export default function Stations() {
  const tablets = useTablets();
  const channels = useChannels();
  const [dialog, setDialog] = useState<number | null>(null);
  useMeters();
  useLettingGo();
  // as many keys in a row as fit with their names
  const longest = Math.max(0, ...channels.map(({ id, name }) => (name || `CH ${id}`).length));
  return (
    <>
      <section className={channels.length > MANY_CHANNELS ? "channels many" : "channels"} aria-label="Channels" tabIndex={channels.length > MANY_CHANNELS ? 0 : undefined}>
        {channels.map((channel) => <Strip key={channel.id} channel={channel} />)}
      </section>
      <section className="cards" aria-label="Tablets" style={{ "--key": `${Math.min(11, 1.2 + longest * 0.56)}rem` } as React.CSSProperties}>
        {tablets.map((tablet) => <Card key={tablet.id} tablet={tablet} onMore={setDialog} />)}
      </section>
      {dialog === null ? null : <TabletDialog key={dialog} id={dialog} onClose={() => setDialog(null)} />}
    </>
  );
}
