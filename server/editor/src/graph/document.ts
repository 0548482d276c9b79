/** The graph document, as it is stored. Keys that the editor does not know are carried along. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export interface Point {
  x: number;
  y: number;
}

export interface Viewport extends Point {
  zoom: number;
}

export interface NodeData {
  label: string;
  description?: string;
  kind: string;
  config?: JsonObject;
  inputs?: JsonObject;
  result?: Json;
  policy?: JsonObject;
  on_error?: string;
  join?: string;
  disabled?: boolean;
  override?: boolean;
  [unknown: string]: Json | undefined;
}

export interface GraphNode {
  id: string;
  type?: string;
  position: Point;
  parentId?: string;
  width?: number;
  height?: number;
  data: NodeData;
  [unknown: string]: unknown;
}

export interface GraphEdge {
  id: string;
  source: string;
  sourceHandle?: string | null;
  target: string;
  targetHandle?: string | null;
  [unknown: string]: unknown;
}

export interface GraphDocument {
  format: number;
  name: string;
  description?: string;
  nodes: GraphNode[];
  edges: GraphEdge[];
  viewport?: Viewport;
  [unknown: string]: unknown;
}

export const DEFAULT_SOURCE = "out";
export const DEFAULT_TARGET = "in";

/** Null, absent and default handles are the same handle. */
export function sourceHandle(edge: GraphEdge): string {
  return edge.sourceHandle || DEFAULT_SOURCE;
}

export function targetHandle(edge: GraphEdge): string {
  return edge.targetHandle || DEFAULT_TARGET;
}

/** Remembers what `make` gave for an array: documents are never changed in place. */
function perArray<T extends object, R>(make: (array: T) => R): (array: T) => R {
  const known = new WeakMap<T, R>();
  return (array) => {
    const old = known.get(array);
    if (old !== undefined) return old;
    const made = make(array);
    known.set(array, made);
    return made;
  };
}

const byId = perArray((nodes: GraphNode[]) => new Map(nodes.map((node) => [node.id, node])));

function grouped(edges: GraphEdge[], key: (edge: GraphEdge) => string): Map<string, GraphEdge[]> {
  const groups = new Map<string, GraphEdge[]>();
  for (const edge of edges) {
    const group = groups.get(key(edge));
    if (group) group.push(edge);
    else groups.set(key(edge), [edge]);
  }
  return groups;
}

const bySource = perArray((edges: GraphEdge[]) => grouped(edges, (edge) => edge.source));
const byTarget = perArray((edges: GraphEdge[]) => grouped(edges, (edge) => edge.target));
const NO_EDGES: readonly GraphEdge[] = [];

export function findNode(doc: GraphDocument, id: string): GraphNode | undefined {
  return byId(doc.nodes).get(id);
}

export function edgesFrom(doc: GraphDocument, id: string): readonly GraphEdge[] {
  return bySource(doc.edges).get(id) ?? NO_EDGES;
}

export function edgesInto(doc: GraphDocument, id: string): readonly GraphEdge[] {
  return byTarget(doc.edges).get(id) ?? NO_EDGES;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `http.request@1` without its major version. */
export function kindName(kind: string): string {
  return kind.split("@")[0] ?? kind;
}

/** Whether the node holds others, which name it in `parentId`. */
export function isContainer(node: GraphNode): boolean {
  return CONTAINERS.has(kindName(node.data.kind));
}

const CONTAINERS: ReadonlySet<string> = new Set(["for_each", "while", "race", "try"]);

/** Whether the node's children say in which part of it they stand: `data.region`. */
export function hasRegions(node: GraphNode): boolean {
  const name = kindName(node.data.kind);
  return name === "race" || name === "try";
}

export function isNote(node: GraphNode): boolean {
  return kindName(node.data.kind) === "note";
}

/** Takes what a server, a file or the clipboard gave; what is missing gets its empty value. */
export function toDocument(value: unknown): GraphDocument | null {
  if (!isObject(value) || !Array.isArray(value.nodes)) return null;
  const nodes: GraphNode[] = [];
  for (const entry of value.nodes as unknown[]) {
    const node = toNode(entry);
    if (!node) return null;
    nodes.push(node);
  }
  const edges = (Array.isArray(value.edges) ? value.edges : []) as unknown[];
  if (!edges.every((edge) => isObject(edge) && typeof edge.source === "string" && typeof edge.target === "string")) {
    return null;
  }
  return {
    ...value,
    format: typeof value.format === "number" ? value.format : 1,
    name: typeof value.name === "string" ? value.name : "imported",
    nodes,
    edges: (edges as GraphEdge[]).map((edge, at) => (typeof edge.id === "string" ? edge : { ...edge, id: `e${at + 1}` })),
  } as GraphDocument;
}

function toNode(entry: unknown): GraphNode | null {
  if (!isObject(entry) || typeof entry.id !== "string" || !isObject(entry.data)) return null;
  const { data, position } = entry;
  if (typeof data.kind !== "string") return null;
  const placed = isObject(position) && typeof position.x === "number" && typeof position.y === "number";
  const labelled = typeof data.label === "string";
  if (placed && labelled) return entry as unknown as GraphNode;
  return {
    ...entry,
    position: placed ? position : { x: 0, y: 0 },
    data: labelled ? data : { ...data, label: entry.id },
  } as unknown as GraphNode;
}
