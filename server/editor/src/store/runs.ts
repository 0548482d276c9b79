/** Runs of the open workflow: the history list, the one that is looked at, and its steps by node. */

import { create } from "zustand";

import { api } from "../api/client";
import type { Run, StepView } from "../api/types";
import { watchRun } from "../api/watch";
import { NO_TRACE, trace, type Trace } from "../graph/trace";
import { useEditor } from "./editor";

interface State {
  runs: Run[];
  cursor: string | null;
  loading: boolean;
  current: Run | null;
  /** Path of the step whose input and output are shown. */
  step: string | null;
  /** The latest steps of each node of the current run. */
  byNode: ReadonlyMap<string, readonly StepView[]>;
  /** Which way it went. */
  trace: Trace;
}

const none: State = { runs: [], cursor: null, loading: false, current: null, step: null, byNode: new Map(), trace: NO_TRACE };

export const useRuns = create<State>()(() => none);

let stopWatching: () => void = () => undefined;

/** The id of a step's node: the last part of its path, without call numbers. */
export function nodeOfStep(step: Pick<StepView, "node" | "path">): string {
  if (step.node) return step.node;
  const last = step.path.split("/").at(-1) ?? step.path;
  return last.replace(/[[#!].*$/, "");
}

export function stepsByNode(steps: readonly StepView[]): Map<string, StepView[]> {
  const groups = new Map<string, StepView[]>();
  for (const step of steps) {
    // One round of a loop: the loop has an entry of its own.
    if (step.path.endsWith("]")) continue;
    const node = nodeOfStep(step);
    groups.set(node, [...(groups.get(node) ?? []), step]);
  }
  return groups;
}

function show(run: Run): void {
  useRuns.setState((state) => {
    const known = state.runs.some((entry) => entry.id === run.id);
    const { steps: _steps, ...row } = run;
    const byNode = stepsByNode(run.steps ?? []);
    return {
      runs: known ? state.runs.map((entry) => (entry.id === run.id ? { ...entry, ...row } : entry)) : [row, ...state.runs],
      current: run,
      byNode,
      trace: trace(useEditor.getState().doc, byNode),
    };
  });
}

/** Looks at a run, and follows it until it has finished. */
export function followRun(id: string): void {
  stopWatching();
  useRuns.setState({ step: null });
  stopWatching = watchRun(id, show);
}

export function closeRun(): void {
  stopWatching();
  useRuns.setState({ current: null, step: null, byNode: new Map(), trace: NO_TRACE });
}

export function resetRuns(): void {
  stopWatching();
  useRuns.setState(none);
}

export async function loadRuns(workflow: string, more = false): Promise<void> {
  useRuns.setState({ loading: true });
  try {
    const page = await api.runs(workflow, more ? (useRuns.getState().cursor ?? undefined) : undefined);
    useRuns.setState((state) => {
      const kept = more ? state.runs : [];
      const known = new Set(kept.map((run) => run.id));
      return { runs: [...kept, ...page.items.filter((run) => !known.has(run.id))], cursor: page.next_cursor ?? null };
    });
  } finally {
    useRuns.setState({ loading: false });
  }
}

export function selectStep(path: string | null): void {
  useRuns.setState({ step: path });
}
