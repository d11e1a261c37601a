// SPDX-License-Identifier: MIT
// How the machine is: health, versions, sound cards, who may come in, what is said.

import { usePolled } from "../../lib/polled";
import { useApp } from "../../state/app";
import { useMay } from "../../state/may";
import { Card } from "../../ui/fields";
import { Devices } from "./Devices";
import { Health, Versions, type SystemDocument } from "./Health";
import { Log } from "./Log";
import { Tokens } from "./Tokens";
import "./system.css";

const AGAIN_MS = 2000;

interface Certificate {
  readonly fingerprint?: string;
  readonly names?: string;
  readonly not_after?: number;
}

function CertificateCard() {
  const certificate = usePolled<Certificate>("/api/certificate", 60_000);
  if (!certificate?.fingerprint) return null;
  const end = new Date((certificate.not_after ?? 0) * 1000).toLocaleDateString("en-CA");
  return (
    <Card title="Certificate">
      <p>{certificate.names}</p>
      <p><small>{`Valid until ${end}; renewed by itself long before. `}<a href="/ca.crt">The CA to trust</a></small></p>
      <code>{certificate.fingerprint}</code>
    </Card>
  );
}

export default function System() {
  const up = useApp((state) => state.link === "up");
  const admin = useMay("admin");
  const document = usePolled<SystemDocument>(up ? "/api/system" : null, AGAIN_MS);
  if (!document) return null; // what is under a finger must not move when it comes
  return (
    <div className="system">
      <div className="columns">
        <Health document={document} />
        <Versions document={document} />
        <Card title="Sound cards"><Devices /></Card>
        {admin ? <Tokens /> : null}
        <CertificateCard />
      </div>
      {admin ? <Log /> : null}
    </div>
  );
}
