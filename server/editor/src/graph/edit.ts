/** Edits of a document. Each is a pure function; what it does not touch stays the same object. */

import type { CatalogueKind } from "../api/types";
import {
  DEFAULT_SOURCE,
  DEFAULT_TARGET,
  findNode,
  kindName,
  sourceHandle,
  targetHandle,
  type GraphDocument,
  type GraphEdge,
  type GraphNode,
  type Json,
  type JsonObject,
  type NodeData,
  type Point,
} from "./document";
import { freeEdgeId, freeId, idFromLabel, takenIds } from "./ids";
import { ancestors, withDescendants } from "./scopes";

export interface NewNode {
  kind: CatalogueKind;
  position: Point;
  parentId?: string;
}

/** Adds a node of a kind with its defaults; gives the document and the new id. */
export function addNode(doc: GraphDocument, { kind, position, parentId }: NewNode): [GraphDocument, string] {
  const id = freeId(idFromLabel(kind.label), takenIds(doc));
  const node: GraphNode = {
    id,
    type: kind.group === "trigger" || kind.group === "action" ? kind.group : kindName(kind.kind),
    position: { x: Math.round(position.x), y: Math.round(position.y) },
    ...(parentId === undefined ? {} : { parentId }),
    data: { label: kind.label, kind: kind.kind, ...initialData(kind) },
  };
  return [{ ...doc, nodes: [...doc.nodes, node] }, id];
}

function initialData(kind: CatalogueKind): Partial<NodeData> {
  const config = defaults(kind.config);
  const inputs = defaults(kind.inputs);
  const name = kindName(kind.kind);
  if (name === "switch") config.cases ??= [{ name: "first", when: "{{ true }}" }];
  // One of two inputs is needed, so neither is required on its own.
  if (name === "wait") inputs.duration ??= "10s";
  return {
    ...(Object.keys(config).length > 0 ? { config } : {}),
    ...(Object.keys(inputs).length > 0 ? { inputs } : {}),
  };
}

/** Only required fields get their default written out: the rest means the same when absent. */
function defaults(fields: CatalogueKind["inputs"]): JsonObject {
  const values: JsonObject = {};
  for (const field of fields) {
    if (field.required && field.default !== undefined && field.default !== null) values[field.name] = field.default;
  }
  return values;
}

export interface Ends {
  source: string;
  sourceHandle?: string | null;
  target: string;
  targetHandle?: string | null;
}

/** Why these ends cannot be joined, or null. */
export function connectionProblem(doc: GraphDocument, ends: Ends): string | null {
  if (ends.source === ends.target) return "A node cannot follow itself.";
  const source = findNode(doc, ends.source);
  const target = findNode(doc, ends.target);
  if (!source || !target) return "One end is gone.";
  if (source.parentId !== target.parentId) return "An edge stays inside one loop: both ends need the same container.";
  if (ancestors(doc, target.id).includes(source.id)) return "A loop starts its own nodes: they need no edge from it.";
  return null;
}

/** Adds an edge, unless the same one is there. */
export function connect(doc: GraphDocument, ends: Ends): GraphDocument {
  const handle = ends.sourceHandle || DEFAULT_SOURCE;
  const into = ends.targetHandle || DEFAULT_TARGET;
  const known = doc.edges.some(
    (edge) => edge.source === ends.source && edge.target === ends.target && sourceHandle(edge) === handle && targetHandle(edge) === into,
  );
  if (known) return doc;
  const edge: GraphEdge = {
    id: freeEdgeId(doc, ends.source, handle, ends.target),
    source: ends.source,
    sourceHandle: handle,
    target: ends.target,
    targetHandle: into,
  };
  return { ...doc, edges: [...doc.edges, edge] };
}

/** Removes nodes with all that they contain, and every edge that would dangle. */
export function removeNodes(doc: GraphDocument, ids: Iterable<string>): GraphDocument {
  const gone = withDescendants(doc, ids);
  return {
    ...doc,
    nodes: doc.nodes.filter((node) => !gone.has(node.id)),
    edges: doc.edges.filter((edge) => !gone.has(edge.source) && !gone.has(edge.target)),
  };
}

export function removeEdges(doc: GraphDocument, ids: Iterable<string>): GraphDocument {
  const gone = new Set(ids);
  return { ...doc, edges: doc.edges.filter((edge) => !gone.has(edge.id)) };
}

export function moveNodes(doc: GraphDocument, positions: ReadonlyMap<string, Point>): GraphDocument {
  const nodes = doc.nodes.map((node) => {
    const to = positions.get(node.id);
    return to && (to.x !== node.position.x || to.y !== node.position.y) ? { ...node, position: { x: to.x, y: to.y } } : node;
  });
  return nodes.every((node, at) => node === doc.nodes[at]) ? doc : { ...doc, nodes };
}

export function updateNode(doc: GraphDocument, id: string, change: (node: GraphNode) => GraphNode): GraphDocument {
  return { ...doc, nodes: doc.nodes.map((node) => (node.id === id ? change(node) : node)) };
}

export function updateData(doc: GraphDocument, id: string, change: (data: NodeData) => NodeData): GraphDocument {
  return updateNode(doc, id, (node) => ({ ...node, data: change(node.data) }));
}

/** Sets one key of an object inside `data` (`inputs`, `config`, `policy`); undefined removes it, and an empty object with it. */
export function setIn(data: NodeData, group: "inputs" | "config" | "policy", key: string, value: Json | undefined): NodeData {
  const { [key]: _old, ...rest } = data[group] ?? {};
  const next: JsonObject = value === undefined ? rest : { ...(data[group] ?? {}), [key]: value };
  const { [group]: _group, ...others } = data;
  return (Object.keys(next).length > 0 ? { ...data, [group]: next } : others) as NodeData;
}

export function setKey(data: NodeData, key: string, value: Json | undefined): NodeData {
  const { [key]: _old, ...rest } = data;
  return (value === undefined ? rest : { ...data, [key]: value }) as NodeData;
}

/** Renames an output handle on the edges that leave by it. */
export function renameHandle(doc: GraphDocument, node: string, from: string, to: string): GraphDocument {
  const edges = doc.edges.map((edge) =>
    edge.source === node && sourceHandle(edge) === from ? { ...edge, sourceHandle: to } : edge,
  );
  return { ...doc, edges };
}

/** Puts `node` in the middle of an edge: source -> node -> target. */
export function splitEdge(doc: GraphDocument, edgeId: string, node: string, leaveBy: string): GraphDocument {
  const edge = doc.edges.find((entry) => entry.id === edgeId);
  if (!edge) return doc;
  const without = removeEdges(doc, [edgeId]);
  const first = connect(without, { source: edge.source, sourceHandle: edge.sourceHandle, target: node });
  return connect(first, { source: node, sourceHandle: leaveBy, target: edge.target, targetHandle: edge.targetHandle });
}
