/** The document as React Flow wants it. Objects are reused, so only what changed is drawn again. */

import type { Edge, Node } from "@xyflow/react";

import { findNode, isContainer, isNote, sourceHandle, targetHandle, type GraphDocument, type GraphEdge, type GraphNode } from "../graph/document";
import { nodeSize, parentsFirst, type Size, type Sizes } from "../graph/scopes";

export type FlowNode = Node<{ node: GraphNode }, "card" | "container" | "note">;
export type FlowEdge = Edge<{ edge: GraphEdge; nested: boolean }, "wire">;

interface Kept {
  flow: FlowNode;
  node: GraphNode;
  selected: boolean;
  size: Size | undefined;
}

/** Makes a function that derives nodes and remembers what it gave last. */
export function nodeDeriver(): (doc: GraphDocument, selected: ReadonlySet<string>, sizes: Sizes, held: Sizes | null) => FlowNode[] {
  let kept = new Map<string, Kept>();
  return (doc, selected, sizes, held) => {
    const next = new Map<string, Kept>();
    const nodes = parentsFirst(doc).map((node) => {
      const chosen = selected.has(node.id);
      const size = isContainer(node) ? (held?.get(node.id) ?? nodeSize(doc, node, sizes)) : sizes.get(node.id);
      const last = kept.get(node.id);
      const same = last && last.node === node && last.selected === chosen && last.size?.width === size?.width && last.size?.height === size?.height;
      const entry = same ? last : { node, selected: chosen, size, flow: toFlowNode(doc, node, chosen, size) };
      next.set(node.id, entry);
      return entry.flow;
    });
    kept = next;
    return nodes;
  };
}

function toFlowNode(doc: GraphDocument, node: GraphNode, selected: boolean, size: Size | undefined): FlowNode {
  const container = isContainer(node);
  const held = node.parentId !== undefined && findNode(doc, node.parentId) !== undefined;
  return {
    id: node.id,
    type: container ? "container" : isNote(node) ? "note" : "card",
    position: node.position,
    data: { node },
    selected,
    ariaLabel: `${node.data.label}, ${node.data.kind}`,
    ...(held ? { parentId: node.parentId } : {}),
    ...(size ? { measured: size } : {}),
    ...(container && size ? { width: size.width, height: size.height, dragHandle: ".container-head" } : {}),
  } as FlowNode;
}

export function edgeDeriver(): (doc: GraphDocument, selected: ReadonlySet<string>) => FlowEdge[] {
  let kept = new Map<string, FlowEdge>();
  return (doc, selected) => {
    const ids = new Set(doc.nodes.map((node) => node.id));
    const nested = new Set(doc.nodes.filter((node) => node.parentId).map((node) => node.id));
    const next = new Map<string, FlowEdge>();
    for (const edge of doc.edges) {
      // A dangling edge cannot be drawn; the check reports it, and it stays in the document.
      if (!ids.has(edge.source) || !ids.has(edge.target)) continue;
      const last = kept.get(edge.id);
      const inside = nested.has(edge.source);
      const same = last && last.data?.edge === edge && last.selected === selected.has(edge.id) && last.data.nested === inside;
      next.set(edge.id, same ? last : toFlowEdge(edge, selected.has(edge.id), inside));
    }
    kept = next;
    return [...next.values()];
  };
}

function toFlowEdge(edge: GraphEdge, selected: boolean, nested: boolean): FlowEdge {
  return {
    id: edge.id,
    type: "wire",
    source: edge.source,
    sourceHandle: sourceHandle(edge),
    target: edge.target,
    targetHandle: targetHandle(edge),
    selected,
    data: { edge, nested },
    // Above the container that holds both ends.
    ...(nested ? { zIndex: 1 } : {}),
    ariaLabel: `from ${edge.source}, handle ${sourceHandle(edge)}, to ${edge.target}`,
  };
}
