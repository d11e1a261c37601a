// SPDX-License-Identifier: MIT
// Exchanges a token for a session: a cookie that no script can read. Strangers get this, so it names nothing.

import "./login.css";

const form = document.querySelector<HTMLFormElement>("#login");
const token = document.querySelector<HTMLInputElement>("#token");
const problem = document.querySelector<HTMLElement>("#problem");

function complain(text: string): void {
  if (!problem) return;
  problem.textContent = text;
  problem.hidden = !text;
}

/** What is wrong, in words; "" when the session is open. */
async function open(text: string): Promise<string> {
  let answer: Response;
  try {
    answer = await fetch("/api/session", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token: text }),
    });
  } catch {
    return "The server does not answer.";
  }
  if (answer.ok) return "";
  if (answer.status === 401) return "This token is not valid.";
  if (answer.status === 429) return `Too many wrong tokens. Try again in ${answer.headers.get("retry-after") ?? "a few"} seconds.`;
  return `The server refuses: ${answer.status}.`;
}

async function enter(): Promise<void> {
  complain("");
  const wrong = await open(token?.value.trim() ?? "");
  if (wrong) {
    complain(wrong);
    token?.select();
  } else if (location.pathname === "/login") {
    location.replace("/");
  } else {
    location.reload();
  }
}

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  void enter();
});
