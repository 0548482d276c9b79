/** Which output handles a node has, from its kind, its data and the catalogue. */

import type { CatalogueKind } from "../api/types";
import { edgesFrom, isObject, kindName, sourceHandle, type GraphDocument, type GraphNode } from "./document";

export interface SwitchCase {
  name: string;
  equals?: unknown;
  when?: string;
}

export function switchCases(node: GraphNode): SwitchCase[] {
  const cases = node.data.config?.cases;
  if (!Array.isArray(cases)) return [];
  return (cases as unknown[])
    .filter(isObject)
    .map((entry) => ({ ...entry, name: typeof entry.name === "string" ? entry.name : "" }) as SwitchCase);
}

/** Handles that the node's data declares, in the order in which the canvas shows them. */
export function declaredHandles(node: GraphNode, kind: CatalogueKind | undefined): string[] {
  switch (kindName(node.data.kind)) {
    case "note":
      return [];
    case "switch": {
      const names = switchCases(node).map((entry) => entry.name).filter((name) => name !== "");
      return [...new Set([...names, "default", "error"])];
    }
    case "wait_event":
      return node.data.inputs?.timeout === undefined ? ["out", "error"] : ["out", "timeout", "error"];
    case "approval":
      return ["approved", "rejected", ...(node.data.inputs?.timeout === undefined ? [] : ["timeout"]), "error"];
    default:
      return kind?.handles ?? ["out", "error"];
  }
}

/** The declared handles, then those that only an edge still names: they are drawn, so that the edge can be seen. */
export function outputHandles(doc: GraphDocument, node: GraphNode, kind: CatalogueKind | undefined): string[] {
  const handles = declaredHandles(node, kind);
  const used = edgesFrom(doc, node.id).map(sourceHandle);
  return [...new Set([...handles, ...used])];
}

/** Triggers start runs and notes take no part: neither has an input. */
export function hasInput(node: GraphNode, kind: CatalogueKind | undefined): boolean {
  if (kindName(node.data.kind) === "note") return false;
  return groupOf(node, kind) !== "trigger";
}

const TRIGGERS = new Set(["manual", "webhook", "schedule"]);

export type Group = "trigger" | "control" | "pure" | "action" | "note";

export function groupOf(node: GraphNode, kind: CatalogueKind | undefined): Group {
  const name = kindName(node.data.kind);
  if (name === "note") return "note";
  if (kind) return kind.group;
  return TRIGGERS.has(name) ? "trigger" : "action";
}
