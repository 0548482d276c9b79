import { describe, expect, it } from "vitest";

import type { CatalogueField, CatalogueKind } from "../src/api/types";
import { canBeUndone, compensation, setUndoInput, undoingKinds, undoneBy, undoScope } from "../src/graph/compensate";
import { samplePayload } from "../src/graph/samples";
import { renameNode } from "../src/graph/references";
import { node, orders } from "./fixtures";

const field = (name: string, more: Partial<CatalogueField> = {}): CatalogueField => ({ name, label: name, type: { type: "string" }, required: false, expression: true, ...more });
const kind = (name: string, group: CatalogueKind["group"], inputs: CatalogueField[] = []): CatalogueKind => ({ kind: name, label: name, description: "", category: "", group, handles: ["out", "error"], inputs, config: [] });

const refund = kind("pay.refund@1", "action", [field("payment", { required: true, default: "{{ '' }}" }), field("reason")]);

describe("what undoes a step", () => {
  it("is another step, with the inputs that it needs", () => {
    expect(undoingKinds([kind("wait@1", "control"), refund]).map((one) => one.kind)).toEqual(["pay.refund@1"]);
    const data = undoneBy(node("charge", { kind: "pay.charge@1", in_doubt: "compensate" }).data, refund);
    expect(data.compensate).toEqual({ kind: "pay.refund@1", inputs: { payment: "{{ '' }}" } });
    const none = undoneBy(data, undefined);
    expect([none.compensate, none.in_doubt]).toEqual([undefined, undefined]);
    expect(canBeUndone(node("charge", { kind: "pay.charge@1" }), "action")).toBe(true);
    expect(canBeUndone(node("wait", { kind: "wait@1" }), "control")).toBe(false);
  });

  it("takes inputs one by one, and keeps what else it says", () => {
    const data = undoneBy(node("charge", { kind: "pay.charge@1" }).data, refund);
    const set = setUndoInput({ ...data, compensate: { ...compensation({ ...node("charge"), data })!, label: "Back" } }, "reason", "late");
    expect(set.compensate).toEqual({ kind: "pay.refund@1", label: "Back", inputs: { payment: "{{ '' }}", reason: "late" } });
    expect(setUndoInput(set, "reason", undefined).compensate).not.toHaveProperty("inputs.reason");
  });

  it("sees the step's own output, which one in doubt may lack", () => {
    const output = { type: "int" } as const;
    const seen = (more: object) => undoScope({ names: [] }, node("charge", { kind: "pay.charge@1", ...more }), output).names;
    expect(seen({})).toEqual([{ name: "steps.charge", type: output, from: "charge" }]);
    expect(seen({ in_doubt: "compensate" })[0]?.type).toEqual({ type: "optional", some: output });
  });

  it("follows when a node is renamed", () => {
    const doc = { ...orders(), nodes: [node("charge", { kind: "pay.charge@1", compensate: { kind: "pay.refund@1", inputs: { payment: "{{ steps.charge.id }}" } } })] };
    const renamed = renameNode(doc, "charge", "pay").nodes[0];
    expect(renamed?.data.compensate).toEqual({ kind: "pay.refund@1", inputs: { payment: "{{ steps.pay.id }}" } });
  });
});

describe("an answer to an approval", () => {
  it("stands around what its form holds", () => {
    const asked = node("ask", { kind: "approval@1", config: { sample: { budget: 5 } } });
    expect(samplePayload(asked, undefined)).toEqual({ approved: true, form: { budget: 5 } });
    expect(samplePayload(node("wait", { kind: "wait_event@1", config: { sample: 5 } }), undefined)).toBe(5);
  });
});
