// SPDX-License-Identifier: MIT
// Sound cards: what is there or missing, and who is plugged into it.

import { useApp, useChannels, useTablets } from "../../state/app";
import { channelName, tabletName } from "../../state/server";
import type { Device, DeviceUse } from "../../state/types";
import { formatNumber } from "../../lib/format";
import { Chip, Nothing, Row, Rows, type Mood } from "../../ui/rows";

const none: readonly Device[] = [];
const MOODS: Record<Device["state"], Mood> = { idle: "calm", running: "good", error: "bad", missing: "bad" };

export function Devices() {
  const devices = useApp((state) => state.server?.devices ?? none);
  const tablets = useTablets();
  const channels = useChannels();
  const user = ({ kind, id, port }: DeviceUse) => {
    const name = kind === "tablet" ? tabletName(tablets[id - 1]) : channelName(channels[id - 1]);
    return port ? `${name}, port ${port}` : name;
  };
  const detail = ({ names, description, direction, ports, rate_hz }: Device) => [
    direction, (description ? names : names.slice(1)).join(", "), ports ? `${formatNumber(ports)} ports` : "", rate_hz ? `${formatNumber(rate_hz)} Hz` : "",
  ].filter(Boolean).join(" \u00b7 ");
  return (
    <>
      {devices.length === 0 ? <Nothing>No sound card is there or bound.</Nothing> : (
        <Rows label="Sound cards">
          {devices.map((device) => (
            <Row key={`${device.direction} ${device.names[0] ?? ""}`} title={device.description || device.names[0]} detail={detail(device)}
              end={<>
                <span>{device.bound.map(user).join("; ")}</span>
                <Chip mood={MOODS[device.state]}>{device.state}</Chip>
              </>} />
          ))}
        </Rows>
      )}
      <p><small>Bind one with <code>partylinectl bind channel 1 capture card:ID</code>.</small></p>
    </>
  );
}
