// SPDX-License-Identifier: MIT
// The own ear and mouth: volume, microphone, how good the connection is.

import { useMemo } from "react";
import { Bars } from "../../meters/Bars";
import { levels } from "../../meters/stream";
import { EarIcon, MicIcon, MicOffIcon } from "../../ui/icons";
import { closeMicrophone, mayTalk, openMicrophone, playNow, setVolume, useAudio } from "./audio";
import { usePanel } from "./line";
import { QUALITY_WORDS } from "./quality";

function Connection() {
  const quality = useAudio((state) => state.quality);
  const loss = useAudio((state) => Math.round(state.lossPercent * 10) / 10);
  const jitter = useAudio((state) => Math.round(state.jitterMs));
  const media = useAudio((state) => state.roundTripMs);
  const line = usePanel((state) => state.roundTripMs);
  const trip = media ?? line;
  const text = quality ? `Connection ${QUALITY_WORDS[quality]}: ${loss} % lost, jitter ${jitter} ms${trip === null ? "" : `, round trip ${trip} ms`}` : `Sound ${QUALITY_WORDS[0]}`;
  return (
    <span className="connection" data-quality={quality} role="img" aria-label={text} title={text}>
      <i /><i /><i /><i />
      <span className="number">{trip === null ? "" : `${trip} ms`}</span>
    </span>
  );
}

function Microphone({ tablet }: { readonly tablet: number }) {
  const mouth = useAudio((state) => state.mouth);
  const sources = useMemo(() => [{ word: "", level: () => levels.talk[tablet - 1] ?? -240, hold: () => levels.talkHold[tablet - 1] ?? -240 }], [tablet]);
  if (!mayTalk()) return <span className="no-mic" title="A browser gives its microphone only to pages over HTTPS and on this machine itself"><MicOffIcon /> needs HTTPS</span>;
  const on = mouth !== "off";
  return (
    <>
      <button type="button" id="microphone" className="mic" data-state={mouth} aria-pressed={on} onClick={() => (on ? closeMicrophone() : void openMicrophone())}>
        {on ? <MicIcon /> : <MicOffIcon />}<span>{{ off: "Mic off", connecting: "Mic\u2026", on: "Mic on", trouble: "Mic?" }[mouth]}</span>
      </button>
      <Bars sources={sources} label="Level of the own voice" />
    </>
  );
}

export function AudioBar({ tablet }: { readonly tablet: number }) {
  const ear = useAudio((state) => state.ear);
  const volume = useAudio((state) => state.volume);
  const trouble = useAudio((state) => state.trouble);
  const waits = useAudio((state) => state.waitsForTouch);
  return (
    <div className="audio-bar" data-ear={ear}>
      <Microphone tablet={tablet} />
      <span className="ear" data-state={ear} title={`Listening: ${ear}`}><EarIcon /></span>
      <input type="range" min={0} max={1} step={0.01} value={volume} aria-label="Volume" onChange={(event) => setVolume(Number(event.target.value))} />
      <Connection />
      {waits ? <button type="button" className="primary" onClick={playNow}>Play sound</button> : null}
      {trouble ? <span className="trouble" role="alert">{trouble}</span> : null}
    </div>
  );
}
