/** The live check: after each edit the server says what is wrong, and which types flow. */

import { create } from "zustand";

import { api, OfflineError } from "../api/client";
import type { Diagnostic, NodeTypes } from "../api/types";
import { findNode, type GraphDocument } from "../graph/document";
import { useEditor } from "./editor";

const DEBOUNCE_MS = 250;
const NONE: readonly Diagnostic[] = [];

interface State {
  diagnostics: readonly Diagnostic[];
  /** The diagnostics by node or edge id; those of the whole document are under "". */
  byNode: ReadonlyMap<string, readonly Diagnostic[]>;
  /** Types of the last check that gave any: a broken expression does not take completion away. */
  types: Readonly<Record<string, NodeTypes>>;
  checking: boolean;
  /** What an import said of nodes: the check cannot know it, so it stands beside the check's findings. */
  notes: readonly Diagnostic[];
}

export const useCheck = create<State>()(() => ({
  diagnostics: NONE,
  byNode: new Map(),
  types: {},
  checking: false,
  notes: NONE,
}));

/** Nodes and edges share no ids in practice; where they do, both are marked. */
export function groupByNode(diagnostics: readonly Diagnostic[], doc: GraphDocument): Map<string, Diagnostic[]> {
  const ids = new Set([...doc.nodes, ...doc.edges].map((entry) => entry.id));
  const groups = new Map<string, Diagnostic[]>();
  for (const diagnostic of diagnostics) {
    const key = diagnostic.node !== undefined && ids.has(diagnostic.node) ? diagnostic.node : "";
    groups.set(key, [...(groups.get(key) ?? []), diagnostic]);
  }
  return groups;
}

export function showDiagnostics(diagnostics: readonly Diagnostic[], types?: Readonly<Record<string, NodeTypes>>): void {
  const { doc } = useEditor.getState();
  const notes = useCheck.getState().notes.filter((note) => note.node === undefined || findNode(doc, note.node) !== undefined);
  const ordered = [...diagnostics, ...notes].sort((a, b) => Number(a.severity === "warning") - Number(b.severity === "warning"));
  useCheck.setState({
    diagnostics: ordered,
    byNode: groupByNode(ordered, doc),
    checking: false,
    ...(types && Object.keys(types).length > 0 ? { types } : {}),
  });
}

export function diagnosticsOf(state: State, node: string): readonly Diagnostic[] {
  return state.byNode.get(node) ?? NONE;
}

export function errorCount(state: State): number {
  return state.diagnostics.filter((diagnostic) => diagnostic.severity === "error").length;
}

/** Checks the open document now and after each change; the result ends it. */
export function startChecking(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let request: AbortController | undefined;

  const check = async (doc: GraphDocument) => {
    request?.abort();
    const mine = new AbortController();
    request = mine;
    try {
      const result = await api.check(doc, mine.signal);
      if (!mine.signal.aborted) showDiagnostics(result.diagnostics, result.types);
    } catch (error) {
      if (mine.signal.aborted) return;
      useCheck.setState({ checking: false });
      // The banner says that the server is gone; the check is repeated when it is back.
      if (!(error instanceof OfflineError)) console.warn("check failed", error);
    }
  };
  const schedule = (delay: number) => {
    clearTimeout(timer);
    useCheck.setState({ checking: true });
    timer = setTimeout(() => void check(useEditor.getState().doc), delay);
  };

  useCheck.setState({ diagnostics: NONE, byNode: new Map(), types: {} });
  schedule(0);
  const unsubscribe = useEditor.subscribe((state, before) => {
    if (state.doc !== before.doc) schedule(DEBOUNCE_MS);
  });
  recheck = () => schedule(0);
  return () => {
    unsubscribe();
    clearTimeout(timer);
    request?.abort();
    recheck = () => undefined;
  };
}

let recheck: () => void = () => undefined;

/** Checks again without an edit: the server is back. */
export function checkAgain(): void {
  recheck();
}
