/** Unsaved work, kept in this browser until it is saved or thrown away. */

import { toDocument, type GraphDocument } from "../graph/document";

const PREFIX = "flowcrate.draft.";
/** The key of a workflow that the server has never stored. */
export const NEW_DRAFT = "new";

export interface Draft {
  doc: GraphDocument;
  /** Of the stored document that the draft began from. */
  etag: string | null;
  at: number;
}

export function loadDraft(key: string): Draft | null {
  try {
    const text = localStorage.getItem(PREFIX + key);
    if (text === null) return null;
    const value = JSON.parse(text) as { doc: unknown; etag: unknown; at: unknown };
    const doc = toDocument(value.doc);
    return doc && { doc, etag: typeof value.etag === "string" ? value.etag : null, at: Number(value.at) };
  } catch {
    return null;
  }
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
