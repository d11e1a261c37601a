// SPDX-License-Identifier: MIT
// Network streams: how each is, where its milliseconds are, what was lost.

import { useId } from "react";
import { formatBytes, formatNumber, nameOr } from "../../lib/format";
import { useApp } from "../../state/app";
import type { GatewayStream, StreamLatency, StreamStatus } from "../../state/gateway-types";
import { change, putLatest } from "../../state/link";
import { useMay } from "../../state/may";
import { SureButton } from "../../ui/fields";
import { Chip, Facts, Nothing, type Fact, type Mood } from "../../ui/rows";
import { useEndpointName } from "./endpoint";

const MOODS: Record<StreamStatus["state"], Mood> = { off: "calm", connecting: "warn", running: "good", silent: "warn", failed: "bad" };
const WAYS = { send: "sends", receive: "receives", both: "both ways" };
const CIPHERS: Record<string, string> = { aes_256_gcm: "AES-256", aes_128_cm: "AES-128", none: "in the clear" };

const STAGES = [
  ["capture_ms", "capture"], ["encode_ms", "encoder"], ["packet_ms", "packet"], ["network_ms", "network"],
  ["jitter_ms", "jitter buffer"], ["decode_ms", "decoder"], ["playback_ms", "playback"],
] as const satisfies readonly (readonly [keyof StreamLatency, string])[];

/** Where the milliseconds are, to scale. */
function Latency({ latency }: { readonly latency: StreamLatency }) {
  const stages = STAGES.map(([key, name], i) => ({ name, ms: latency[key] ?? 0, i })).filter(({ ms }) => ms > 0);
  if (stages.length === 0) return null;
  return (
    <div className="latency">
      <div className="latency-bar" aria-hidden="true">
        {stages.map(({ name, ms, i }) => <i key={name} data-stage={i} style={{ flexGrow: ms }} />)}
      </div>
      <ul aria-label="Latency by stage">
        {stages.map(({ name, ms, i }) => <li key={name}><i data-stage={i} />{name} <b className="number">{formatNumber(ms, 1)}</b></li>)}
        <li className="latency-total">together <b className="number">{formatNumber(latency.total_ms, 1)} ms</b></li>
      </ul>
    </div>
  );
}

const withUnit = (value: number | null, unit: string, decimals = 1) => (value === null ? formatNumber(value) : `${formatNumber(value, decimals)} ${unit}`);

function factsOf({ way, status: s }: GatewayStream): readonly Fact[] {
  const lossy = (percent: number | null): Mood => ((percent ?? 0) >= 5 ? "bad" : "calm");
  const received: readonly Fact[] = [
    { name: "Received", value: formatNumber(s.packets_received), hint: `packets, ${formatBytes(s.bytes_received)}` },
    { name: "Loss, last 10 s", value: withUnit(s.loss_percent, "%"), mood: lossy(s.loss_percent) },
    { name: "Lost, late", value: `${formatNumber(s.lost)}, ${formatNumber(s.late)}`, hint: "packets that never came, or too late" },
    { name: "Given back", value: formatNumber(s.recovered), hint: "frames that forward error correction gave back" },
    { name: "Made up", value: formatNumber(s.concealed), hint: "frames that Opus made up" },
    { name: "Jitter", value: withUnit(s.jitter_ms, "ms") },
    { name: "Buffer, aim", value: `${formatNumber(s.depth_ms)} / ${formatNumber(s.target_ms)} ms` },
    { name: "Clock drift", value: withUnit(s.drift_ppm, "ppm") },
  ];
  const sent: readonly Fact[] = [
    { name: "Sent", value: formatNumber(s.packets_sent), hint: `packets, ${formatBytes(s.bytes_sent)}` },
    { name: "Loss over there", value: withUnit(s.remote_loss_percent, "%"), mood: lossy(s.remote_loss_percent) },
    { name: "Round trip", value: withUnit(s.round_trip_ms, "ms") },
  ];
  const refused: readonly Fact[] = s.refused
    ? [{ name: "Refused", value: formatNumber(s.refused), hint: "foreign, replayed, truncated or not authentic", mood: "bad" }] : [];
  return [...(way === "send" ? [] : received), ...(way === "receive" ? [] : sent), ...refused];
}

/** Quick at the left, safe at the right; moves while it sounds. */
function Safety({ stream }: { readonly stream: GatewayStream }) {
  const id = useId();
  const value = stream.jitter?.safety ?? 0.5;
  return (
    <div className="safety">
      <label htmlFor={id}>Jitter buffer</label>
      <span>quick</span>
      <input id={id} type="range" min={0} max={1} step={0.05} value={value} disabled={!useMay("operate")}
        onChange={(event) => void putLatest(`/api/streams/${stream.id}/jitter`, { safety: Number(event.target.value) })} />
      <span>safe</span>
    </div>
  );
}

function whereOf({ protocol, way, remote, local, srtp }: GatewayStream): string {
  const to = remote?.host ? `to ${remote.host}${remote.port ? `:${remote.port}` : ""}` : "";
  const at = protocol === "rtp" && way !== "send" && local?.port ? `port ${local.port}` : "";
  const cipher = protocol === "rtp" ? `RTP, ${CIPHERS[srtp?.cipher ?? ""] ?? "encrypted"}` : "EchoStream";
  return [WAYS[way], cipher, to, at].filter(Boolean).join(" \u00b7 ");
}

function Stream({ stream }: { readonly stream: GatewayStream }) {
  const endpointName = useEndpointName();
  const admin = useMay("admin");
  const { id, status } = stream;
  return (
    <article className="stream sheet" aria-labelledby={`stream-${id}`}>
      <header>
        <div>
          <h3 id={`stream-${id}`}>{nameOr(stream.name, id)} <span>{endpointName(stream.endpoint)}</span></h3>
          <small>{whereOf(stream)}</small>
        </div>
        <Chip mood={MOODS[status.state]}>{status.transmitting ? `${status.state}, sending` : status.state}</Chip>
      </header>
      {status.trouble ? <p className="fault">{status.trouble}</p> : null}
      <Latency latency={status.latency} />
      <Facts facts={factsOf(stream)} />
      <footer>
        {stream.way === "send" ? null : <Safety stream={stream} />}
        <span className="buttons">
          {stream.protocol === "rtp" ? <a className="button" href={`/api/streams/${id}.sdp`} download={`${id}.sdp`} aria-label={`SDP of ${id}`}>SDP</a> : null}
          {admin && stream.origin === "added" ? <SureButton act={() => void change("DELETE", `/api/streams/${id}`)}>Remove</SureButton> : null}
        </span>
      </footer>
    </article>
  );
}

export function Streams() {
  const streams = useApp((state) => state.gateway.streams);
  return (
    <section className="streams" aria-labelledby="streams-title">
      <h2 id="streams-title">Network streams</h2>
      {streams.length === 0
        ? <Nothing>None. Add one with <code>partylinectl stream add</code> or in the configuration.</Nothing>
        : <div className="columns">{streams.map((stream) => <Stream key={stream.id} stream={stream} />)}</div>}
    </section>
  );
}
