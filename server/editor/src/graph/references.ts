/** References between nodes that stand in expressions: found, and rewritten when an id changes. */

import { references, renameInText } from "../expr/template";
import { kindName, type GraphDocument, type GraphNode, type Json, type NodeData } from "./document";

/** Keys of `data` that a person reads and that hold no expressions. */
const PROSE = new Set(["label", "description", "kind"]);
/** Keys inside `config` whose values are data about data. */
const LITERAL = new Set(["schema", "sample", "samples"]);
const NONE = new Set<string>();

type TextFn = (text: string) => string;

function mapJson(value: Json, fn: TextFn, literal: ReadonlySet<string>): Json {
  if (typeof value === "string") return fn(value);
  if (Array.isArray(value)) {
    const mapped = value.map((entry) => mapJson(entry, fn, literal));
    return mapped.some((entry, at) => entry !== value[at]) ? mapped : value;
  }
  if (value === null || typeof value !== "object") return value;
  let changed = false;
  const mapped: { [key: string]: Json } = {};
  for (const [key, entry] of Object.entries(value)) {
    mapped[key] = literal.has(key) ? entry : mapJson(entry, fn, literal);
    changed ||= mapped[key] !== entry;
  }
  return changed ? mapped : value;
}

/** The data with every expression text passed through `fn`; the same object where nothing changed. */
export function mapExpressions(data: NodeData, fn: TextFn): NodeData {
  let changed = false;
  const mapped: NodeData = { ...data };
  for (const [key, value] of Object.entries(data)) {
    if (PROSE.has(key) || value === undefined) continue;
    // An input may be called `sample` too: only `config` holds literals under these names.
    const next = mapJson(value, fn, key === "config" ? LITERAL : NONE);
    if (next !== value) {
      mapped[key] = next;
      changed = true;
    }
  }
  return changed ? mapped : data;
}

/** The nodes with references to renamed ids rewritten; unchanged nodes stay the same objects. */
export function renameReferences(nodes: GraphNode[], rename: ReadonlyMap<string, string>): GraphNode[] {
  return nodes.map((node) => {
    const data = mapExpressions(node.data, (text) => renameInText(text, rename));
    return data === node.data ? node : { ...node, data };
  });
}

/**
 * Renames a node as a refactoring: its id, edges, children and every reference to it. Of one that was
 * `stored`, others may know the event by which an approval is answered: that keeps its name.
 */
export function renameNode(doc: GraphDocument, from: string, to: string, stored = false): GraphDocument {
  const rename = new Map([[from, to]]);
  const nodes = renameReferences(doc.nodes, rename).map((node) => {
    if (node.id === from) return { ...(stored ? withItsEvent(node) : node), id: to };
    return node.parentId === from ? { ...node, parentId: to } : node;
  });
  const edges = doc.edges.map((edge) => {
    if (edge.source !== from && edge.target !== from) return edge;
    return {
      ...edge,
      source: edge.source === from ? to : edge.source,
      target: edge.target === from ? to : edge.target,
    };
  });
  const limit = doc.limit === undefined ? undefined : mapJson(doc.limit as Json, (text) => renameInText(text, rename), NONE);
  return { ...doc, nodes, edges, ...(limit === undefined ? {} : { limit }) };
}

/** An approval with the event that it has named after its id so far. */
function withItsEvent(node: GraphNode): GraphNode {
  const { config } = node.data;
  if (kindName(node.data.kind) !== "approval" || (config?.event ?? null) !== null) return node;
  return { ...node, data: { ...node.data, config: { ...config, event: node.id } } };
}

/** Ids that the node's expressions name. */
export function referencedIds(node: GraphNode): Set<string> {
  const ids = new Set<string>();
  mapExpressions(node.data, (text) => {
    for (const reference of references(text)) ids.add(reference.id);
    return text;
  });
  return ids;
}

/** How many other nodes name `id` in an expression. */
export function referenceCount(doc: GraphDocument, id: string): number {
  return doc.nodes.filter((node) => node.id !== id && referencedIds(node).has(id)).length;
}
