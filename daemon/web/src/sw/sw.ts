// SPDX-License-Identifier: MIT
// The shell of the page is there without the server: it opens, says that the server is lost, and
// resumes by itself. Nothing of the server's own is ever kept.

declare const self: ServiceWorkerGlobalScope;

const PREFIX = "partyline-shell-";
const CACHE = PREFIX + "__SHELL_VERSION__"; // the build writes both
const FILES = "__SHELL_FILES__".split(" ");
const OTHERS = ["/", "/favicon.svg", "/icon-192.png", "/app.webmanifest"];

/** Not of every browser, so not of TypeScript's either: https://w3c.github.io/ServiceWorker/#dom-installevent-addroutes */
interface RoutingInstallEvent extends ExtendableEvent {
  addRoutes?: (rules: { condition: { requestMethod: string }; source: "network" }[]) => Promise<void>;
}

/** Orders go past the worker. A page that is left while it holds a key lets it go with its last request,
 *  which is lost when a worker has to be asked first. */
async function passOrders(event: RoutingInstallEvent): Promise<void> {
  await event.addRoutes?.(["POST", "PUT", "PATCH", "DELETE"].map((requestMethod) => ({ condition: { requestMethod }, source: "network" })));
}

async function install(): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.addAll([...FILES, ...OTHERS]);
  await self.skipWaiting();
}

async function activate(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== CACHE).map((name) => caches.delete(name)));
  await self.clients.claim();
}

/** The server's page when it answers, whatever it is (the form for those who must log in). */
async function navigate(request: Request): Promise<Response> {
  try {
    const answer = await fetch(request);
    if (answer.ok) await (await caches.open(CACHE)).put("/", answer.clone());
    return answer;
  } catch (error) {
    const kept = await caches.match("/");
    if (kept) return kept;
    throw error;
  }
}

async function keptFirst(request: Request): Promise<Response> {
  return (await caches.match(request)) ?? fetch(request);
}

self.addEventListener("install", (event) => event.waitUntil(Promise.all([passOrders(event), install()])));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate" && pathname === "/") event.respondWith(navigate(request));
  else if (FILES.includes(pathname)) event.respondWith(keptFirst(request));
  else if (OTHERS.includes(pathname)) event.respondWith(fetch(request).catch(() => keptFirst(request)));
});

export {};
