/** Three places: the list, a workflow, one that was never stored. */

import { useSyncExternalStore } from "react";

export type Route = { page: "home" } | { page: "workflow"; id: string } | { page: "new" };

export const NEW_PATH = "/new";

export function workflowPath(name: string): string {
  return `/workflows/${encodeURIComponent(name)}`;
}

export function parseRoute(path: string): Route {
  if (path === NEW_PATH) return { page: "new" };
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
