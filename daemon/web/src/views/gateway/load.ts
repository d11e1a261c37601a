// SPDX-License-Identifier: MIT
// Fetches what the events do not carry, as long as the view is shown.

import { useEffect } from "react";
import { Refused, Unheard, ask } from "../../lib/http";
import { store, useApp } from "../../state/app";
import type { Clip, GatewayDocument, GatewayStream, PageRecord } from "../../state/gateway-types";

const STATISTICS_MS = 1000;
const AGAIN_MS = 2000;

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
  let history: readonly PageRecord[] = [];
  const heard = await fetched<{ history: PageRecord[] }>("/api/pages/history", (answer) => (history = answer.history));
  return heard && fetched<GatewayDocument>("/api/gateway", (document) => store.dispatch({ type: "gateway", document, history }));
}

const fetchClips = () => fetched<{ clips: Clip[] }>("/api/clips", ({ clips }) => store.dispatch({ type: "clips", clips }));
const fetchStreams = () => fetched<{ streams: GatewayStream[] }>("/api/streams", ({ streams }) => store.dispatch({ type: "streams", streams }));

/** Runs while `wanted`, again when it fails. */
function useFetch(wanted: boolean, run: () => Promise<boolean>): void {
  useEffect(() => {
    if (!wanted) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let over = false;
    const again = () => void run().then((done) => {
      if (!done && !over) timer = setTimeout(again, AGAIN_MS);
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
