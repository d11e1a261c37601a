// SPDX-License-Identifier: MIT
// Tone pages: what is listened for, and what was heard.

import { useState, type SubmitEvent } from "react";
import { formatNumber, formatShort, formatTime, nameOr } from "../../lib/format";
import { toast, useApp } from "../../state/app";
import type { PageDefinition, PageRecord, Tone } from "../../state/gateway-types";
import { change, post } from "../../state/link";
import { useMay } from "../../state/may";
import { Card, SureButton } from "../../ui/fields";
import { Chip, Nothing, Row, Rows } from "../../ui/rows";
import { useEndpointName } from "./endpoint";
import { Player } from "./Player";

const none: readonly PageDefinition[] = [];

export const pageTitle = ({ name, id }: PageDefinition): string => nameOr(name, id);

function tonesOf({ kind, digits, a_hz, b_hz, a_length_s, b_length_s }: PageDefinition): string {
  if (kind === "dtmf") return `DTMF ${digits ?? ""}`;
  const a = `${formatShort(a_hz)} Hz for ${formatShort(a_length_s)} s`;
  return kind === "long" ? a : `${a}, ${formatShort(b_hz)} Hz for ${formatShort(b_length_s)} s`;
}

export function Definitions() {
  const pages = useApp((state) => state.gateway.definitions?.pages ?? none);
  const endpointName = useEndpointName();
  const admin = useMay("admin");
  const detail = (page: PageDefinition) => [
    `${endpointName(page.source)}: ${tonesOf(page)}`,
    page.record_length_s ? `records ${formatNumber(page.record_length_s)} s` : "",
    page.passthrough_channel ? `opens to ${endpointName(`channel.${page.passthrough_channel}`)}` : "",
  ].filter(Boolean).join(" \u00b7 ");
  return (
    <Card title="Pages">
      {pages.length === 0 ? <Nothing>Nothing is listened for. Add a page with <code>partylinectl page add</code>.</Nothing> : (
        <Rows label="Pages">
          {pages.map((page) => (
            <Row key={page.id} title={pageTitle(page)} detail={detail(page)}
              end={admin && page.origin === "added" ? <SureButton act={() => void change("DELETE", `/api/pages/${page.id}`)}>Remove</SureButton> : null} />
          ))}
        </Rows>
      )}
    </Card>
  );
}

/** An unknown pair becomes a page. */
function MakePage({ record }: { readonly record: PageRecord }) {
  const [id, setId] = useState<string | null>(null);
  if (id === null) return <button type="button" onClick={() => setId("")}>Make it a page</button>;
  const make = async (event: SubmitEvent) => {
    event.preventDefault();
    if (!(await post("/api/pages/from-record", { message_id: record.message_id, id }))) return;
    toast(`The page ${id} is listened for`, false);
    setId(null);
  };
  return (
    <form className="inline" onSubmit={(event) => void make(event)}>
      <input type="text" value={id} autoFocus maxLength={31} pattern="[a-z0-9\-]+" placeholder="crew-7" aria-label="The page's id: a to z, 0 to 9 and -"
        onChange={(event) => setId(event.target.value)} />
      <button type="submit" className="primary">Make</button>
      <button type="button" onClick={() => setId(null)}>Cancel</button>
    </form>
  );
}

const pairOf = ({ a_hz, b_hz }: Tone): string => `${formatShort(a_hz)} Hz, ${formatShort(b_hz)} Hz`;

function Heard({ record, name }: { readonly record: PageRecord; readonly name: string }) {
  const endpointName = useEndpointName();
  const admin = useMay("admin");
  const { tone } = record;
  const title = record.page_id ? name : `Unknown pair: ${pairOf(tone)}`;
  const detail = [formatTime(record.ts), endpointName(tone.endpoint), tone.level_db === null ? "" : `${formatNumber(tone.level_db)} dB`];
  return (
    <Row title={title} detail={detail.filter(Boolean).join(" \u00b7 ")}
      end={<>
        {record.clip && !record.clip_complete ? <Chip mood="good">recording</Chip> : null}
        {record.clip_complete ? <Player name={record.clip} length_s={record.clip_length_s} label={`the clip of ${title}`} /> : null}
        {!record.page_id && tone.type === "new_pair" && admin ? <MakePage record={record} /> : null}
      </>} />
  );
}

const SHOWN = 12;

export function History() {
  const history = useApp((state) => state.gateway.history);
  const pages = useApp((state) => state.gateway.definitions?.pages ?? none);
  const [all, setAll] = useState(false);
  const nameOf = (id: string) => {
    const page = pages.find((one) => one.id === id);
    return page ? pageTitle(page) : id;
  };
  return (
    <Card title="Last pages">
      {history.length === 0 ? <Nothing>Nothing was heard so far.</Nothing> : (
        <Rows label="Last pages">
          {(all ? history : history.slice(0, SHOWN)).map((record) => <Heard key={record.message_id} record={record} name={nameOf(record.page_id)} />)}
        </Rows>
      )}
      {!all && history.length > SHOWN ? <button type="button" onClick={() => setAll(true)}>{`Show all ${history.length}`}</button> : null}
    </Card>
  );
}
