/** What the page shows besides the document: theme, panels, toasts, the connection. */

import { create } from "zustand";

import type { CatalogueKind, Operation } from "../api/types";
import type { Point } from "../graph/document";

export type Theme = "system" | "light" | "dark";
export type DockTab = "problems" | "run";

export interface Toast {
  id: number;
  tone: "info" | "good" | "bad";
  text: string;
  action?: { label: string; run: () => void };
}

/** Where a quick add puts its node, and what it joins it to. */
export interface QuickAdd {
  /** On the screen, for the menu. */
  at: Point;
  /** On the canvas, for the node. */
  position: Point;
  from?: { node: string; handle: string };
  into?: { node: string };
  edge?: string;
}

export type DialogName = "help" | "conflict" | "discard" | "find" | "publish";

interface State {
  theme: Theme;
  online: boolean;
  catalogue: ReadonlyMap<string, CatalogueKind>;
  /** What expressions can do, by the compiler's own table. */
  operations: readonly Operation[];
  dock: DockTab | null;
  dockHeight: number;
  palette: boolean;
  /** Whether the workflow's own settings show while nothing is selected. */
  settings: boolean;
  quickAdd: QuickAdd | null;
  dialog: DialogName | null;
  toasts: Toast[];
}

const STORED = "flowcrate.ui";

interface Stored {
  theme: Theme;
  dockHeight: number;
  palette: boolean;
}

function stored(): Stored {
  const defaults: Stored = { theme: "system", dockHeight: 300, palette: true };
  try {
    return { ...defaults, ...(JSON.parse(localStorage.getItem(STORED) ?? "{}") as Partial<Stored>) };
  } catch {
    return defaults;
  }
}

export const useUi = create<State>()(() => ({
  ...stored(),
  online: true,
  catalogue: new Map(),
  operations: [],
  dock: null,
  settings: false,
  quickAdd: null,
  dialog: null,
  toasts: [],
}));

useUi.subscribe((state, before) => {
  if (state.theme === before.theme && state.dockHeight === before.dockHeight && state.palette === before.palette) return;
  const kept: Stored = { theme: state.theme, dockHeight: state.dockHeight, palette: state.palette };
  try {
    localStorage.setItem(STORED, JSON.stringify(kept));
  } catch {
    // A full or forbidden storage costs only the memory of these settings.
  }
});

const TOAST_MS = 5_000;
let serial = 0;

export function toast(tone: Toast["tone"], text: string, action?: Toast["action"]): void {
  serial += 1;
  const id = serial;
  useUi.setState((state) => ({ toasts: [...state.toasts.slice(-3), { id, tone, text, ...(action ? { action } : {}) }] }));
  setTimeout(() => dismissToast(id), action || tone === "bad" ? TOAST_MS * 2 : TOAST_MS);
}

export function dismissToast(id: number): void {
  useUi.setState((state) => ({ toasts: state.toasts.filter((entry) => entry.id !== id) }));
}

/** Takes away the toasts that offer to do something. */
export function clearOffers(): void {
  useUi.setState((state) => ({ toasts: state.toasts.filter((entry) => entry.action === undefined) }));
}

/** The theme as an attribute of the page, which the tokens follow. */
export function applyTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
