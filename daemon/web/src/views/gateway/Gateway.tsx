// SPDX-License-Identifier: MIT
// Streams, GPIO lines, tone pages, clips.

import { useApp } from "../../state/app";
import { Clips, Destinations } from "./Clips";
import { Lines } from "./Lines";
import { useGatewayLoaded } from "./load";
import { Definitions, History } from "./Pages";
import { Streams } from "./Streams";
import "./gateway.css";

export default function Gateway() {
  useGatewayLoaded();
  const trouble = useApp((state) => state.gateway.definitions?.trouble);
  if (trouble === undefined) return null;
  return (
    <div className="gateway">
      {trouble ? <p className="sheet fault" role="status">{trouble}</p> : null}
      <Streams />
      <div className="columns">
        <History />
        <Clips />
        <Definitions />
        <Lines />
        <Destinations />
      </div>
    </div>
  );
}
