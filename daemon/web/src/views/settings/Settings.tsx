// SPDX-License-Identifier: MIT
// Options of the whole intercom, and names.

import { useState } from "react";
import { post, put } from "../../state/link";
import { toast, useApp, useChannels } from "../../state/app";
import type { Options } from "../../state/types";
import { Card, NumberField, SureButton, SwitchField, TextField } from "../../ui/fields";
import "./settings.css";

function Levels({ options }: { readonly options: Options }) {
  const [uniform, setUniform] = useState("-12");
  const setAll = async () => {
    if (await put("/api/uniform", { gain_db: Number(uniform) })) toast("Every crosspoint is set", false);
  };
  return (
    <Card title="Levels">
      <NumberField label="Headroom" unit="dB" hint="Room kept for several voices at once, 0 to 60" min={0} max={60} step={1}
        value={options.headroom_db} send={(value) => put("/api/headroom", { headroom_db: value })} />
      <NumberField label="Fade of every change" unit="ms" hint="1 to 1000; 5 is inaudible and clean" min={1} max={1000} step={1}
        value={options.ramp_ms} send={(value) => put("/api/ramp", { ramp_ms: value })} />
      <div className="field">
        <label htmlFor="uniform">Everyone to everyone</label>
        <span className="with-unit">
          <input id="uniform" type="number" min={-240} max={20} step={1} value={uniform} onChange={(event) => setUniform(event.target.value)} />
          dB
        </span>
        <SureButton act={() => void setAll()}>Set every crosspoint</SureButton>
      </div>
    </Card>
  );
}

function Talking({ options }: { readonly options: Options }) {
  const vox = (change: { threshold_db?: number; hang_ms?: number }) =>
    put("/api/vox", { threshold_db: options.vox_threshold_db, hang_ms: options.vox_hang_ms, ...change });
  return (
    <Card title="Talking">
      <SwitchField label="Party line" hint="Listeners hear the other tablets, not only the outside input"
        checked={options.party_line} send={(on) => put("/api/party-line", { party_line: on })} />
      <SwitchField label="Refuse a busy channel" hint="A key is refused while another tablet talks there"
        checked={options.busy_refusal} send={(on) => put("/api/busy-refusal", { refuse: on })} />
      <NumberField label="Longest talk" unit="s" hint="A held key is released after this; 0 is never" min={0} max={3600} step={1}
        value={options.talk_timeout_s} send={(value) => put("/api/talk-timeout", { timeout_s: value })} />
      <NumberField label="Vox opens at" unit="dB" hint={"\u221280 to 0, peak level"} min={-80} max={0} step={1}
        value={options.vox_threshold_db} send={(value) => vox({ threshold_db: value })} />
      <NumberField label="Vox stays open" unit="ms" hint="0 to 10000 after the last loud sample" min={0} max={10000} step={50}
        value={options.vox_hang_ms} send={(value) => vox({ hang_ms: value })} />
    </Card>
  );
}

function Names() {
  const channels = useChannels();
  return (
    <Card title="Names of the channels">
      {channels.map(({ id, name }) => (
        <TextField key={id} label={`Channel ${id}`} placeholder={`Channel ${id}`} value={name}
          send={(text) => put(`/api/channel/${id}/name`, { name: text })} />
      ))}
    </Card>
  );
}

function Server() {
  const reread = async () => {
    if (await post("/config/reload")) toast("Configuration read again", false);
  };
  const reset = async () => {
    if (await post("/api/reset")) toast("Every setting is as it was at first", false);
  };
  return (
    <Card title="Server">
      <p>The API is described at <a href="/docs">/docs</a>.</p>
      <div className="buttons">
        <button type="button" onClick={() => void reread()}>Read the configuration again</button>
        <SureButton act={() => void reset()}>Forget every setting</SureButton>
      </div>
    </Card>
  );
}

export default function Settings() {
  const options = useApp((state) => state.server?.options);
  if (!options) return null;
  return (
    <div className="settings">
      <Levels options={options} />
      <Talking options={options} />
      <Names />
      <Server />
    </div>
  );
}
