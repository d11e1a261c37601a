// SPDX-License-Identifier: MIT
// Fetches what the events do not carry, as long as the view is shown.

import { useEffect } from "react";
import { Refused, Unheard, ask } from "../../lib/http";
import { store, useApp } from "../../state/app";
import type { Clip, GatewayDocument, GatewayStream, PageRecord } from "../../state/gateway-types";

const STATISTICS_MS = 1000;
const AGAIN_MS = 2000;
/** When something was told meanwhile: what changes all the time is not asked for all the time. */
const SOON_MS = 100;

type Take<Answer> = (answer: Answer) => void;

/** Nobody answers: the line to the server says so already, and begins anew. */
async function fetched<Answer>(path: string, take: Take<Answer>): Promise<boolean> {
  try {
    take(await ask<Answer>("GET", path));
    return true;
  } catch (error) {
    if (error instanceof Refused || error instanceof Unheard) return false;
    throw error;
  }
}

async function fetchDefinitions(): Promise<boolean> {
  const asOf = store.get().gateway.told;
  let history: readonly PageRecord[] = [];
  const heard = await fetched<{ history: PageRecord[] }>("/api/pages/history", (answer) => (history = answer.history));
  return heard && fetched<GatewayDocument>("/api/gateway", (document) => store.dispatch({ type: "gateway", asOf, document, history }));
}

function fetchClips(): Promise<boolean> {
  const asOf = store.get().gateway.told;
  return fetched<{ clips: Clip[] }>("/api/clips", ({ clips }) => store.dispatch({ type: "clips", asOf, clips }));
}

const fetchStreams = () => fetched<{ streams: GatewayStream[] }>("/api/streams", ({ streams }) => store.dispatch({ type: "streams", streams }));

/** Runs while `wanted`: what has come may be older than what was told meanwhile. */
function useFetch(wanted: boolean, run: () => Promise<boolean>): void {
  useEffect(() => {
    if (!wanted) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let over = false;
    const again = () => void run().then((done) => {
      if (!over) timer = setTimeout(again, done ? SOON_MS : AGAIN_MS);
    });
    again();
    return () => {
      over = true;
      clearTimeout(timer);
    };
  }, [wanted, run]);
}

export function useGatewayLoaded(): void {
  const up = useApp((state) => state.link === "up");
  useFetch(useApp((state) => state.gateway.definitionsStale) && up, fetchDefinitions);
  useFetch(useApp((state) => state.gateway.clipsStale) && up, fetchClips);
  const counts = useApp((state) => state.gateway.streams.length > 0) && up;
  useEffect(() => {
    if (!counts) return undefined;
    let asking = false;
    const timer = setInterval(() => {
      if (asking || document.hidden) return;
      asking = true;
      void fetchStreams().finally(() => (asking = false));
    }, STATISTICS_MS);
    return () => clearInterval(timer);
  }, [counts]);
}
