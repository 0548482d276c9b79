/** Which way a run went: what is recorded of its steps, and what follows from it for the kinds that record nothing. */

import type { StepView } from "../api/types";
import { edgesFrom, edgesInto, kindName, sourceHandle, type GraphDocument, type GraphEdge } from "./document";

export interface Trace {
  /** Unrecorded nodes that the run came through. */
  passed: ReadonlySet<string>;
  /** Edges that were live. */
  edges: ReadonlySet<string>;
}

export const NO_TRACE: Trace = { passed: new Set(), edges: new Set() };

const TRIGGERS = new Set(["manual", "webhook", "schedule"]);
/** Kinds whose outcome is recomputed, never recorded. */
const UNRECORDED = new Set([...TRIGGERS, "condition", "switch", "transform", "set", "filter", "sort", "aggregate", "return"]);

/** Follows a run forwards along plain outputs, and backwards from steps that stand behind a choice. */
export function trace(doc: GraphDocument, steps: ReadonlyMap<string, readonly StepView[]>): Trace {
  const kinds = new Map(doc.nodes.map((node) => [node.id, kindName(node.data.kind)]));
  const triggers = doc.nodes.filter((node) => TRIGGERS.has(kinds.get(node.id) ?? ""));
  const passed = new Set<string>();
  const edges = new Set<string>();
  const [only] = triggers;
  if (only && triggers.length === 1) passed.add(only.id);

  const unrecorded = (id: string) => UNRECORDED.has(kinds.get(id) ?? "");
  const reached = (id: string) => passed.has(id) || steps.has(id);
  const finished = (id: string) => passed.has(id) || steps.get(id)?.every((step) => step.status === "completed") === true;
  // A plain output is live as soon as its node is done; behind a choice only what came of it tells.
  const plain = (edge: GraphEdge) => sourceHandle(edge) === "out" && !edgesFrom(doc, edge.source).some((other) => sourceHandle(other) === "timeout");
  const live = (edge: GraphEdge) => {
    if (sourceHandle(edge) === "error") return steps.get(edge.source)?.some((step) => step.status === "failed") === true && reached(edge.target);
    return finished(edge.source) && (plain(edge) || (reached(edge.target) && soleEntry(doc, edge)));
  };
  for (let before = -1; before !== edges.size + passed.size; ) {
    before = edges.size + passed.size;
    for (const edge of doc.edges) {
      if (unrecorded(edge.source) && reached(edge.target) && soleEntry(doc, edge)) passed.add(edge.source);
      if (!live(edge)) continue;
      edges.add(edge.id);
      if (unrecorded(edge.target)) passed.add(edge.target);
    }
  }
  return { passed, edges };
}

/** Whether the edge is the only way into its target. */
function soleEntry(doc: GraphDocument, edge: GraphEdge): boolean {
  return edgesInto(doc, edge.target).length === 1;
}
