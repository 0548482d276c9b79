import { describe, expect, it } from "vitest";

import type { Type } from "../src/api/types";
import { fieldsOf, partsOf, stepInto, typeText } from "../src/expr/types";

const int: Type = { type: "int" };
const string: Type = { type: "string" };
const record = (fields: Record<string, Type>, name?: string): Type => ({ type: "record", fields, ...(name === undefined ? {} : { name }) });

const payment: Type = {
  type: "union",
  name: "Payment",
  tag: "kind",
  choices: { card: record({ cents: int, last4: string }), iban: record({ cents: int, iban: string }) },
};
const { name: _, ...unnamed } = payment as Extract<Type, { type: "union" }>;
const byForm: Type = { type: "union", choices: { number: int, text: string, list: { type: "list", items: int }, object: record({ id: string }) } };
const category: Type = {
  type: "recursive",
  defs: [record({ name: string, children: { type: "list", items: { type: "own", def: 0 } }, parent: { type: "optional", some: { type: "own", def: 0 } } }, "Category")],
};

describe("a type as text", () => {
  it("shows a tuple's elements and a union's choices", () => {
    expect(typeText({ type: "tuple", items: [string, { type: "optional", some: int }] })).toBe("tuple<string, int?>");
    expect(typeText(payment)).toBe("Payment (card | iban)");
    expect(typeText({ type: "list", items: payment })).toBe("list<Payment>");
    expect(typeText(unnamed)).toBe("{kind: card | iban}");
    expect(typeText(byForm)).toBe("int | string | list<int> | +1");
    expect(typeText({ type: "optional", some: byForm })).toBe("(int | string | list<int> | +1)?");
  });

  it("calls a recursive type by its name, within itself too", () => {
    expect(typeText(category)).toBe("Category");
    expect(typeText(stepInto(category, "children"))).toBe("list<Category>");
    const tree: Type = { type: "recursive", defs: [record({ left: { type: "optional", some: { type: "own", def: 0 } }, size: int })] };
    expect(typeText(tree)).toBe("{left, size}");
    expect(typeText({ type: "recursive", defs: [{ type: "union", choices: { number: int, list: { type: "list", items: { type: "own", def: 0 } } } }] })).toBe("int | list<itself>");
  });
});

describe("what a value is made of", () => {
  it("goes into a recursive type for as long as it is asked to", () => {
    const child = stepInto(stepInto(stepInto(category, "children"), 0), "parent");
    expect(typeText(child)).toBe("Category?");
    expect(fieldsOf(child).map(([name]) => name)).toEqual(["name", "children", "parent"]);
  });

  it("reads a union's tag and fields, optional where not all choices have them", () => {
    expect(fieldsOf(payment).map(([name, type]) => `${name}: ${typeText(type)}`)).toEqual(['kind: "card" | "iban"', "cents: int", "iban: string?", "last4: string?"]);
    expect(typeText(stepInto(payment, "last4"))).toBe("string?");
    expect(stepInto(payment, "other")).toBeUndefined();
    expect(typeText(stepInto(byForm, "id"))).toBe("string");
    expect(typeText(stepInto(byForm, 0))).toBe("int");
  });

  it("has a tuple's elements by their places", () => {
    const pair: Type = { type: "tuple", items: [string, int] };
    expect(partsOf(pair)).toEqual([
      ["[0]", string, "[0]"],
      ["[1]", int, "[1]"],
    ]);
    expect(stepInto(pair, 1)).toEqual(int);
    expect(stepInto(pair, 2)).toBeUndefined();
  });
});
