/** Where a new node goes, and what it is joined to. */

import type { CatalogueKind } from "../api/types";
import { edgesFrom, findNode, kindName, sourceHandle, type GraphDocument, type Point } from "../graph/document";
import { addNode, connect, connectionProblem, splitEdge } from "../graph/edit";
import { declaredHandles } from "../graph/handles";
import { absolutePosition, containerAt, containerSizes, makeRoom, nodeSize, NODE_SIZE, type Sizes } from "../graph/scopes";
import { useEditor } from "../store/editor";
import { useUi, type QuickAdd } from "../store/ui";

const GAP = 80;

function mainHandle(kind: CatalogueKind): string | undefined {
  const sample = { id: "x", position: { x: 0, y: 0 }, data: { label: "", kind: kind.kind } };
  return declaredHandles(sample, kind).find((handle) => handle !== "error");
}

/** Adds a node at a place on the canvas: inside the container that lies there, joined as the place says. */
export function addAt(doc: GraphDocument, kind: CatalogueKind, place: Omit<QuickAdd, "at">, sizes: Sizes): [GraphDocument, string] {
  const holder = holderOf(doc, place, sizes);
  const origin = holder ? absolutePosition(doc, holder) : { x: 0, y: 0 };
  const position = { x: place.position.x - origin.x, y: place.position.y - origin.y };
  const [added, id] = addNode(doc, { kind, position, ...(holder && kind.group !== "trigger" ? { parentId: holder.id } : {}) });
  const main = mainHandle(kind);
  let next = holder ? makeRoom(added, holder.id) : added;
  if (place.edge && kind.group !== "trigger" && main) next = splitEdge(next, place.edge, id, main);
  const ends = place.from && { source: place.from.node, sourceHandle: place.from.handle, target: id };
  if (ends && kind.group !== "trigger" && !connectionProblem(next, ends)) next = connect(next, ends);
  const back = place.into && main && { source: id, sourceHandle: main, target: place.into.node };
  if (back && !connectionProblem(next, back)) next = connect(next, back);
  return [next, id];
}

/** A node joined to another, or put on an edge, belongs to the same container. */
function holderOf(doc: GraphDocument, place: Omit<QuickAdd, "at">, sizes: Sizes) {
  const edge = place.edge && doc.edges.find((entry) => entry.id === place.edge);
  const neighbour = place.from?.node ?? place.into?.node ?? (edge ? edge.source : undefined);
  if (neighbour) {
    const parent = findNode(doc, neighbour)?.parentId;
    return parent === undefined ? undefined : findNode(doc, parent);
  }
  return containerAt(doc, { x: place.position.x + 20, y: place.position.y + 20 }, new Set(), containerSizes(doc, sizes));
}

/** To the right of `id`, below what stands there already. */
export function besideNode(doc: GraphDocument, id: string, sizes: Sizes): Point {
  const node = findNode(doc, id);
  if (!node) return { x: 0, y: 0 };
  const at = absolutePosition(doc, node);
  const size = nodeSize(doc, node, sizes);
  return freeSpot(doc, { x: at.x + size.width + GAP, y: at.y }, sizes);
}

/** The first place at or below `wanted` that no node covers. */
export function freeSpot(doc: GraphDocument, wanted: Point, sizes: Sizes): Point {
  const boxes = doc.nodes.map((node) => ({ ...absolutePosition(doc, node), ...nodeSize(doc, node, sizes) }));
  let spot = wanted;
  for (let tries = 0; tries < 60; tries += 1) {
    const hit = boxes.find(
      (box) =>
        spot.x < box.x + box.width + 10 &&
        spot.x + NODE_SIZE.width + 10 > box.x &&
        spot.y < box.y + box.height + 10 &&
        spot.y + NODE_SIZE.height + 10 > box.y,
    );
    if (!hit) return spot;
    spot = { x: spot.x, y: hit.y + hit.height + 30 };
  }
  return spot;
}

/** Adds a node as one undoable edit and selects it. */
export function placeNode(kind: CatalogueKind, place: Omit<QuickAdd, "at">): string {
  const { doc, sizes, edit, select } = useEditor.getState();
  const [next, id] = addAt(doc, kind, place, sizes);
  edit({ label: `Add ${kind.label}` }, () => next);
  select([id]);
  return id;
}

/** Adds after the one selected node, joined to its first free output; else at `centre`. */
export function placeNext(kind: CatalogueKind, centre: Point): string {
  const { doc, nodes, sizes } = useEditor.getState();
  const [selected] = nodes;
  const from = nodes.size === 1 && selected !== undefined ? findNode(doc, selected) : undefined;
  if (!from || kindName(from.data.kind) === "note" || kindName(kind.kind) === "note" || kind.group === "trigger") {
    return placeNode(kind, { position: freeSpot(doc, { x: centre.x - NODE_SIZE.width / 2, y: centre.y - NODE_SIZE.height / 2 }, sizes) });
  }
  const handle = freeHandle(doc, from.id);
  return placeNode(kind, { position: besideNode(doc, from.id, sizes), ...(handle === undefined ? {} : { from: { node: from.id, handle } }) });
}

/** The node's first output without an edge, the error handle never; its first output where all have one. */
export function freeHandle(doc: GraphDocument, id: string): string | undefined {
  const node = findNode(doc, id);
  if (!node) return undefined;
  const kind = useUi.getState().catalogue.get(node.data.kind);
  const handles = declaredHandles(node, kind).filter((handle) => handle !== "error");
  const used = new Set(edgesFrom(doc, id).map(sourceHandle));
  return handles.find((handle) => !used.has(handle)) ?? handles[0];
}

