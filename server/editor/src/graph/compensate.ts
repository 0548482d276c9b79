/** What undoes a step: an action with inputs, kept in `data.compensate`. */

import type { CatalogueKind, Type } from "../api/types";
import type { Scope } from "../expr/scope";
import { isObject, kindName, type GraphNode, type Json, type JsonObject, type NodeData } from "./document";
import { setKey } from "./edit";
import type { Group } from "./handles";

/** What undoes the node, if something does. */
export function compensation(node: GraphNode): JsonObject | undefined {
  const value = node.data.compensate;
  return isObject(value) ? (value as JsonObject) : undefined;
}

/** The kinds by which a step can be undone: steps, too. */
export function undoingKinds(kinds: Iterable<CatalogueKind>): CatalogueKind[] {
  return [...kinds].filter((kind) => kind.group === "action");
}

/** Whether a node has an effect that could be undone. */
export function canBeUndone(node: GraphNode, group: Group): boolean {
  return group === "action" || kindName(node.data.kind) === "custom";
}

/** Undoes by another kind, whose inputs begin anew; by none without one. */
export function undoneBy(data: NodeData, kind: CatalogueKind | undefined): NodeData {
  if (kind === undefined) return setKey(setKey(data, "compensate", undefined), "in_doubt", undefined);
  const required = kind.inputs.filter((field) => field.required && field.default !== undefined && field.default !== null);
  const inputs = Object.fromEntries(required.map((field) => [field.name, field.default as Json]));
  return setKey(data, "compensate", { kind: kind.kind, ...(required.length > 0 ? { inputs } : {}) });
}

/** Sets a key of what undoes the node; undefined removes it. */
export function setInUndo(data: NodeData, key: string, value: Json | undefined): NodeData {
  const { [key]: _old, ...rest } = isObject(data.compensate) ? (data.compensate as JsonObject) : {};
  return setKey(data, "compensate", value === undefined ? rest : { ...rest, [key]: value });
}

/** Sets one input of what undoes the node. */
export function setUndoInput(data: NodeData, name: string, value: Json | undefined): NodeData {
  const before = isObject(data.compensate) && isObject(data.compensate.inputs) ? (data.compensate.inputs as JsonObject) : {};
  const { [name]: _old, ...rest } = before;
  return setInUndo(data, "inputs", value === undefined ? rest : { ...rest, [name]: value });
}

/** What its inputs may name: what the node sees, and the node's own output, which one in doubt lacks. */
export function undoScope(scope: Scope, node: GraphNode, output: Type | undefined): Scope {
  const doubt = node.data.in_doubt === "compensate" && output && output.type !== "any" && output.type !== "optional";
  const type: Type | undefined = doubt ? { type: "optional", some: output } : output;
  return { names: [...scope.names, { name: `steps.${node.id}`, type, from: node.data.label }] };
}
