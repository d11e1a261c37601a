// SPDX-License-Identifier: MIT
// Streams that other machines announce by SAP.

import { useApp } from "../../state/app";
import type { SapSession } from "../../state/gateway-types";
import { Card } from "../../ui/fields";
import { Nothing, Row, Rows } from "../../ui/rows";

const detailOf = ({ host, port, opus, channels, ptime_ms }: SapSession): string =>
  [`${host}:${port}`, opus ? "Opus" : "not Opus", channels > 1 ? `${channels} channels` : "", ptime_ms ? `${ptime_ms} ms` : ""].filter(Boolean).join(" \u00b7 ");

export function Announced() {
  const sessions = useApp((state) => state.gateway.sap);
  if (!sessions) return null;
  return (
    <Card title="Announced in the network">
      {sessions.length === 0 ? <Nothing>Nobody announces a stream.</Nothing> : (
        <Rows label="Announced in the network">
          {sessions.map((session) => <Row key={session.sdp} title={session.name || session.host} detail={detailOf(session)} />)}
        </Rows>
      )}
    </Card>
  );
}
