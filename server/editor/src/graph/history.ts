/** Undo and redo: documents share what they have in common, so a history of them is cheap. */

import type { GraphDocument } from "./document";

export interface Moment {
  doc: GraphDocument;
  /** What the edit away from this document was: "Move", "Rename charge". */
  label: string;
}

export interface History {
  past: Moment[];
  future: Moment[];
  /** Edits with the same key that follow each other closely are one step. */
  key: string | null;
  at: number;
}

const LIMIT = 200;
const TOGETHER_MS = 1_200;

export const NO_HISTORY: History = { past: [], future: [], key: null, at: 0 };

export interface Edit {
  label: string;
  key?: string;
}

/** The history after an edit that replaced `before`. */
export function record(history: History, before: GraphDocument, { label, key }: Edit, now: number): History {
  const joined = key !== undefined && key === history.key && now - history.at < TOGETHER_MS && history.past.length > 0;
  const past = joined ? history.past : [...history.past, { doc: before, label }].slice(-LIMIT);
  return { past, future: [], key: key ?? null, at: now };
}

export function undo(history: History, present: GraphDocument): { history: History; doc: GraphDocument; label: string } | null {
  const moment = history.past.at(-1);
  if (!moment) return null;
  return {
    doc: moment.doc,
    label: moment.label,
    history: { past: history.past.slice(0, -1), future: [{ doc: present, label: moment.label }, ...history.future], key: null, at: 0 },
  };
}

export function redo(history: History, present: GraphDocument): { history: History; doc: GraphDocument; label: string } | null {
  const [moment, ...future] = history.future;
  if (!moment) return null;
  return {
    doc: moment.doc,
    label: moment.label,
    history: { past: [...history.past, { doc: present, label: moment.label }], future, key: null, at: 0 },
  };
}
