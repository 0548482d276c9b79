/** Containers and the coordinates inside them: a child's position is relative to its parent. */

import { findNode, isContainer, type GraphDocument, type GraphNode, type Point } from "./document";

export interface Size {
  width: number;
  height: number;
}

export type Sizes = ReadonlyMap<string, Size>;

export const NODE_SIZE: Size = { width: 232, height: 76 };
export const CONTAINER_MIN: Size = { width: 320, height: 190 };
/** Room inside a container around its children; the top holds its header. */
export const CONTAINER_PADDING = { top: 64, right: 36, bottom: 32, left: 36 };

export function children(doc: GraphDocument, id: string): GraphNode[] {
  return doc.nodes.filter((node) => node.parentId === id);
}

/** The node's containers, innermost first. Stops at a cycle, which a foreign file may hold. */
export function ancestors(doc: GraphDocument, id: string): string[] {
  const found: string[] = [];
  let parent = findNode(doc, id)?.parentId;
  while (parent && !found.includes(parent) && parent !== id) {
    found.push(parent);
    parent = findNode(doc, parent)?.parentId;
  }
  return found;
}

/** `ids` and everything inside them. */
export function withDescendants(doc: GraphDocument, ids: Iterable<string>): Set<string> {
  const all = new Set(ids);
  let size = -1;
  while (size !== all.size) {
    size = all.size;
    for (const node of doc.nodes) if (node.parentId && all.has(node.parentId)) all.add(node.id);
  }
  return all;
}

export function absolutePosition(doc: GraphDocument, node: GraphNode): Point {
  return ancestors(doc, node.id).reduce<Point>((at, id) => {
    const parent = findNode(doc, id);
    return parent ? { x: at.x + parent.position.x, y: at.y + parent.position.y } : at;
  }, node.position);
}

/** A node's size: measured, or what its content asks for. */
export function nodeSize(doc: GraphDocument, node: GraphNode, sizes: Sizes, depth = 0): Size {
  if (!isContainer(node)) return sizes.get(node.id) ?? NODE_SIZE;
  const stored = { width: node.width ?? CONTAINER_MIN.width, height: node.height ?? CONTAINER_MIN.height };
  if (depth > 32) return stored;
  return children(doc, node.id).reduce((size, child) => {
    const inner = nodeSize(doc, child, sizes, depth + 1);
    return {
      width: Math.max(size.width, child.position.x + inner.width + CONTAINER_PADDING.right),
      height: Math.max(size.height, child.position.y + inner.height + CONTAINER_PADDING.bottom),
    };
  }, stored);
}

/** The sizes of all containers: they hold still while their children are dragged. */
export function containerSizes(doc: GraphDocument, sizes: Sizes): Map<string, Size> {
  return new Map(doc.nodes.filter(isContainer).map((node) => [node.id, nodeSize(doc, node, sizes)]));
}

/** The innermost container under `point` that is none of `moving`. */
export function containerAt(doc: GraphDocument, point: Point, moving: ReadonlySet<string>, containers: Sizes): GraphNode | undefined {
  const hits = doc.nodes.filter((node) => {
    if (!isContainer(node) || moving.has(node.id)) return false;
    const at = absolutePosition(doc, node);
    const size = containers.get(node.id) ?? CONTAINER_MIN;
    return point.x >= at.x && point.x <= at.x + size.width && point.y >= at.y && point.y <= at.y + size.height;
  });
  return hits.sort((a, b) => ancestors(doc, b.id).length - ancestors(doc, a.id).length)[0];
}

/** Moves the node into `parent` (or to the top), keeping its place on the canvas. */
export function reparent(doc: GraphDocument, id: string, parent: string | undefined): GraphDocument {
  const node = findNode(doc, id);
  if (!node || node.parentId === parent) return doc;
  const at = absolutePosition(doc, node);
  const holder = parent === undefined ? undefined : findNode(doc, parent);
  const origin = holder ? absolutePosition(doc, holder) : { x: 0, y: 0 };
  const moved: GraphNode = { ...node, position: { x: at.x - origin.x, y: at.y - origin.y } };
  if (parent === undefined) delete moved.parentId;
  else moved.parentId = parent;
  const nodes = doc.nodes.map((entry) => (entry.id === id ? moved : entry));
  return parent === undefined ? { ...doc, nodes } : makeRoom({ ...doc, nodes }, parent);
}

/** Shifts a container and its children so that none lies over its header or left edge. */
export function makeRoom(doc: GraphDocument, id: string): GraphDocument {
  const inside = children(doc, id);
  if (inside.length === 0) return doc;
  const left = Math.max(0, CONTAINER_PADDING.left - Math.min(...inside.map((node) => node.position.x)));
  const top = Math.max(0, CONTAINER_PADDING.top - Math.min(...inside.map((node) => node.position.y)));
  if (left === 0 && top === 0) return doc;
  const shift = (node: GraphNode, by: number) => ({
    ...node,
    position: { x: node.position.x + by * left, y: node.position.y + by * top },
  });
  const nodes = doc.nodes.map((node) => {
    if (node.id === id) return shift(node, -1);
    return node.parentId === id ? shift(node, 1) : node;
  });
  return { ...doc, nodes };
}

/** The nodes with every container before its children, as React Flow wants them. */
export function parentsFirst(doc: GraphDocument): GraphNode[] {
  if (!doc.nodes.some((node) => node.parentId)) return doc.nodes;
  const depth = new Map(doc.nodes.map((node) => [node.id, ancestors(doc, node.id).length]));
  return [...doc.nodes].sort((a, b) => (depth.get(a.id) ?? 0) - (depth.get(b.id) ?? 0));
}
