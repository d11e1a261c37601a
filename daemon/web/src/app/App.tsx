// SPDX-License-Identifier: MIT
// What is around every view: navigation, the state of the server, messages.

import { Suspense, lazy, useEffect, type ComponentType } from "react";
import { useApp, store } from "../state/app";
import { post } from "../state/link";
import { views } from "../views";
import { useRoute } from "./route";

const bodies = new Map<string, ComponentType>(views.map((view) => [view.id, lazy(view.load)]));

function Navigation({ shown }: { readonly shown: string }) {
  return (
    <nav className="nav" aria-label="Views">
      {views.map(({ id, title, Icon }) => (
        <a key={id} id={`nav-${id}`} href={`#${id}`} aria-current={id === shown ? "page" : undefined}>
          <Icon />
          <span>{title}</span>
        </a>
      ))}
    </nav>
  );
}

function useServerState(): "wait" | "lost" | "idle" | "ok" {
  return useApp(({ link, server }) => {
    if (link === "lost") return "lost";
    if (!server) return "wait";
    return server.engine ? "ok" : "idle";
  });
}

const WORDS = { wait: "Connecting", lost: "No server", idle: "No audio", ok: "On air" };
const BANNERS = {
  lost: "The server does not answer. This page resumes by itself as soon as it is back.",
  idle: "The audio graph is not there. Settings are kept and take effect when it comes back.",
};

function Who() {
  const session = useApp((state) => state.session);
  const logOut = async () => {
    if (await post("/api/session/end", {})) location.reload();
  };
  if (session?.token)
    return <button type="button" id="logout" onClick={() => void logOut()}>{`Log out (${session.token}, ${session.role})`}</button>;
  return session && session.role !== "admin" ? <a id="login-link" className="button" href="/login">Log in</a> : null;
}

function Header({ title }: { readonly title: string }) {
  const state = useServerState();
  return (
    <header className="bar">
      <img src="/favicon.svg" alt="" width="28" height="28" />
      <h1>Partyline<span> {title}</span></h1>
      <div className="bar-end">
        <span id="status" className="status" role="status" data-state={state}><i /><span>{WORDS[state]}</span></span>
        <Who />
        <button type="button" id="release-all" title="Release every talk key of every tablet" onClick={() => void post("/api/release")}>Release all</button>
      </div>
    </header>
  );
}

function Banner() {
  const state = useServerState();
  const text = state === "lost" || state === "idle" ? BANNERS[state] : "";
  return <div id="banner" className="banner" role="alert" data-state={state} hidden={!text}>{text}</div>;
}

function Toasts() {
  const toasts = useApp((state) => state.toasts);
  return (
    <div id="toasts" className="toasts" role="status" aria-live="polite">
      {toasts.map(({ id, text, error }) => (
        <button type="button" key={id} className={error ? "toast error" : "toast"} onClick={() => store.dispatch({ type: "toast-gone", id })}>{text}</button>
      ))}
    </div>
  );
}

export function App() {
  const route = useRoute();
  const view = views.find(({ id }) => id === route) ?? views[0];
  const Body = bodies.get(view.id);
  const ready = useApp((state) => state.server !== null);
  const lost = useApp((state) => state.link === "lost");
  useEffect(() => {
    document.title = `${view.title} \u2013 Partyline`;
  }, [view]);
  return (
    <div className={lost ? "app lost" : "app"}>
      <Header title={view.title} />
      <Navigation shown={view.id} />
      <Banner />
      <main id="view" data-view={view.id} aria-label={view.title}>
        <Suspense fallback={null}>{ready && Body ? <Body /> : null}</Suspense>
      </main>
      <Toasts />
    </div>
  );
}
