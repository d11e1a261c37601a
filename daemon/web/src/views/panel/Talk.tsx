// SPDX-License-Identifier: MIT
// The panel itself: one large talk key for each channel, how loud it is heard, and who talks.

import { useEffect } from "react";
import { sameItems } from "../../lib/store";
import { someOf } from "../../lib/words";
import { useTalkers } from "../../meters/stream";
import { useChannels, useTablets } from "../../state/app";
import { put } from "../../state/link";
import { tabletName } from "../../state/server";
import type { Tablet } from "../../state/types";
import { AudioBar } from "./AudioBar";
import { Tile } from "./Tile";
import { channelOfDigit } from "./hands";
import { handsOff, leave, pressKey, releaseGrip } from "./line";

const TEXT_FIELDS = "input, select, textarea, dialog";
const FEW = 8;
let lastChannel = 1; // that Space talks to

/** Number keys for channels 1 to 10, Space for the one in focus or the last one. */
function useKeyboard(nChannels: number): void {
  useEffect(() => {
    const channelOf = (event: KeyboardEvent): number | null => {
      const target = event.target instanceof Element ? event.target : document.body;
      const key = target.closest<HTMLElement>(".talk-key");
      if (event.ctrlKey || event.metaKey || event.altKey) return null;
      if (key && (event.code === "Space" || event.code === "Enter")) return Number(key.dataset.channel);
      if (target.closest(TEXT_FIELDS) && !target.closest("input[type=range]")) return null;
      if (event.code === "Space") return target.closest("button, a") ? null : lastChannel;
      return channelOfDigit(event.code);
    };
    const down = (event: KeyboardEvent) => {
      const channel = channelOf(event);
      if (channel === null || channel > nChannels) return;
      event.preventDefault();
      if (event.repeat) return;
      lastChannel = channel;
      pressKey(channel, `key ${event.code}`);
    };
    const up = (event: KeyboardEvent) => releaseGrip(`key ${event.code}`);
    const hide = () => {
      if (document.visibilityState === "hidden") handsOff();
    };
    window.addEventListener("keydown", down);
    window.addEventListener("keyup", up);
    window.addEventListener("blur", handsOff);
    document.addEventListener("visibilitychange", hide);
    return () => {
      handsOff();
      window.removeEventListener("keydown", down);
      window.removeEventListener("keyup", up);
      window.removeEventListener("blur", handsOff);
      document.removeEventListener("visibilitychange", hide);
    };
  }, [nChannels]);
}

function OpenNotice({ tablet }: { readonly tablet: Tablet }) {
  if (tablet.mode !== "open" && tablet.mode !== "vox") return null;
  const text = tablet.mode === "open" ? "This tablet is always open: its microphone goes to every channel, keys are only shown." : "The voice opens this tablet; keys are only shown.";
  return (
    <div className="notice" role="note">
      <span>{text}</span>
      <button type="button" id="use-keys" onClick={() => void put(`/api/tablet/${tablet.id}/mode`, { mode: "momentary" })}>Talk by keys</button>
    </div>
  );
}

export function Talk({ tablet, away }: { readonly tablet: Tablet; readonly away: boolean }) {
  const channels = useChannels();
  const tablets = useTablets();
  useKeyboard(channels.length);
  const others = useTalkers((talkers) => [...new Set(talkers.flat())].filter((id) => id !== tablet.id).sort((a, b) => a - b), sameItems);
  return (
    <div className={away ? "panel away" : "panel"} data-phase={away ? "away" : "claimed"}>
      <section className="own" aria-label="Own tablet">
        <div className="own-name">
          <span className="id">{tablet.id}</span>
          <h2>{tabletName(tablet)}</h2>
          {tablet.mute || tablet.talk_mute ? <span className="flag">{tablet.mute ? "muted" : "talk muted"}</span> : null}
        </div>
        <p className="who" aria-live="polite">{away ? "The line is lost. Keys are released; coming back\u2026" : others.length ? someOf(others.map((id) => tabletName(tablets[id - 1])), 4) : "Nobody talks"}</p>
        <AudioBar tablet={tablet.id} />
        <button type="button" id="leave" onClick={leave}>Leave</button>
      </section>
      <OpenNotice tablet={tablet} />
      <div className={channels.length <= FEW ? "tiles few" : "tiles"} role="group" aria-label="Talk keys">
        {channels.map((channel) => <Tile key={channel.id} channel={channel} tablet={tablet} disabled={away} />)}
      </div>
    </div>
  );
}
