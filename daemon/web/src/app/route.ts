// SPDX-License-Identifier: MIT
// Which view is shown is in the address, so that it can be kept, sent and gone back to.

import { useSyncExternalStore } from "react";

const idOf = (hash: string): string => hash.replace(/^#\/?/, "").split("/")[0] ?? "";

function subscribe(listener: () => void): () => void {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
}

/** "" at first */
export const useRoute = (): string => useSyncExternalStore(subscribe, () => idOf(location.hash));
