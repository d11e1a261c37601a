// SPDX-License-Identifier: MIT
// Is all well? And if not, what is it.

import { formatAge, formatBytes, formatNumber } from "../../lib/format";
import { Card } from "../../ui/fields";
import { Facts, type Fact } from "../../ui/rows";

/** `GET /api/system` */
export interface SystemDocument {
  readonly ts: number;
  readonly started: number;
  readonly host: string;
  readonly system: string;
  readonly kernel: string;
  readonly config_file: string;
  readonly published_name: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly graph: {
    readonly connected: boolean;
    readonly rate_hz: number;
    readonly quantum: number;
    readonly bad_samples: number;
  };
  readonly memory_bytes: number;
  readonly disk: { readonly path: string; readonly free_bytes: number; readonly size_bytes: number };
  readonly troubles: readonly string[];
  readonly warnings: readonly string[];
}

const NAMES: Readonly<Record<string, string>> = {
  partyline: "Partyline", pipewire: "PipeWire", libpipewire: "PipeWire\u2019s library", libwebsockets: "libwebsockets", openssl: "OpenSSL",
  opus: "Opus", libsrtp2: "libSRTP", libgpiod: "libgpiod", libcurl: "libcurl", "json-c": "json-c",
};

export function Health({ document: d }: { readonly document: SystemDocument }) {
  const { graph, disk } = d;
  const cycle = graph.rate_hz ? `${formatNumber(graph.quantum)} samples, ${formatNumber((1000 * graph.quantum) / graph.rate_hz, 1)} ms` : formatNumber(null);
  const facts: readonly Fact[] = [
    { name: "Sample rate", value: graph.rate_hz ? `${formatNumber(graph.rate_hz / 1000, graph.rate_hz % 1000 ? 1 : 0)} kHz` : formatNumber(null) },
    { name: "Cycle", value: cycle },
    { name: "Running for", value: formatAge(d.ts - d.started) },
    { name: "Memory", value: formatBytes(d.memory_bytes), hint: "of the daemon" },
    { name: "Disk", value: `${formatBytes(disk.free_bytes)} free`, hint: `${disk.path}, of ${formatBytes(disk.size_bytes)}` },
    { name: "In the network as", value: d.published_name || "not announced" },
  ];
  const well = d.troubles.length + d.warnings.length === 0;
  return (
    <Card title="Health">
      <ul className="findings" aria-label="What is wrong">
        {well ? <li data-mood="good">All is well</li> : null}
        {d.troubles.map((text) => <li key={text} data-mood="bad">{text}</li>)}
        {d.warnings.map((text) => <li key={text} data-mood="warn">{text}</li>)}
      </ul>
      <Facts facts={facts} />
    </Card>
  );
}

export function Versions({ document: d }: { readonly document: SystemDocument }) {
  return (
    <Card title="Versions">
      <Facts facts={[...new Set([...Object.keys(NAMES), ...Object.keys(d.versions)])].filter((key) => d.versions[key])
        .map((key) => ({ name: NAMES[key] ?? key, value: d.versions[key] }))} />
      <p><small>{[d.host, d.system, d.kernel].filter(Boolean).join(" \u00b7 ")}</small></p>
      <p><small>{d.config_file ? `Configuration: ${d.config_file}` : "Configuration: the defaults"}</small></p>
    </Card>
  );
}
