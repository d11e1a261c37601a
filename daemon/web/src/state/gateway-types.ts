// SPDX-License-Identifier: MIT
// The gateway, as /openapi.json describes it: what this page shows of it.

export interface StreamLatency {
  readonly capture_ms: number | null;
  readonly encode_ms: number | null;
  readonly packet_ms: number | null;
  readonly network_ms: number | null;
  readonly jitter_ms: number | null;
  readonly decode_ms: number | null;
  readonly playback_ms: number | null;
  readonly total_ms: number | null;
}

export interface StreamStatus {
  readonly state: "off" | "connecting" | "running" | "silent" | "failed";
  readonly trouble: string;
  readonly transmitting: boolean;
  readonly packets_sent: number;
  readonly bytes_sent: number;
  readonly packets_received: number;
  readonly bytes_received: number;
  readonly lost: number;
  readonly late: number;
  readonly duplicate: number;
  readonly reordered: number;
  readonly recovered: number;
  readonly concealed: number;
  readonly refused: number;
  readonly loss_percent: number | null;
  readonly jitter_ms: number | null;
  readonly depth_ms: number | null;
  readonly target_ms: number | null;
  readonly drift_ppm: number | null;
  readonly round_trip_ms: number | null;
  readonly remote_loss_percent: number | null;
  readonly remote_jitter_ms: number | null;
  readonly latency: StreamLatency;
}

export type Origin = "config" | "added";

export interface GatewayStream {
  readonly id: string;
  /** "channel.1", "tablet.2" */
  readonly endpoint: string;
  readonly protocol: "rtp" | "echostream";
  readonly way: "send" | "receive" | "both";
  readonly name?: string;
  readonly remote?: { readonly host?: string; readonly port?: number };
  readonly local?: { readonly port?: number };
  readonly srtp?: { readonly cipher?: string };
  readonly jitter?: { readonly safety?: number };
  readonly origin: Origin;
  readonly status: StreamStatus;
}

export interface GatewayLine {
  readonly id: string;
  readonly line: string | number;
  readonly function?: "key" | "ptt_out" | "tally" | "carrier" | "page";
  readonly tablet?: number;
  readonly channel: number;
  readonly origin: Origin;
  readonly status: {
    readonly state: "missing" | "busy" | "inactive" | "active" | "stuck";
    readonly trouble: string;
    readonly chip: string;
    readonly offset: number | null;
    readonly polled: boolean;
    readonly edges: number;
    readonly bounces: number;
  };
}

export interface PageDefinition {
  readonly id: string;
  readonly name?: string;
  readonly source: string;
  readonly kind?: "two_tone" | "long" | "dtmf";
  readonly a_hz?: number;
  readonly b_hz?: number;
  readonly a_length_s?: number;
  readonly b_length_s?: number;
  readonly digits?: string;
  readonly record_length_s?: number;
  readonly passthrough_channel?: number;
  readonly origin: Origin;
}

export interface Tone {
  readonly endpoint: string;
  readonly type: "digit" | "page" | "new_pair";
  readonly a_hz?: number;
  readonly b_hz?: number;
  readonly level_db: number | null;
}

export interface PageRecord {
  readonly message_id: string;
  /** seconds since 1970 */
  readonly ts: number;
  /** "" for an unknown pair */
  readonly page_id: string;
  readonly tone: Tone;
  readonly passthrough: boolean;
  readonly clip: string;
  readonly clip_length_s: number;
  readonly clip_complete: boolean;
  readonly clip_uploaded: boolean;
}

export interface Clip {
  readonly name: string;
  readonly ts: number;
  readonly length_s: number;
  readonly bytes: number;
  readonly endpoint: string;
  readonly page_ids: readonly string[];
  readonly uploaded: boolean;
}

export interface ExportStatus {
  readonly connected: boolean;
  readonly queued: number;
  readonly sent: number;
  readonly dropped: number;
  readonly trouble: string;
}

export interface Export {
  readonly mqtt: ExportStatus | null;
  readonly s3: ExportStatus | null;
  readonly clips: { readonly recording: number; readonly clips: number; readonly bytes: number; readonly trouble: string } | null;
}

/** `GET /api/gateway` */
export interface GatewayDocument {
  readonly trouble: string;
  readonly streams: readonly GatewayStream[];
  readonly gpio: { readonly lines: readonly GatewayLine[] };
  readonly tones: { readonly pages: readonly PageDefinition[] };
  readonly export: Export;
}

/** What a change may tell of the gateway besides. */
export interface GatewayChange {
  readonly type: string;
  readonly stream?: GatewayStream | null;
  readonly line?: GatewayLine | null;
  readonly page?: PageRecord;
  readonly export?: Export;
}
