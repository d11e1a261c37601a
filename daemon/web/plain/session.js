// SPDX-License-Identifier: MIT
// Who this page speaks as. The cookie itself no script sees.

import { post } from "./api.js";
import { byId, setText } from "./dom.js";

const RENEW_MS = 3600_000; // a session lasts twelve hours

async function ask() {
  let who;
  try {
    const answer = await fetch("/api/session");
    if (answer.status === 401) return location.reload(); // the form is there now
    who = await answer.json();
  } catch {
    return; // the server does not answer; the streams say so
  }
  const login = byId("login-link"), logout = byId("logout");
  login.hidden = Boolean(who.token) || who.role === "admin";
  logout.hidden = !who.token;
  if (who.token) setText(logout, `Log out (${who.token}, ${who.role})`);
}

byId("logout").addEventListener("click", async () => {
  if (await post("/api/session/end", {})) location.reload();
});

ask();
setInterval(ask, RENEW_MS);
