/** Node ids: `[a-z][a-z0-9_]*`, unique in the graph, readable in an expression. */

import type { GraphDocument } from "./document";

const RESERVED = new Set(["trigger", "triggers", "steps", "errors", "loops", "item", "index", "run", "vars"]);

export const ID_PATTERN = /^[a-z][a-z0-9_]*$/;
export const NAME_PATTERN = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** An id that a label suggests: "Charge the card" gives `charge_the_card`. */
export function idFromLabel(label: string): string {
  const ascii = label
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^[_0-9]+|_+$/g, "")
    .slice(0, 40)
    .replace(/_+$/, "");
  if (!ascii) return "node";
  return RESERVED.has(ascii) ? `${ascii}_node` : ascii;
}

/** `wanted`, or `wanted_2`, `wanted_3`, … where it is taken. */
export function freeId(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted;
  const stem = wanted.replace(/_\d+$/, "");
  for (let number = 2; ; number += 1) {
    const id = `${stem}_${number}`;
    if (!taken.has(id)) return id;
  }
}

export function takenIds(doc: GraphDocument): Set<string> {
  return new Set(doc.nodes.map((node) => node.id));
}

export function freeEdgeId(doc: GraphDocument, source: string, handle: string, target: string): string {
  const taken = new Set(doc.edges.map((edge) => edge.id));
  return freeId(`${source}_${handle}_${target}`.replace(/[^A-Za-z0-9_]+/g, "_"), taken);
}

/** A workflow's name from any text: "Order intake!" gives `order-intake`. */
export function slug(text: string): string {
  return idFromLabel(text).replace(/_+/g, "-");
}

/** Why `id` cannot name the node `current`, or null. */
export function idProblem(doc: GraphDocument, current: string, id: string): string | null {
  if (id === current) return null;
  if (!ID_PATTERN.test(id)) return "Use lower-case letters, digits and _, starting with a letter.";
  if (takenIds(doc).has(id)) return "Another node has this id.";
  return null;
}
