import { describe, expect, it } from "vitest";

import { references, renameInText, segments } from "../src/expr/template";
import { findNode } from "../src/graph/document";
import { followLabel } from "../src/graph/follow";
import { referenceCount, renameNode } from "../src/graph/references";
import { node, orders } from "./fixtures";

const rename = (text: string) => renameInText(text, new Map([["a", "zebra"]]));

describe("references in a text", () => {
  it("finds dotted and bracketed ids, and nothing outside expressions", () => {
    expect(references("steps.a {{ steps.b + errors['c'].code }} {{ loops . d . item }}").map((found) => found.id)).toEqual(["b", "c", "d"]);
  });

  it("rewrites every namespace and keeps the rest of the text", () => {
    expect(rename("x {{ steps.a.b }} {{ triggers.a }}{{errors.a}} {{ loops.a.index }}")).toBe(
      "x {{ steps.zebra.b }} {{ triggers.zebra }}{{errors.zebra}} {{ loops.zebra.index }}",
    );
    expect(rename(`{{ steps["a"].b | default(steps.a) }}`)).toBe(`{{ steps["zebra"].b | default(steps.zebra) }}`);
  });

  it("leaves strings, longer ids, fields and plain text alone", () => {
    for (const text of ["{{ 'steps.a' }}", "{{ steps.ab }}", "{{ item.steps.a }}", "steps.a", "{{ a }}", "{{ mysteps.a }}"]) {
      expect(rename(text)).toBe(text);
    }
  });

  it("sees through braces and quotes inside an expression", () => {
    const text = "{{ {'k': '}}'}.k ~ steps.a }} tail";
    expect(segments(text)).toHaveLength(1);
    expect(rename(text)).toBe("{{ {'k': '}}'}.k ~ steps.zebra }} tail");
  });
});

describe("the id of a new node", () => {
  const drawn = () => ({ ...orders(), nodes: [...orders().nodes, node("http_request_2", { label: "Charge the card" }), node("user", { inputs: { a: "{{ steps.http_request_2.x }}" } })] });

  it("follows its first label, with all references", () => {
    const next = followLabel(drawn(), orders(), "http_request_2", "HTTP request");
    expect(next?.[1]).toBe("charge_the_card");
    expect(next && findNode(next[0], "user")?.data.inputs?.a).toBe("{{ steps.charge_the_card.x }}");
  });

  it("stays once it was stored, or chosen by hand", () => {
    expect(followLabel(drawn(), drawn(), "http_request_2", "HTTP request")).toBeNull();
    expect(followLabel(drawn(), orders(), "http_request_2", "Other")).toBeNull();
    expect(followLabel(drawn(), orders(), "absent", "HTTP request")).toBeNull();
  });
});

describe("renaming a node", () => {
  it("keeps the event by which others answer an approval that was stored", () => {
    const asks = (config?: { event: string }) => ({ ...orders(), nodes: [{ ...node("ask", config ? { config } : {}), data: { label: "Ask", kind: "approval@1", ...(config ? { config } : {}) } }] });
    const event = (doc: ReturnType<typeof asks>, stored: boolean) => findNode(renameNode(doc, "ask", "asked", stored), "asked")?.data.config?.event;
    expect(event(asks(), true)).toBe("ask");
    expect(event(asks({ event: "decision" }), true)).toBe("decision");
    expect(event(asks(), false)).toBeUndefined();
  });

  it("rewrites ids, edges, parents and references at any depth", () => {
    const doc = renameNode(orders(), "look", "customer");
    expect(findNode(doc, "look")).toBeUndefined();
    expect(doc.edges.map((edge) => [edge.source, edge.target])).toContainEqual(["received", "customer"]);
    expect(findNode(doc, "check")?.data.inputs?.condition).toBe("{{ steps.customer.body.ok and steps['customer'].status == 200 }}");
    expect(findNode(doc, "charge")?.data.inputs?.json).toEqual({ sku: "{{ item.sku }}", who: ["{{ steps.customer.body.id }}"] });
    expect(findNode(doc, "no")?.data.inputs?.value).toBe("{{ errors.customer.message ~ ' steps.look ' }}");
    expect(renameNode(orders(), "each", "every").nodes.find((entry) => entry.id === "charge")?.parentId).toBe("every");
  });

  it("keeps unknown keys, and nodes that name nothing as the same objects", () => {
    const before = orders();
    const after = renameNode(before, "look", "customer");
    expect(after["x-unknown"]).toEqual({ kept: true });
    expect(after.viewport).toBe(before.viewport);
    expect(findNode(after, "each")).toBe(findNode(before, "each"));
  });

  it("does not touch samples and schemas", () => {
    const doc = { ...orders(), nodes: [node("a"), node("b", { config: { sample: { t: "{{ steps.a }}" } }, inputs: { sample: "{{ steps.a }}" } })] };
    const data = findNode(renameNode(doc, "a", "c"), "b")?.data;
    expect(data?.config).toEqual({ sample: { t: "{{ steps.a }}" } });
    expect(data?.inputs).toEqual({ sample: "{{ steps.c }}" });
  });

  it("counts the nodes that use an id", () => {
    expect(referenceCount(orders(), "look")).toBe(3);
    expect(referenceCount(orders(), "done")).toBe(0);
  });
});
