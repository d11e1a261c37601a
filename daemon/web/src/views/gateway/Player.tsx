// SPDX-License-Identifier: MIT
// Clips are played where they are listed; one at a time.

import { useRef, useState } from "react";
import { formatLength } from "../../lib/format";

const address = (name: string): string => `/api/clips/${encodeURIComponent(name)}`;

function quietOthers(mine: HTMLAudioElement): void {
  for (const other of document.querySelectorAll("audio.clip")) if (other !== mine && other instanceof HTMLAudioElement) other.pause();
}

interface PlayerProps {
  readonly name: string;
  readonly length_s: number;
  /** whose it is, for those who cannot see the row */
  readonly label: string;
}

/** A button until it is wanted: nothing is loaded for clips that nobody hears. */
export function Player({ name, length_s, label }: PlayerProps) {
  const [wanted, setWanted] = useState(false);
  const player = useRef<HTMLAudioElement>(null);
  if (!wanted)
    return <button type="button" className="play" aria-label={`Play ${formatLength(length_s)}: ${label}`} onClick={() => setWanted(true)}>
      <span aria-hidden="true">{"\u25b6"}</span> {formatLength(length_s)}
    </button>;
  return <audio ref={player} className="clip" controls autoPlay preload="auto" src={address(name)} aria-label={label}
    onPlay={() => { if (player.current) quietOthers(player.current); }} />;
}
