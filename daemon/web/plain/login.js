// SPDX-License-Identifier: MIT
// Exchanges a token for a session: a cookie that no script can read.

const byId = (id) => document.getElementById(id);

function complain(text) {
  byId("problem").textContent = text;
  byId("problem").hidden = !text;
}

/** What is wrong, in words; "" when the session is open. */
async function open(token) {
  const answer = await fetch("/api/session", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token }),
  });
  if (answer.ok) return "";
  if (answer.status === 401) return "This token is not valid.";
  if (answer.status === 429) return `Too many wrong tokens. Try again in ${answer.headers.get("retry-after")} seconds.`;
  return `The server refuses: ${answer.status}.`;
}

byId("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  complain("");
  let problem;
  try {
    problem = await open(byId("token").value.trim());
  } catch {
    problem = "The server does not answer.";
  }
  if (problem) {
    complain(problem);
    byId("token").select();
  } else if (location.pathname === "/login") {
    location.replace("/");
  } else {
    location.reload();
  }
});
