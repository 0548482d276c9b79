/** Copying and pasting nodes: new ids, and references among the copied rewritten to the copies. */

import { isObject, toDocument, type GraphDocument, type GraphEdge, type GraphNode, type Point } from "./document";
import { freeId, takenIds } from "./ids";
import { renameReferences } from "./references";
import { absolutePosition, withDescendants } from "./scopes";

export interface Clip {
  flowcrate: "nodes";
  nodes: GraphNode[];
  edges: GraphEdge[];
}

/** The selected nodes, all that they contain, and the edges among them. */
export function copyNodes(doc: GraphDocument, ids: Iterable<string>): Clip {
  const all = withDescendants(doc, ids);
  const nodes = doc.nodes
    .filter((node) => all.has(node.id))
    .map((node) => {
      if (!node.parentId || all.has(node.parentId)) return node;
      const { parentId: _outside, ...free } = node;
      return { ...free, position: absolutePosition(doc, node) } as GraphNode;
    });
  const edges = doc.edges.filter((edge) => all.has(edge.source) && all.has(edge.target));
  return { flowcrate: "nodes", nodes, edges };
}

export function parseClip(text: string): Clip | null {
  try {
    const value: unknown = JSON.parse(text);
    if (!isObject(value) || value.flowcrate !== "nodes") return null;
    const document = toDocument(value);
    return document && { flowcrate: "nodes", nodes: document.nodes, edges: document.edges };
  } catch {
    return null;
  }
}

export interface Place {
  /** Added to the position of each node that is not inside another copied one. */
  offset: Point;
  /** The container to paste into. */
  parentId?: string;
}

/** Pastes a clip; gives the document and the ids of the nodes to select. */
export function pasteNodes(doc: GraphDocument, clip: Clip, place: Place): [GraphDocument, string[]] {
  const taken = takenIds(doc);
  const rename = new Map<string, string>();
  for (const node of clip.nodes) {
    const id = freeId(node.id, taken);
    taken.add(id);
    rename.set(node.id, id);
  }
  const nodes = renameReferences(clip.nodes, rename).map((node) => pasted(node, rename, place));
  const edgeIds = new Set(doc.edges.map((edge) => edge.id));
  const edges = clip.edges.map((edge) => {
    const source = rename.get(edge.source) ?? edge.source;
    const target = rename.get(edge.target) ?? edge.target;
    const id = freeId(`${source}_${edge.sourceHandle || "out"}_${target}`, edgeIds);
    edgeIds.add(id);
    return { ...edge, id, source, target };
  });
  const roots = clip.nodes.filter((node) => !node.parentId || !rename.has(node.parentId));
  const ids = roots.map((node) => rename.get(node.id) ?? node.id);
  return [{ ...doc, nodes: [...doc.nodes, ...nodes], edges: [...doc.edges, ...edges] }, ids];
}

function pasted(node: GraphNode, rename: ReadonlyMap<string, string>, place: Place): GraphNode {
  const id = rename.get(node.id) ?? node.id;
  const holder = node.parentId === undefined ? undefined : rename.get(node.parentId);
  if (holder !== undefined) return { ...node, id, parentId: holder };
  const { parentId: _old, ...free } = node;
  const position = { x: node.position.x + place.offset.x, y: node.position.y + place.offset.y };
  return { ...free, id, position, ...(place.parentId === undefined ? {} : { parentId: place.parentId }) } as GraphNode;
}
