// SPDX-License-Identifier: MIT
// What this page's caller may do. The server decides; the page does not offer what would be refused.

import { useApp } from "./app";
import type { Session } from "./types";

const ORDER: readonly Session["role"][] = ["view", "operate", "admin"];

export const may = (session: Session | null, role: Session["role"]): boolean =>
  session !== null && ORDER.indexOf(session.role) >= ORDER.indexOf(role);

export const useMay = (role: Session["role"]): boolean => useApp((state) => may(state.session, role));
