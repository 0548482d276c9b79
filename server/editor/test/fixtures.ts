import type { CatalogueKind } from "../src/api/types";
import type { GraphDocument, GraphNode, NodeData } from "../src/graph/document";

export function node(id: string, data: Partial<NodeData> = {}, more: Partial<GraphNode> = {}): GraphNode {
  return { id, type: "action", position: { x: 0, y: 0 }, data: { label: id, kind: "http.request@1", ...data }, ...more };
}

export function edge(source: string, target: string, sourceHandle?: string) {
  return { id: `${source}-${target}`, source, target, ...(sourceHandle === undefined ? {} : { sourceHandle }) };
}

/** webhook -> look -> check -(true)-> each(charge) -> done, check -(false)-> no. */
export function orders(): GraphDocument {
  return {
    format: 1,
    name: "orders",
    "x-unknown": { kept: true },
    nodes: [
      node("received", { kind: "webhook@1" }),
      node("look", { inputs: { url: "{{ trigger.api }}/look" } }),
      node("check", { kind: "condition@1", inputs: { condition: "{{ steps.look.body.ok and steps['look'].status == 200 }}" } }),
      node("each", { kind: "for_each@1", inputs: { items: "{{ trigger.items }}" }, result: "{{ steps.charge.body.id }}" }),
      node("charge", { inputs: { json: { sku: "{{ item.sku }}", who: ["{{ steps.look.body.id }}"] } } }, { parentId: "each", position: { x: 40, y: 70 } }),
      node("done", { kind: "return@1", inputs: { value: { all: "{{ steps.each }}", said: "steps.look is not an expression" } } }),
      node("no", { kind: "return@1", inputs: { value: "{{ errors.look.message ~ ' steps.look ' }}" } }),
    ],
    edges: [edge("received", "look"), edge("look", "check"), edge("check", "each", "true"), edge("each", "done"), edge("check", "no", "false")],
    viewport: { x: 1, y: 2, zoom: 0.5 },
  };
}

export function kind(name: string, group: CatalogueKind["group"], handles = ["out", "error"]): CatalogueKind {
  return { kind: name, label: name.split("@")[0] ?? name, description: "", category: "", group, handles, inputs: [], config: [] };
}
