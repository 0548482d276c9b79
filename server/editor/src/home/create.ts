/** New workflows: stored at once where they are sound, else opened as a draft. */

import { api, ApiError } from "../api/client";
import type { Diagnostic } from "../api/types";
import type { GraphDocument } from "../graph/document";
import { navigate, newPath, workflowPath } from "../router";
import { keepDraft, newDraftKey } from "../store/drafts";

export function blankDocument(name: string): GraphDocument {
  return {
    format: 1,
    name,
    nodes: [{ id: "start", type: "trigger", position: { x: 120, y: 160 }, data: { label: "Start", kind: "manual@1" } }],
    edges: [],
  };
}

/** Stores the document and opens it. With errors it opens as a draft, where they are shown. Throws what else goes wrong. */
export async function createAndOpen(doc: GraphDocument): Promise<void> {
  try {
    const { workflow } = await api.create(doc);
    navigate(workflowPath(workflow.name));
  } catch (error) {
    if (!(error instanceof ApiError) || !hasErrors(error.diagnostics)) throw error;
    openAsDraft(doc);
  }
}

export function openAsDraft(doc: GraphDocument, notes: Diagnostic[] = []): void {
  const key = newDraftKey();
  keepDraft(key, { doc, etag: null, at: Date.now(), notes });
  navigate(newPath(key));
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((entry) => entry.severity === "error");
}
