/** Opening, saving, exporting and running the open workflow: what joins the stores to the API. */

import { api, ApiError, describeError, OfflineError } from "../api/client";
import type { Stored } from "../api/types";
import { toDocument, type GraphDocument, type Json } from "../graph/document";
import { navigate, workflowPath } from "../router";
import { showDiagnostics, useCheck } from "./check";
import { dropDraft, keepDraft, loadDraft, type Draft } from "./drafts";
import { documentToStore, EMPTY, isDirty, useEditor } from "./editor";
import { followRun } from "./runs";
import { clearOffers, toast, useUi } from "./ui";

export async function loadCatalogue(): Promise<void> {
  if (useUi.getState().catalogue.size > 0) return;
  const { kinds, operations } = await api.catalogue();
  useUi.setState({ catalogue: new Map(kinds.map((kind) => [kind.kind, kind])), operations });
}

/** Opens a stored workflow, with the draft that this browser kept of it; gives that draft. */
export async function openWorkflow(id: string): Promise<Draft | null> {
  const stored = await api.workflow(id);
  const doc = toDocument(stored.workflow.graph) ?? EMPTY;
  stored.workflow.graph = doc;
  const draft = loadDraft(stored.workflow.id);
  useCheck.setState({ notes: [] });
  useEditor.getState().open(stored, draft?.doc ?? doc, stored.workflow.id);
  return draft;
}

/** Opens a workflow that was never stored. */
export function openNew(key: string): void {
  const draft = loadDraft(key);
  useCheck.setState({ notes: draft?.notes ?? [] });
  useEditor.getState().open(null, draft?.doc ?? EMPTY, key);
}

/** Keeps what is unsaved in this browser, after each edit; the result ends it. */
export function startDrafting(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let warned = false;
  const keep = () => {
    const { doc, saved, meta, draftKey } = useEditor.getState();
    if (!isDirty({ doc, saved })) return dropDraft(draftKey);
    const kept = keepDraft(draftKey, { doc, etag: meta?.etag ?? null, at: Date.now(), notes: [...useCheck.getState().notes] });
    if (!kept && !warned) toast("bad", "This browser keeps no draft: save before you leave.");
    warned ||= !kept;
  };
  const unsubscribe = useEditor.subscribe((state, before) => {
    if (state.doc === before.doc && state.saved === before.saved) return;
    clearTimeout(timer);
    timer = setTimeout(keep, 400);
  });
  return () => {
    unsubscribe();
    clearTimeout(timer);
    if (useEditor.getState().doc !== EMPTY) keep();
  };
}

export type SaveOutcome = "saved" | "failed" | "conflict";

/** Stores the document. `force` overwrites what someone else stored meanwhile. */
export async function save(force = false): Promise<SaveOutcome> {
  const { meta, doc, draftKey } = useEditor.getState();
  const body = documentToStore(useEditor.getState());
  try {
    const stored = meta ? await api.save(meta.id, body, force ? "*" : meta.etag) : await api.create(body);
    finishSave(stored, doc, draftKey);
    return "saved";
  } catch (error) {
    return saveFailed(error);
  }
}

function finishSave(stored: Stored, doc: GraphDocument, draftKey: string): void {
  useEditor.getState().stored(stored, doc);
  dropDraft(draftKey);
  if (location.pathname !== workflowPath(stored.workflow.name)) navigate(workflowPath(stored.workflow.name), true);
  // The offer to discard the draft has nothing left to discard.
  clearOffers();
  toast("good", `Saved ${stored.workflow.name}`);
}

function saveFailed(error: unknown): SaveOutcome {
  if (error instanceof ApiError && error.status === 412) {
    useUi.setState({ dialog: "conflict" });
    return "conflict";
  }
  if (error instanceof ApiError && error.diagnostics.length > 0) {
    showDiagnostics(error.diagnostics);
    useUi.setState({ dock: "problems" });
    const count = error.diagnostics.filter((entry) => entry.severity === "error").length;
    toast("bad", `Not saved: ${count === 1 ? "one problem" : `${count} problems`} to fix. Your draft is kept in this browser.`);
  } else if (error instanceof OfflineError) {
    toast("bad", "Not saved: the server does not answer. Your draft is kept in this browser.");
  } else {
    toast("bad", `Not saved: ${describeError(error)}`);
  }
  return "failed";
}

/** Throws the draft away and shows what the server has. */
export async function discardDraft(): Promise<void> {
  const { meta, draftKey } = useEditor.getState();
  dropDraft(draftKey);
  if (meta) await openWorkflow(meta.id);
}

/** Stores the document under another name, beside the one that changed meanwhile. */
export async function saveCopy(): Promise<void> {
  const { meta, doc } = useEditor.getState();
  const copy = { ...documentToStore(useEditor.getState()), name: `${doc.name}-copy` };
  try {
    const stored = await api.create(copy);
    if (meta) dropDraft(meta.id);
    navigate(workflowPath(stored.workflow.name));
  } catch (error) {
    saveFailed(error);
  }
}

/** Downloads the crate of what is stored, saving first what is not. */
export async function exportCode(): Promise<void> {
  const state = useEditor.getState();
  if ((!state.meta || isDirty(state)) && (await save()) !== "saved") return;
  const { meta } = useEditor.getState();
  if (!meta) return;
  try {
    const { blob, filename } = await api.exportCrate(meta.id);
    download(blob, filename);
    toast("good", `Exported ${filename}`);
  } catch (error) {
    if (error instanceof ApiError && error.diagnostics.length > 0) showDiagnostics(error.diagnostics);
    toast("bad", `Not exported: ${describeError(error)}`);
  }
}

export function download(blob: Blob, filename: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = filename;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Starts a run of the stored workflow, saving first what is not; an error stays with the caller. */
export async function startRun(input: Json, trigger?: string): Promise<boolean> {
  const state = useEditor.getState();
  if ((!state.meta || isDirty(state)) && (await save()) !== "saved") return false;
  const { meta } = useEditor.getState();
  if (!meta) return false;
  const run = await api.start(meta.id, input, trigger);
  followRun(run.id);
  return true;
}
