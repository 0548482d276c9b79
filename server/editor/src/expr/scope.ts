/** What an expression of a node may name, with types: from the graph's edges and the server's types. */

import type { NodeTypes, Type } from "../api/types";
import { edgesFrom, edgesInto, findNode, hasRegions, isContainer, kindName, sourceHandle, type GraphDocument, type GraphNode } from "../graph/document";
import { groupOf } from "../graph/handles";
import { ancestors } from "../graph/scopes";
import { segments } from "./template";
import { FAILURE, stepInto } from "./types";

export interface Name {
  name: string;
  type: Type | undefined;
  /** The label of the node that it comes from. */
  from?: string;
}

/** Roots of expressions: `trigger`, `steps.charge`, `item`, … */
export interface Scope {
  names: Name[];
}

type Types = Readonly<Record<string, NodeTypes>>;

/** Everything that runs before `id`: along edges, and outwards through its containers. */
export function upstream(doc: GraphDocument, id: string): Set<string> {
  const found = new Set<string>();
  const queue = [id, ...ancestors(doc, id)];
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    for (const edge of edgesInto(doc, at)) {
      if (found.has(edge.source)) continue;
      found.add(edge.source);
      queue.push(edge.source);
    }
  }
  found.delete(id);
  return found;
}

/** The names for the expressions of a node; `inside` for a loop's own `result`, which sees its children. */
export function scopeOf(doc: GraphDocument, id: string, types: Types, inside = false): Scope {
  const before = upstream(doc, id);
  const node = findNode(doc, id);
  if (inside) for (const child of doc.nodes) if (child.parentId === id) before.add(child.id);
  const triggers = doc.nodes.filter((entry) => groupOf(entry, undefined) === "trigger");
  const names: Name[] = [];
  const reachable = triggers.filter((trigger) => before.has(trigger.id));
  const [only] = reachable.length === 1 ? reachable : triggers.length === 1 ? triggers : [];
  names.push({ name: "trigger", type: only && types[only.id]?.output, ...(only ? { from: only.data.label } : {}) });
  if (triggers.length > 1) {
    for (const trigger of triggers) names.push(named("triggers", trigger, optional(types[trigger.id]?.output)));
  }
  const loops = [...(inside && node && isContainer(node) ? [id] : []), ...ancestors(doc, id)];
  names.push(...loopNames(doc, loops, types));
  for (const entry of doc.nodes) {
    if (before.has(entry.id) && groupOf(entry, undefined) !== "trigger") names.push(named("steps", entry, types[entry.id]?.output));
  }
  for (const source of failing(doc, before)) names.push(named("errors", source, FAILURE));
  names.push({ name: "run.id", type: { type: "string" } }, { name: "run.started_at", type: { type: "timestamp" } });
  return { names };
}

function named(namespace: string, node: GraphNode, type: Type | undefined): Name {
  return { name: `${namespace}.${node.id}`, type, from: node.data.label };
}

function optional(type: Type | undefined): Type | undefined {
  return type && type.type !== "any" && type.type !== "optional" ? { type: "optional", some: type } : type;
}

function failing(doc: GraphDocument, before: ReadonlySet<string>): GraphNode[] {
  return doc.nodes.filter(
    (node) =>
      before.has(node.id) &&
      (node.data.on_error === "continue" || edgesFrom(doc, node.id).some((edge) => sourceHandle(edge) === "error")),
  );
}

function loopNames(doc: GraphDocument, loops: string[], types: Types): Name[] {
  return loops.flatMap((loop, depth): Name[] => {
    const node = findNode(doc, loop);
    if (!node || hasRegions(node)) return [];
    if (kindName(node.data.kind) === "while") {
      return [
        { name: `loops.${loop}.state`, type: types[loop]?.output, from: node.data.label },
        { name: `loops.${loop}.index`, type: { type: "int" }, from: node.data.label },
      ];
    }
    const item = itemType(doc, node, types);
    const outer: Name[] = [
      { name: `loops.${loop}.item`, type: item, from: node.data.label },
      { name: `loops.${loop}.index`, type: { type: "int" }, from: node.data.label },
    ];
    if (depth > 0) return outer;
    return [
      { name: "item", type: item, from: node.data.label },
      { name: "index", type: { type: "int" }, from: node.data.label },
    ];
  });
}

/** The element type of a loop whose `items` is a plain path; others stay unknown here. */
function itemType(doc: GraphDocument, loop: GraphNode, types: Types): Type | undefined {
  const items = loop.data.inputs?.items;
  if (typeof items !== "string") return undefined;
  const [segment] = segments(items);
  if (!segment) return undefined;
  const list = typeOfPath(scopeOf(doc, loop.id, types), items.slice(segment.innerStart, segment.innerEnd));
  return stepInto(list, 0);
}

const STEP = /^(?:\.([A-Za-z_]\w*)|\[(\d+)\]|\["([^"\\]*)"\]|\['([^'\\]*)'\])/;

/** The type of a plain path such as `steps.charge.body.items[0]`, or undefined. */
export function typeOfPath(scope: Scope, text: string): Type | undefined {
  const path = text.replace(/\s+/g, "");
  const root = scope.names
    .filter(({ name }) => path === name || (path.startsWith(name) && /[.[]/.test(path.charAt(name.length))))
    .sort((a, b) => b.name.length - a.name.length)[0];
  if (!root) return undefined;
  let type = root.type;
  let rest = path.slice(root.name.length);
  while (rest !== "") {
    const step = STEP.exec(rest);
    if (!step) return undefined;
    type = stepInto(type, step[2] === undefined ? (step[1] ?? step[3] ?? step[4] ?? "") : Number(step[2]));
    rest = rest.slice(step[0].length);
  }
  return type;
}
