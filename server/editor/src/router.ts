/** The places: the list, a workflow, one that was never stored, published crates and one of them. */

import { useSyncExternalStore } from "react";

export type Route =
  | { page: "home" }
  | { page: "workflow"; id: string }
  | { page: "new"; key: string }
  | { page: "crates" }
  | { page: "crate"; name: string; version: string | null };

/** The page of a workflow that was never stored, by the key of its draft. */
export function newPath(key: string): string {
  return `/new/${encodeURIComponent(key)}`;
}

export function workflowPath(name: string): string {
  return `/workflows/${encodeURIComponent(name)}`;
}

/** The page of a crate, in a version where one is named. */
export function cratePath(name: string, version?: string): string {
  const path = `/crates/${encodeURIComponent(name)}`;
  return version === undefined ? path : `${path}/${encodeURIComponent(version)}`;
}

export function parseRoute(path: string): Route {
  const key = /^\/new\/([^/]+)\/?$/.exec(path)?.[1];
  if (key) return { page: "new", key: decoded(key) };
  if (/^\/(crates|search)\/?$/.test(path)) return { page: "crates" };
  const [, name, version] = /^\/crates\/([^/]+)(?:\/([^/]+))?\/?$/.exec(path) ?? [];
  if (name) return { page: "crate", name: decoded(name), version: version === undefined ? null : decoded(version) };
  const id = /^\/workflows\/([^/]+)\/?$/.exec(path)?.[1];
  return id ? { page: "workflow", id: decoded(id) } : { page: "home" };
}

/** What was typed into the address bar need not be encoded as it should. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

const listeners = new Set<() => void>();

function notify(): void {
  for (const listener of listeners) listener();
}

export function navigate(path: string, replace = false): void {
  history[replace ? "replaceState" : "pushState"](null, "", path);
  notify();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  window.addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener("popstate", listener);
  };
}

export function usePath(): string {
  return useSyncExternalStore(subscribe, () => location.pathname);
}
