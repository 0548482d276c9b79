/** Automatic layout: left to right, one scope at a time, innermost first. */

import dagre from "@dagrejs/dagre";

import { isContainer, isNote, type GraphDocument, type GraphNode, type Point } from "./document";
import { children, CONTAINER_PADDING, nodeSize, type Size, type Sizes } from "./scopes";

const GRID = 10;

/** The document with every node placed. Notes keep their place. */
export function layout(doc: GraphDocument, sizes: Sizes): GraphDocument {
  const placed = new Map<string, Point>();
  const grown = new Map(sizes);
  const place = (parent: string | undefined): Size => {
    const inside = doc.nodes.filter((node) => node.parentId === parent && !isNote(node));
    for (const node of inside) {
      if (isContainer(node) && children(doc, node.id).length > 0) {
        const inner = place(node.id);
        grown.set(node.id, inner);
      } else {
        grown.set(node.id, nodeSize(doc, node, sizes));
      }
    }
    return placeScope(doc, inside, grown, placed, parent !== undefined);
  };
  place(undefined);
  const nodes = doc.nodes.map((node) => {
    const at = placed.get(node.id);
    if (!at) return node;
    const moved: GraphNode = { ...node, position: at };
    // A stored size larger than the content would keep the old, loose shape.
    if (isContainer(node)) {
      delete moved.width;
      delete moved.height;
    }
    return moved;
  });
  return { ...doc, nodes };
}

function placeScope(doc: GraphDocument, nodes: GraphNode[], sizes: Sizes, placed: Map<string, Point>, inner: boolean): Size {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 44, ranksep: 84, ranker: "network-simplex" });
  graph.setDefaultEdgeLabel(() => ({}));
  const ids = new Set(nodes.map((node) => node.id));
  for (const node of nodes) graph.setNode(node.id, { ...sizes.get(node.id) });
  for (const edge of doc.edges) {
    if (ids.has(edge.source) && ids.has(edge.target)) graph.setEdge(edge.source, edge.target);
  }
  if (nodes.length > 0) dagre.layout(graph);
  const origin = inner ? { x: CONTAINER_PADDING.left, y: CONTAINER_PADDING.top } : { x: 0, y: 0 };
  let width = 0;
  let height = 0;
  for (const node of nodes) {
    const at = graph.node(node.id) as { x: number; y: number; width: number; height: number };
    const left = snap(origin.x + at.x - at.width / 2);
    const top = snap(origin.y + at.y - at.height / 2);
    placed.set(node.id, { x: left, y: top });
    width = Math.max(width, left + at.width + CONTAINER_PADDING.right);
    height = Math.max(height, top + at.height + CONTAINER_PADDING.bottom);
  }
  return { width, height };
}

function snap(value: number): number {
  return Math.round(value / GRID) * GRID;
}
