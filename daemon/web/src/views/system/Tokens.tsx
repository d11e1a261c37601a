// SPDX-License-Identifier: MIT
// Who may come in from the network.

import { useState, type SubmitEvent } from "react";
import { usePolled } from "../../lib/polled";
import { toast } from "../../state/app";
import { change, post } from "../../state/link";
import type { Session } from "../../state/types";
import { Card, SureButton } from "../../ui/fields";
import { Chip, Nothing, Row, Rows } from "../../ui/rows";

interface Token {
  readonly name: string;
  readonly role: Session["role"];
  readonly created: number;
  readonly expires: number | null;
}

const AGAIN_MS = 10_000;
const DAY_S = 86400;
const LIFETIMES: readonly (readonly [string, number])[] = [["1", 1], ["7", 7], ["30", 30], ["365", 365]];

const dayOf = (ts: number): string => new Date(ts * 1000).toLocaleDateString("en-CA");

/** It is shown this once. */
function Made({ token, done }: { readonly token: string; readonly done: () => void }) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(token);
      toast("Copied", false);
    } catch {
      toast("This browser copies over HTTPS only: select the token and copy it");
    }
  };
  return (
    <div className="made" role="status">
      <p>The token, shown this once:</p>
      <code id="new-token">{token}</code>
      <div className="buttons">
        <button type="button" className="primary" onClick={() => void copy()}>Copy</button>
        <button type="button" onClick={done}>I have it</button>
      </div>
    </div>
  );
}

function NewToken({ made }: { readonly made: (token: string) => void }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Session["role"]>("operate");
  const [days, setDays] = useState("");
  const add = async (event: SubmitEvent) => {
    event.preventDefault();
    const expires = days ? { expires: Math.round(Date.now() / 1000) + Number(days) * DAY_S } : {};
    const answer = await change<{ token: string }>("POST", "/api/tokens", { name, role, ...expires });
    if (!answer) return;
    setName("");
    made(answer.token);
  };
  return (
    <form className="new-token" onSubmit={(event) => void add(event)}>
      <label>Name<input id="token-name" type="text" required maxLength={40} placeholder="studio" value={name} onChange={(event) => setName(event.target.value)} /></label>
      <label>Role
        <select id="token-role" value={role} onChange={(event) => setRole(event.target.value as Session["role"])}>
          <option value="view">view</option><option value="operate">operate</option><option value="admin">admin</option>
        </select>
      </label>
      <label>Ends
        <select value={days} onChange={(event) => setDays(event.target.value)}>
          <option value="">never</option>
          {LIFETIMES.map(([value, n]) => <option key={value} value={value}>{n === 1 ? "tomorrow" : `in ${n} days`}</option>)}
        </select>
      </label>
      <button type="submit" className="primary">Make a token</button>
    </form>
  );
}

export function Tokens() {
  const [turn, setTurn] = useState(0);
  const [made, setMade] = useState("");
  const tokens = usePolled<{ tokens: Token[] }>("/api/tokens", AGAIN_MS, turn)?.tokens;
  const again = () => setTurn((n) => n + 1);
  const remove = async (name: string) => {
    if (await post("/api/tokens/remove", { name })) again();
  };
  if (!tokens) return null;
  return (
    <Card title="Tokens">
      {tokens.length === 0 ? <Nothing>Nobody comes in from the network.</Nothing> : (
        <Rows label="Tokens">
          {tokens.map(({ name, role, created, expires }) => (
            <Row key={name} title={name} detail={`since ${dayOf(created)}${expires ? `, ends ${dayOf(expires)}` : ""}`}
              end={<><Chip mood="calm">{role}</Chip><SureButton act={() => void remove(name)}>Remove</SureButton></>} />
          ))}
        </Rows>
      )}
      {made ? <Made token={made} done={() => setMade("")} /> : <NewToken made={(token) => { setMade(token); again(); }} />}
    </Card>
  );
}
