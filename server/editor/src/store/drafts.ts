/** Unsaved work, kept in this browser until it is saved or thrown away. */

import type { Diagnostic } from "../api/types";
import { toDocument, type GraphDocument } from "../graph/document";

const PREFIX = "flowcrate.draft.";
/** The keys of workflows that the server has never stored begin with this. */
const NEW = "new-";

export function newDraftKey(): string {
  return NEW + Math.random().toString(36).slice(2, 10);
}

export interface Draft {
  doc: GraphDocument;
  /** Of the stored document that the draft began from. */
  etag: string | null;
  at: number;
  /** What its import said of it. */
  notes?: Diagnostic[];
}

export function loadDraft(key: string): Draft | null {
  try {
    const text = localStorage.getItem(PREFIX + key);
    if (text === null) return null;
    const value = JSON.parse(text) as { doc: unknown; etag: unknown; at: unknown; notes?: Diagnostic[] };
    const doc = toDocument(value.doc);
    return doc && { doc, etag: typeof value.etag === "string" ? value.etag : null, at: Number(value.at), notes: value.notes ?? [] };
  } catch {
    return null;
  }
}

/** The drafts of workflows that were never stored, the latest first. */
export function newDrafts(): { key: string; draft: Draft }[] {
  const keys = Object.keys(localStorage)
    .filter((key) => key.startsWith(PREFIX + NEW))
    .map((key) => key.slice(PREFIX.length));
  return keys
    .flatMap((key) => {
      const draft = loadDraft(key);
      return draft ? [{ key, draft }] : [];
    })
    .sort((a, b) => b.draft.at - a.draft.at);
}

/** False where the browser refused: the caller says so once. */
export function keepDraft(key: string, draft: Draft): boolean {
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify(draft));
    return true;
  } catch {
    return false;
  }
}

export function dropDraft(key: string): void {
  try {
    localStorage.removeItem(PREFIX + key);
  } catch {
    // Without storage there is no draft either.
  }
}
