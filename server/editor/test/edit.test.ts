import { describe, expect, it } from "vitest";

import { copyNodes, parseClip, pasteNodes } from "../src/graph/clipboard";
import { findNode, toDocument } from "../src/graph/document";
import { addNode, connect, connectionProblem, removeNodes, setIn, setKey, splitEdge } from "../src/graph/edit";
import { declaredHandles, outputHandles } from "../src/graph/handles";
import { freeId, idFromLabel, idProblem, slug } from "../src/graph/ids";
import { layout } from "../src/graph/layout";
import { absolutePosition, makeRoom, nodeSize, reparent } from "../src/graph/scopes";
import { edge, kind, node, orders } from "./fixtures";

describe("copy and paste", () => {
  it("gives new ids and rewrites references among the copied only", () => {
    const doc = orders();
    const [next, ids] = pasteNodes(doc, copyNodes(doc, ["each", "done"]), { offset: { x: 40, y: 40 } });
    expect(ids).toEqual(["each_2", "done_2"]);
    expect(findNode(next, "charge_2")?.parentId).toBe("each_2");
    expect(findNode(next, "charge_2")?.position).toEqual({ x: 40, y: 70 });
    expect(findNode(next, "each_2")?.position).toEqual({ x: 40, y: 40 });
    expect(findNode(next, "each_2")?.data.result).toBe("{{ steps.charge_2.body.id }}");
    // `look` was not copied, so the copy goes on reading the original.
    expect(findNode(next, "charge_2")?.data.inputs?.json).toEqual({ sku: "{{ item.sku }}", who: ["{{ steps.look.body.id }}"] });
    expect(next.edges.at(-1)).toMatchObject({ source: "each_2", target: "done_2" });
    expect(new Set(next.edges.map((entry) => entry.id)).size).toBe(next.edges.length);
  });

  it("pastes twice without a collision, and survives the clipboard's text", () => {
    const doc = orders();
    const clip = parseClip(JSON.stringify(copyNodes(doc, ["look"])));
    if (!clip) throw new Error("the clip does not parse");
    const [once] = pasteNodes(doc, clip, { offset: { x: 0, y: 0 } });
    const [twice, ids] = pasteNodes(once, clip, { offset: { x: 0, y: 0 } });
    expect(ids).toEqual(["look_3"]);
    expect(new Set(twice.nodes.map((entry) => entry.id)).size).toBe(twice.nodes.length);
    expect(parseClip("hello")).toBeNull();
    expect(parseClip('{"flowcrate":"nodes","nodes":[{"id":1}]}')).toBeNull();
  });

  it("frees a child that is copied without its container", () => {
    const doc = orders();
    const clip = copyNodes(doc, ["charge"]);
    expect(clip.nodes[0]?.parentId).toBeUndefined();
    const [next] = pasteNodes(doc, clip, { offset: { x: 0, y: 0 }, parentId: "each" });
    expect(findNode(next, "charge_2")?.parentId).toBe("each");
  });
});

describe("edits", () => {
  it("adds a node with a free id and its required defaults", () => {
    const wait = { ...kind("look@1", "action"), inputs: [{ name: "url", label: "URL", type: { type: "string" as const }, required: true, default: "https://" }] };
    const [doc, id] = addNode(orders(), { kind: wait, position: { x: 1.4, y: 2.6 } });
    expect(id).toBe("look_2");
    expect(findNode(doc, id)).toMatchObject({ type: "action", position: { x: 1, y: 3 }, data: { kind: "look@1", inputs: { url: "https://" } } });
  });

  it("removes a container with its body and every edge that would dangle", () => {
    const doc = removeNodes(orders(), ["each"]);
    expect(findNode(doc, "charge")).toBeUndefined();
    expect(doc.edges.some((entry) => entry.source === "each" || entry.target === "each")).toBe(false);
  });

  it("joins nodes once, and refuses what has no meaning", () => {
    const doc = orders();
    expect(connect(doc, { source: "received", target: "look" })).toBe(doc);
    expect(connectionProblem(doc, { source: "look", target: "look" })).toMatch(/itself/);
    expect(connectionProblem(doc, { source: "look", target: "charge" })).toMatch(/same container/);
    expect(connectionProblem(doc, { source: "look", target: "done" })).toBeNull();
  });

  it("puts a node on an edge", () => {
    const doc = splitEdge({ ...orders(), nodes: [...orders().nodes, node("mid")] }, "check-each", "mid", "out");
    expect(doc.edges.find((entry) => entry.target === "mid")).toMatchObject({ source: "check", sourceHandle: "true" });
    expect(doc.edges.find((entry) => entry.source === "mid")).toMatchObject({ target: "each", sourceHandle: "out" });
    expect(doc.edges.some((entry) => entry.id === "check-each")).toBe(false);
  });

  it("removes an emptied group of data with its last key", () => {
    const data = { label: "a", kind: "x@1", inputs: { url: "u" }, other: 1 };
    expect(setIn(data, "inputs", "url", undefined)).toEqual({ label: "a", kind: "x@1", other: 1 });
    expect(setKey(data, "inputs", undefined)).toEqual({ label: "a", kind: "x@1", other: 1 });
  });
});

describe("ids and names", () => {
  it("come from labels in any script", () => {
    expect(idFromLabel("Charge the card!")).toBe("charge_the_card");
    expect(idFromLabel("Größe 2")).toBe("gro_e_2");
    expect(idFromLabel("日本")).toBe("node");
    expect(idFromLabel("Steps")).toBe("steps_node");
    expect(slug("Order intake (v2)")).toBe("order-intake-v2");
    expect(freeId("a", new Set(["a", "a_2"]))).toBe("a_3");
  });

  it("are refused with a reason", () => {
    expect(idProblem(orders(), "look", "Look")).toMatch(/lower-case/);
    expect(idProblem(orders(), "look", "done")).toMatch(/Another/);
    expect(idProblem(orders(), "look", "look")).toBeNull();
  });
});

describe("handles", () => {
  it("follow cases and timeouts, and keep what an edge still names", () => {
    const choice = node("s", { kind: "switch@1", config: { cases: [{ name: "a", when: "{{ x }}" }, { name: "b", equals: 1 }] } });
    expect(declaredHandles(choice, undefined)).toEqual(["a", "b", "default", "error"]);
    const doc = { ...orders(), nodes: [choice, node("t")], edges: [edge("s", "t", "gone")] };
    expect(outputHandles(doc, choice, undefined)).toEqual(["a", "b", "default", "error", "gone"]);
    expect(declaredHandles(node("w", { kind: "wait_event@1" }), kind("wait_event@1", "control", ["out", "timeout", "error"]))).toEqual(["out", "error"]);
    expect(declaredHandles(node("w", { kind: "wait_event@1", inputs: { timeout: "1h" } }), undefined)).toContain("timeout");
    expect(declaredHandles(node("a", { kind: "approval@1" }), undefined)).toEqual(["approved", "rejected", "error"]);
    expect(declaredHandles(node("a", { kind: "approval@1", inputs: { timeout: "1h" } }), undefined)).toContain("timeout");
  });
});

describe("containers", () => {
  it("keep a node's place on the canvas when it moves in and out", () => {
    const doc = { ...orders(), nodes: orders().nodes.map((entry) => (entry.id === "each" ? { ...entry, position: { x: 500, y: 100 } } : entry)) };
    const charge = findNode(doc, "charge");
    if (!charge) throw new Error("no charge");
    const out = reparent(doc, "charge", undefined);
    expect(findNode(out, "charge")).toMatchObject({ position: { x: 540, y: 170 } });
    expect(findNode(out, "charge")).not.toHaveProperty("parentId");
    const back = reparent(out, "charge", "each");
    expect(absolutePosition(back, findNode(back, "charge") ?? charge)).toEqual({ x: 540, y: 170 });
  });

  it("grow with their children and shift for one above their header", () => {
    const doc = { ...orders(), nodes: orders().nodes.map((entry) => (entry.id === "charge" ? { ...entry, position: { x: -20, y: 400 } } : entry)) };
    const each = findNode(doc, "each");
    if (!each) throw new Error("no each");
    expect(nodeSize(doc, each, new Map()).height).toBeGreaterThan(476);
    const roomy = makeRoom(doc, "each");
    expect(findNode(roomy, "charge")?.position.x).toBe(36);
    expect(findNode(roomy, "each")?.position.x).toBe(-56);
  });

  it("are laid out with their bodies, left to right, without overlap", () => {
    const doc = layout(orders(), new Map());
    const x = (id: string) => findNode(doc, id)?.position.x ?? Number.NaN;
    expect(x("received")).toBeLessThan(x("look"));
    expect(x("look")).toBeLessThan(x("check"));
    expect(x("each")).toBeLessThan(x("done"));
    expect(x("done")).toBeGreaterThan(x("each") + 232);
    expect(findNode(doc, "charge")?.position).toEqual({ x: 40, y: 60 });
  });

  it("are laid out with the branches of a condition in the order of its handles", () => {
    for (const swapped of [false, true]) {
      const graph = orders();
      const edges = swapped ? [...graph.edges].reverse() : graph.edges;
      const doc = layout({ ...graph, edges }, new Map());
      const y = (id: string) => findNode(doc, id)?.position.y ?? Number.NaN;
      expect(y("each")).toBeLessThan(y("no"));
    }
  });
});

describe("reading documents", () => {
  it("keeps unknown keys and repairs what may be missing", () => {
    const doc = toDocument({ nodes: [{ id: "a", extra: 1, data: { kind: "note@1" } }], edges: [{ source: "a", target: "b" }], other: [1] });
    expect(doc).toMatchObject({ format: 1, other: [1], nodes: [{ id: "a", extra: 1, position: { x: 0, y: 0 }, data: { label: "a" } }] });
    expect(doc?.edges[0]?.id).toBe("e1");
    for (const bad of [null, [], {}, { nodes: [1] }, { nodes: [], edges: [{}] }]) expect(toDocument(bad)).toBeNull();
  });
});
