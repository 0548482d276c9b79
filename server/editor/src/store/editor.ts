/** The open workflow: its document, history and selection. Every edit goes through `edit`. */

import { create } from "zustand";

import type { Stored, Workflow } from "../api/types";
import type { GraphDocument, Viewport } from "../graph/document";
import { NO_HISTORY, record, redo, undo, type Edit, type History } from "../graph/history";
import type { Size } from "../graph/scopes";

/** What the server knows of the open workflow; null for one that was never stored. */
export type Meta = Omit<Workflow, "graph" | "diagnostics"> & { etag: string };

export interface FocusRequest {
  /** Without one a setting of the workflow itself is meant. */
  node?: string;
  field?: string;
  /** Tells two requests for the same place apart. */
  serial: number;
}

interface State {
  meta: Meta | null;
  /** Where this browser keeps unsaved work on it. */
  draftKey: string;
  doc: GraphDocument;
  /** The document as the server has it; a draft differs from it. */
  saved: GraphDocument | null;
  viewport: Viewport | null;
  history: History;
  nodes: ReadonlySet<string>;
  edges: ReadonlySet<string>;
  sizes: ReadonlyMap<string, Size>;
  /** Sizes of the containers while nodes are dragged, so that a child can leave its own. */
  held: ReadonlyMap<string, Size> | null;
  focus: FocusRequest | null;
  /** Counts what the inspector has shown: a renamed node is still the same one, and keeps the cursor in its field. */
  inspected: number;
}

interface Actions {
  open(stored: Stored | null, doc: GraphDocument, draftKey: string): void;
  /** Replaces the document as one undoable step; nothing happens where it is the same object. */
  edit(edit: Edit, change: (doc: GraphDocument) => GraphDocument): void;
  /** Replaces the document without a step of its own: the moves of a drag, between its start and end. */
  adjust(change: (doc: GraphDocument) => GraphDocument): void;
  /** Marks the place that undo returns to; `adjust` follows. */
  checkpoint(label: string): void;
  undo(): string | null;
  redo(): string | null;
  select(nodes: Iterable<string>, edges?: Iterable<string>): void;
  /** Selects a node under its new id. */
  renamed(to: string): void;
  measure(sizes: ReadonlyMap<string, Size>): void;
  setViewport(viewport: Viewport): void;
  /** The server stored `doc`. */
  stored(stored: Stored, doc: GraphDocument): void;
  focusOn(node: string, field?: string): void;
  /** Shows a setting of the workflow itself. */
  focusOnWorkflow(field: string): void;
}

export const EMPTY: GraphDocument = { format: 1, name: "untitled", nodes: [], edges: [] };

const closed: State = {
  meta: null,
  draftKey: "",
  doc: EMPTY,
  saved: null,
  viewport: null,
  history: NO_HISTORY,
  nodes: new Set(),
  edges: new Set(),
  sizes: new Map(),
  held: null,
  focus: null,
  inspected: 0,
};

function metaOf({ workflow, etag }: Stored): Meta {
  const { graph: _graph, diagnostics: _diagnostics, ...rest } = workflow;
  return { ...rest, etag };
}

/** Drops ids that the document no longer has from a selection. */
function pruned(selected: ReadonlySet<string>, present: { id: string }[]): ReadonlySet<string> {
  if (selected.size === 0) return selected;
  const ids = new Set(present.map((entry) => entry.id));
  const left = [...selected].filter((id) => ids.has(id));
  return left.length === selected.size ? selected : new Set(left);
}

function inspectedAfter({ nodes, inspected }: State, next: ReadonlySet<string>): number {
  const same = next.size === nodes.size && [...next].every((id) => nodes.has(id));
  return same ? inspected : inspected + 1;
}

function show(state: State, doc: GraphDocument): Partial<State> {
  return { doc, nodes: pruned(state.nodes, doc.nodes), edges: pruned(state.edges, doc.edges) };
}

export const useEditor = create<State & Actions>()((set, get) => ({
  ...closed,

  open(stored, doc, draftKey) {
    set({
      ...closed,
      draftKey,
      meta: stored && metaOf(stored),
      saved: stored && stored.workflow.graph,
      doc,
      viewport: doc.viewport ?? null,
    });
  },

  edit(edit, change) {
    const state = get();
    const doc = change(state.doc);
    if (doc === state.doc) return;
    set({ ...show(state, doc), history: record(state.history, state.doc, edit, Date.now()) });
  },

  adjust(change) {
    const state = get();
    const doc = change(state.doc);
    if (doc !== state.doc) set(show(state, doc));
  },

  checkpoint(label) {
    const { history, doc } = get();
    set({ history: record(history, doc, { label }, Date.now()) });
  },

  undo() {
    const state = get();
    const step = undo(state.history, state.doc);
    if (!step) return null;
    set({ ...show(state, step.doc), history: step.history });
    return step.label;
  },

  redo() {
    const state = get();
    const step = redo(state.history, state.doc);
    if (!step) return null;
    set({ ...show(state, step.doc), history: step.history });
    return step.label;
  },

  select(nodes, edges = []) {
    const next = new Set(nodes);
    set({ nodes: next, edges: new Set(edges), inspected: inspectedAfter(get(), next) });
  },

  renamed(to) {
    set({ nodes: new Set([to]) });
  },

  measure(sizes) {
    const known = get().sizes;
    const news = [...sizes].filter(([id, size]) => known.get(id)?.width !== size.width || known.get(id)?.height !== size.height);
    if (news.length > 0) set({ sizes: new Map([...known, ...news]) });
  },

  setViewport(viewport) {
    set({ viewport });
  },

  stored(stored, doc) {
    // An edit may have been made while the request was under way: it stays, and stays unsaved.
    set({ meta: metaOf(stored), draftKey: stored.workflow.id, saved: doc });
  },

  focusOn(node, field) {
    const serial = (get().focus?.serial ?? 0) + 1;
    const next = new Set([node]);
    set({ nodes: next, inspected: inspectedAfter(get(), next), edges: new Set(), focus: { node, serial, ...(field === undefined ? {} : { field }) } });
  },

  focusOnWorkflow(field) {
    const serial = (get().focus?.serial ?? 0) + 1;
    const none = new Set<string>();
    set({ nodes: none, inspected: inspectedAfter(get(), none), edges: none, focus: { serial, field } });
  },
}));

export function isDirty(state: Pick<State, "doc" | "saved">): boolean {
  return state.doc !== state.saved;
}

/** The document to store: with the viewport as it is now, which is no edit of its own. */
export function documentToStore(state: Pick<State, "doc" | "viewport">): GraphDocument {
  return state.viewport ? { ...state.doc, viewport: state.viewport } : state.doc;
}
