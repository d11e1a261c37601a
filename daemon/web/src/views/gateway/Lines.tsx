// SPDX-License-Identifier: MIT
// GPIO lines: talk keys and lamps.

import { formatNumber } from "../../lib/format";
import { useApp } from "../../state/app";
import type { GatewayLine } from "../../state/gateway-types";
import { Card } from "../../ui/fields";
import { Chip, Nothing, Row, Rows, type Mood } from "../../ui/rows";
import { useEndpointName } from "./endpoint";

const MOODS: Record<GatewayLine["status"]["state"], Mood> = { missing: "bad", busy: "bad", inactive: "calm", active: "good", stuck: "warn" };
const FUNCTIONS = { key: "Talk key", ptt_out: "Transmits", tally: "Tally", carrier: "Carrier", page: "Page" };
const none: readonly GatewayLine[] = [];

const counted = (n: number, what: string): string => `${formatNumber(n)} ${what}${n === 1 ? "" : "s"}`;
const edgesOf = ({ status }: GatewayLine): string =>
  [counted(status.edges, "edge"), status.bounces ? counted(status.bounces, "bounce") : ""].filter(Boolean).join(", ");

export function Lines() {
  const lines = useApp((state) => state.gateway.definitions?.lines ?? none);
  const endpointName = useEndpointName();
  const whose = ({ tablet, channel }: GatewayLine) =>
    tablet ? `${endpointName(`tablet.${tablet}`)} on ${endpointName(`channel.${channel}`)}` : endpointName(`channel.${channel}`);
  const where = ({ line, status }: GatewayLine) =>
    [typeof line === "number" ? `line ${line}` : line, status.chip, status.polled ? "polled" : ""].filter(Boolean).join(" \u00b7 ");
  return (
    <Card title="GPIO lines">
      {lines.length === 0 ? <Nothing>None in the configuration. <code>partylinectl gpio find</code> lists what this machine has.</Nothing> : (
        <Rows label="GPIO lines">
          {lines.map((line) => (
            <Row key={line.id} title={`${FUNCTIONS[line.function ?? "key"]}: ${whose(line)}`} detail={`${line.id} \u00b7 ${where(line)}`}
              trouble={line.status.trouble}
              end={<>
                {(line.function ?? "key") === "key" ? <small className="number">{edgesOf(line)}</small> : null}
                <Chip mood={MOODS[line.status.state]}>{line.status.state}</Chip>
              </>} />
          ))}
        </Rows>
      )}
    </Card>
  );
}
