/** A new node's id follows its label, until the node is stored: then its id names it in journals. */

import { findNode, type GraphDocument } from "./document";
import { freeId, idFromLabel, takenIds } from "./ids";
import { renameNode } from "./references";

/** Whether an id was made from a label, with or without a number. */
function madeFrom(id: string, label: string): boolean {
  const stem = idFromLabel(label);
  return id === stem || (id.startsWith(`${stem}_`) && /^\d+$/.test(id.slice(stem.length + 1)));
}

/** The document with the node renamed after its label, and the new id; null where the id stays. */
export function followLabel(doc: GraphDocument, saved: GraphDocument | null, id: string, before: string): [GraphDocument, string] | null {
  const node = findNode(doc, id);
  if (!node || (saved && findNode(saved, id)) || node.data.label === before || !madeFrom(id, before)) return null;
  const wanted = idFromLabel(node.data.label);
  if (wanted === "node" || madeFrom(id, node.data.label)) return null;
  const next = freeId(wanted, takenIds(doc));
  return [renameNode(doc, id, next), next];
}
