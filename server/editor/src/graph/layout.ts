/** Automatic layout: left to right, one scope at a time, innermost first. */

import dagre from "@dagrejs/dagre";

import { edgesFrom, isContainer, isNote, sourceHandle, type GraphDocument, type GraphEdge, type GraphNode, type Point } from "./document";
import { declaredHandles } from "./handles";
import { children, CONTAINER_MIN, CONTAINER_PADDING, nodeSize, NODE_SIZE, type Size, type Sizes } from "./scopes";

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
        grown.set(node.id, { width: Math.max(inner.width, CONTAINER_MIN.width), height: Math.max(inner.height, CONTAINER_MIN.height) });
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

/** Where one arrangement puts the centres. */
type Centres = Map<string, Point>;

function placeScope(doc: GraphDocument, nodes: GraphNode[], sizes: Sizes, placed: Map<string, Point>, inner: boolean): Size {
  const centres = nodes.length > 0 ? arranged(doc, nodes, sizes) : new Map<string, Point>();
  const origin = inner ? { x: CONTAINER_PADDING.left, y: CONTAINER_PADDING.top } : { x: 0, y: 0 };
  let width = 0;
  let height = 0;
  for (const node of nodes) {
    const at = centres.get(node.id) ?? { x: 0, y: 0 };
    const size = sizes.get(node.id) ?? NODE_SIZE;
    const left = snap(origin.x + at.x - size.width / 2);
    const top = snap(origin.y + at.y - size.height / 2);
    placed.set(node.id, { x: left, y: top });
    width = Math.max(width, left + size.width + CONTAINER_PADDING.right);
    height = Math.max(height, top + size.height + CONTAINER_PADDING.bottom);
  }
  return { width, height };
}

/**
 * Dagre knows no handles: its best order may cross the edges of a condition. The order in which the
 * handles stand is tried too, and the arrangement with fewer crossings wins.
 */
function arranged(doc: GraphDocument, nodes: GraphNode[], sizes: Sizes): Centres {
  const edges = edgesAmong(doc, nodes);
  const best = run(nodes, edges, sizes, false);
  if (edges.length > MANY_EDGES) return best;
  const byHandle = run(nodes, edges, sizes, true);
  return crossings(edges, byHandle, sizes) <= crossings(edges, best, sizes) ? byHandle : best;
}

/** The scope's edges, each node's in the order of its handles. */
function edgesAmong(doc: GraphDocument, nodes: GraphNode[]): GraphEdge[] {
  const ids = new Set(nodes.map((node) => node.id));
  return nodes.flatMap((node) => {
    const rank = (edge: GraphEdge) => handleRank(node, sourceHandle(edge));
    return edgesFrom(doc, node.id)
      .filter((edge) => ids.has(edge.target))
      .sort((a, b) => rank(a) - rank(b));
  });
}

/** Handles from top to bottom; `error` is the last. */
function handleRank(node: GraphNode, handle: string): number {
  if (handle === "error") return 99;
  const known = [...declaredHandles(node, undefined), "out", "true", "false"];
  const at = known.indexOf(handle);
  return at < 0 ? 98 : at;
}

function run(nodes: GraphNode[], edges: GraphEdge[], sizes: Sizes, asWritten: boolean): Centres {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 44, ranksep: 84, ranker: "network-simplex" });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of nodes) graph.setNode(node.id, { ...(sizes.get(node.id) ?? NODE_SIZE) });
  for (const edge of edges) graph.setEdge(edge.source, edge.target);
  dagre.layout(graph, { disableOptimalOrderHeuristic: asWritten });
  return new Map(
    nodes.map((node) => {
      const { x, y } = graph.node(node.id) as Point;
      return [node.id, { x, y }];
    }),
  );
}

const MANY_EDGES = 300;

/** How many pairs of edges cross, each leaving its node at the height of its handle. */
function crossings(edges: GraphEdge[], centres: Centres, sizes: Sizes): number {
  const seen = new Map<string, number>();
  const lines = edges.flatMap((edge) => {
    const from = centres.get(edge.source);
    const to = centres.get(edge.target);
    if (!from || !to) return [];
    // The edges come in the order of their handles: later ones leave further down.
    const down = seen.get(edge.source) ?? 0;
    seen.set(edge.source, down + 1);
    const right = (sizes.get(edge.source) ?? NODE_SIZE).width / 2;
    const left = (sizes.get(edge.target) ?? NODE_SIZE).width / 2;
    return [{ x1: from.x + right, y1: from.y + down, x2: to.x - left, y2: to.y, target: edge.target }];
  });
  let count = 0;
  for (let a = 0; a < lines.length; a += 1) {
    for (let b = a + 1; b < lines.length; b += 1) {
      const [one, other] = [lines[a], lines[b]];
      if (one && other && one.target !== other.target && cross(one, other)) count += 1;
    }
  }
  return count;
}

interface Line {
  x1: number;
  y1: number;
  x2: number;
  y2: number;
}

/** Whether two left-to-right lines change sides where both are. */
function cross(one: Line, other: Line): boolean {
  const from = Math.max(one.x1, other.x1);
  const to = Math.min(one.x2, other.x2);
  if (from >= to) return false;
  const at = (line: Line, x: number) => line.y1 + ((line.y2 - line.y1) * (x - line.x1)) / (line.x2 - line.x1);
  return (at(one, from) - at(other, from)) * (at(one, to) - at(other, to)) < 0;
}

function snap(value: number): number {
  return Math.round(value / GRID) * GRID;
}
