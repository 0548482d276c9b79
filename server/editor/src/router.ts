/** Three places: the list, a workflow, one that was never stored. */

import { useSyncExternalStore } from "react";

export type Route = { page: "home" } | { page: "workflow"; id: string } | { page: "new"; key: string };

/** The page of a workflow that was never stored, by the key of its draft. */
export function newPath(key: string): string {
  return `/new/${encodeURIComponent(key)}`;
}

export function workflowPath(name: string): string {
  return `/workflows/${encodeURIComponent(name)}`;
}

export function parseRoute(path: string): Route {
  const key = /^\/new\/([^/]+)\/?$/.exec(path)?.[1];
  if (key) return { page: "new", key: decodeURIComponent(key) };
  const id = /^\/workflows\/([^/]+)\/?$/.exec(path)?.[1];
  return id ? { page: "workflow", id: decodeURIComponent(id) } : { page: "home" };
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
