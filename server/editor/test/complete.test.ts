import { describe, expect, it } from "vitest";

import type { NodeTypes, Operation, Type } from "../src/api/types";
import { completionsAt } from "../src/expr/complete";
import { valueInRun } from "../src/expr/value";
import { pathAt } from "../src/inspector/hover";
import { scopeOf, typeOfPath, upstream } from "../src/expr/scope";
import { typeText } from "../src/expr/types";
import { orders } from "./fixtures";

const record = (fields: Record<string, Type>): Type => ({ type: "record", fields });
const types: Record<string, NodeTypes> = {
  received: { output: record({ api: { type: "string" }, items: { type: "list", items: record({ sku: { type: "string" } }) } }) },
  look: { output: record({ status: { type: "int" }, body: { type: "optional", some: record({ id: { type: "string" } }) } }) },
};

const operation = (surface: Operation["surface"], name: string, operand: string, params = "", result = "string"): Operation => ({ surface, name, operand, params, result, doc: "Does." });
const operations: Operation[] = [
  operation("filter", "default", "optional<T>", "value: T"),
  operation("filter", "join", "list<string>", "separator?: string"),
  operation("filter", "upper", "string"),
  operation("filter", "length", "list<T>"),
  operation("filter", "length", "string"),
  operation("test", "odd", "int"),
  { surface: "function", name: "first_of", params: "a: T, b: T", result: "T", doc: "First." },
];

function labels(text: string, id = "charge"): string[] {
  const cursor = text.indexOf("^");
  const found = completionsAt(text.replace("^", ""), cursor, scopeOf(orders(), id, types), operations)?.options ?? [];
  return [...found].sort((a, b) => (b.boost ?? 0) - (a.boost ?? 0)).map((option) => option.label);
}

describe("completion", () => {
  it("offers fields of what runs before, through optional types and lists", () => {
    expect(labels("{{ steps.look.^ }}")).toEqual(["status", "body"]);
    expect(labels("{{ steps.look.body.^ }}")).toEqual(["id"]);
    expect(labels("{{ trigger.items[0].^ }}")).toEqual(["sku"]);
    expect(labels("x {{ 1 + trigger.a^ }}")).toEqual(["api", "items"]);
  });

  it("offers the item of the loop, by the type of its items", () => {
    expect(labels("{{ item.^ }}")).toEqual(["sku"]);
    expect(labels("{{ ^ }}")).toEqual(expect.arrayContaining(["trigger", "item", "index", "steps.look", "run.id", "first_of"]));
    expect(labels("{{ steps.^ }}")).toEqual(expect.arrayContaining(["look", "check"]));
    expect(labels("{{ steps.^ }}")).not.toContain("done");
  });

  it("offers filters after a bar, and nothing in strings or outside expressions", () => {
    expect(labels("{{ trigger.api | up^ }}")).toEqual(["default", "upper", "length", "join"]);
    expect(labels("{{ trigger.items | ^ }}").slice(0, 3)).toEqual(["default", "join", "length"]);
    expect(labels("{{ 1 + trigger.api | upper | ^ }}")).toContain("default");
    expect(labels("{{ steps.look.status is o^ }}")).toEqual(["odd"]);
    expect(labels("{{ steps.look.status is not ^ }}")).toEqual(["odd"]);
    expect(labels("trigger.^")).toEqual([]);
    expect(labels("{{ 'trigger.^' }}")).toEqual([]);
  });

  it("says what it replaces", () => {
    const text = "{{ steps.look.sta";
    expect(completionsAt(text, text.length, scopeOf(orders(), "charge", types), operations)?.from).toBe(text.length - 3);
  });
});

describe("hovering", () => {
  it("takes the path up to what is pointed at", () => {
    const text = "a {{ steps.look.body.id + 1 }}";
    expect(pathAt(text, text.indexOf("look") + 1)?.path).toBe("steps.look");
    expect(pathAt(text, text.indexOf("id"))?.path).toBe("steps.look.body.id");
    expect(pathAt(text, 0)).toBeNull();
  });

  it("finds values of the run, but none for a step inside a loop", () => {
    const run = {
      id: "r1",
      workflow: "w",
      revision: "1",
      status: "completed" as const,
      started_at: "2026-01-01T00:00:00Z",
      input: { items: [{ sku: "a" }] },
      steps: [
        { path: "look", kind: "k", status: "completed", attempts: 1, output: { body: { id: 7 } } },
        { path: "each[0]/charge", kind: "k", status: "completed", attempts: 1, output: 1 },
      ],
    };
    expect(valueInRun(run, "trigger.items[0].sku")).toBe("a");
    expect(valueInRun(run, "steps.look.body['id']")).toBe(7);
    expect(valueInRun(run, "run.id")).toBe("r1");
    expect(valueInRun(run, "steps.charge")).toBeUndefined();
    expect(valueInRun(null, "trigger")).toBeUndefined();
  });
});

describe("the scope", () => {
  it("follows edges, outwards through containers, never sideways", () => {
    expect(upstream(orders(), "charge")).toEqual(new Set(["received", "look", "check"]));
    expect(upstream(orders(), "no")).toEqual(new Set(["received", "look", "check"]));
  });

  it("lets a loop's result see its body", () => {
    const names = scopeOf(orders(), "each", types, true).names.map((name) => name.name);
    expect(names).toContain("steps.charge");
    expect(names).toContain("item");
    expect(scopeOf(orders(), "each", types).names.map((name) => name.name)).not.toContain("item");
  });

  it("types plain paths", () => {
    const scope = scopeOf(orders(), "charge", types);
    expect(typeText(typeOfPath(scope, " steps . look . body "))).toBe("{id}?");
    expect(typeOfPath(scope, "steps.look['status']")).toEqual({ type: "int" });
    expect(typeOfPath(scope, "steps.lookout")).toBeUndefined();
  });
});
