// SPDX-License-Identifier: MIT
// What was recorded and is still here, and where it goes.

import { formatBytes, formatNumber, formatTime } from "../../lib/format";
import { useApp } from "../../state/app";
import type { Clip, ExportStatus, PageDefinition } from "../../state/gateway-types";
import { change } from "../../state/link";
import { useMay } from "../../state/may";
import { Card, SureButton } from "../../ui/fields";
import { Chip, Nothing, Row, Rows } from "../../ui/rows";
import { useEndpointName } from "./endpoint";
import { pageTitle } from "./Pages";
import { Player } from "./Player";

const none: readonly PageDefinition[] = [];

export function Clips() {
  const clips = useApp((state) => state.gateway.clips);
  const total = clips.reduce((sum, { bytes }) => sum + bytes, 0);
  const pages = useApp((state) => state.gateway.definitions?.pages ?? none);
  const endpointName = useEndpointName();
  const admin = useMay("admin");
  const titleOf = ({ page_ids }: Clip) =>
    [...new Set(page_ids.map((id) => {
      const page = pages.find((one) => one.id === id);
      return page ? pageTitle(page) : id || "Unknown pair";
    }))].join(", ");
  return (
    <Card title="Clips">
      {clips.length === 0 ? <Nothing>No clip is on this machine.</Nothing> : (
        <>
          <p><small>{`${formatNumber(clips.length)} on this machine, ${formatBytes(total)}`}</small></p>
          <Rows label="Clips">
            {clips.map((clip) => (
              <Row key={clip.name} title={titleOf(clip)}
                detail={`${formatTime(clip.ts)} \u00b7 ${endpointName(clip.endpoint)} \u00b7 ${formatBytes(clip.bytes)}${clip.uploaded ? " \u00b7 uploaded" : ""}`}
                end={<>
                  <Player name={clip.name} length_s={clip.length_s} label={`${titleOf(clip)}, ${formatTime(clip.ts)}`} />
                  {admin ? <SureButton act={() => void change("DELETE", `/api/clips/${encodeURIComponent(clip.name)}`)}>Delete</SureButton> : null}
                </>} />
            ))}
          </Rows>
        </>
      )}
    </Card>
  );
}

function Destination({ name, status }: { readonly name: string; readonly status: ExportStatus | null }) {
  if (!status) return null;
  return (
    <Row title={name} trouble={status.trouble}
      detail={`${formatNumber(status.sent)} sent, ${formatNumber(status.queued)} waiting${status.dropped ? `, ${formatNumber(status.dropped)} given up` : ""}`}
      end={<Chip mood={status.connected ? "good" : "bad"}>{status.connected ? "connected" : "not connected"}</Chip>} />
  );
}

export function Destinations() {
  const exports = useApp((state) => state.gateway.exports);
  if (!exports?.mqtt && !exports?.s3) return null;
  return (
    <Card title="Told to">
      <Rows label="Told to">
        <Destination name="MQTT" status={exports.mqtt} />
        <Destination name="S3" status={exports.s3} />
      </Rows>
    </Card>
  );
}
