// SPDX-License-Identifier: MIT
// Sound cards: what is there or missing, and who is plugged into it.

import { useApp, useChannels, useTablets } from "../../state/app";
import { channelName, tabletName } from "../../state/server";
import type { Device, DeviceUse } from "../../state/types";

const none: readonly Device[] = [];

export function Devices() {
  const devices = useApp((state) => state.server?.devices ?? none);
  const tablets = useTablets();
  const channels = useChannels();
  const user = ({ kind, id, port }: DeviceUse) => {
    const name = kind === "tablet" ? tabletName(tablets[id - 1]) : channelName(channels[id - 1]);
    return port ? `${name}, port ${port}` : name;
  };
  return (
    <>
      {devices.length === 0 ? <p className="no-devices">No sound card is there or bound.</p> : (
        <table className="devices">
          <thead><tr>{["Sound card", "Side", "State", "Bound to"].map((text) => <th key={text} scope="col">{text}</th>)}</tr></thead>
          <tbody>
            {devices.map((device) => (
              <tr key={`${device.direction} ${device.names[0] ?? ""}`} data-state={device.state}>
                <td title={device.names.slice(1).join("\n") || undefined}>{device.names[0]}<small>{device.description}</small></td>
                <td>{device.direction}</td>
                <td className="device-state">{device.state}</td>
                <td>{device.bound.map(user).join("; ") || "\u2013"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <p>Bind one with <code>partylinectl bind channel 1 capture card:ID</code>.</p>
    </>
  );
}
