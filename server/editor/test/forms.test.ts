import { describe, expect, it } from "vitest";

import type { CatalogueField } from "../src/api/types";
import { sampleOfSchema, sampleInput } from "../src/graph/samples";
import { schemaOfSample } from "../src/graph/schema";
import { cronText } from "../src/inspector/schedule";
import { findingsIn, indexOfByte } from "../src/inspector/spans";
import { choiceValue, fieldValue, textToValue, valueToText, widgetOf } from "../src/inspector/values";
import { dialectOf } from "../src/home/import-dialog";
import { node, orders } from "./fixtures";

const field = (type: CatalogueField["type"], more: Partial<CatalogueField> = {}): CatalogueField => ({ name: "f", label: "F", type, required: false, expression: true, ...more });

describe("values as text", () => {
  it("come back as they were", () => {
    for (const value of ["text", "{{ a }}", "42", "true", '"q"', "[x", 42, true, null, { a: ["{{ b }}"] }, []]) {
      expect(textToValue(valueToText(value))).toEqual({ value });
    }
    expect(textToValue("  ")).toEqual({ value: undefined });
  });

  it("say that JSON is not finished", () => {
    expect(textToValue('{ "a": ')).toHaveProperty("problem");
    expect(textToValue("{{ a }} and {")).toEqual({ value: "{{ a }} and {" });
  });
});

describe("controls", () => {
  it("fit the type, and give way to an expression", () => {
    const method = field({ type: "enum", values: ["GET", "POST"] });
    expect(widgetOf(method, "GET")).toBe("choice");
    expect(widgetOf(method, "{{ x }}")).toBe("text");
    expect(widgetOf(method, "BREW")).toBe("text");
    expect(widgetOf(field({ type: "map", values: { type: "string" } }), undefined)).toBe("pairs");
    expect(widgetOf(field({ type: "map", values: { type: "string" } }), "{{ h }}")).toBe("value");
    expect(widgetOf(field({ type: "int" }, { expression: false }), 3)).toBe("number");
    expect(widgetOf(field({ type: "list", items: { type: "any" } }), "{{ l }}")).toBe("text");
    expect(widgetOf(field({ type: "optional", some: { type: "any" } }), { a: 1 })).toBe("value");
    const flag = field({ type: "optional", some: { type: "bool" } });
    expect(widgetOf(flag, false)).toBe("choice");
    expect(widgetOf(flag, "{{ x }}")).toBe("text");
    expect(choiceValue(flag, "false")).toBe(false);
    expect(widgetOf(field({ type: "bool" }, { required: true }), true)).toBe("text");
  });

  it("keep numbers numbers", () => {
    expect(fieldValue(field({ type: "int" }), " 5 ")).toBe(5);
    expect(fieldValue(field({ type: "int" }), "{{ n }}")).toBe("{{ n }}");
    expect(fieldValue(field({ type: "string" }), "5")).toBe("5");
    expect(fieldValue(field({ type: "string" }), "")).toBeUndefined();
  });

  it("count spans in bytes", () => {
    expect(indexOfByte("añ{{ x }}", 3)).toBe(2);
    expect(indexOfByte("😀x", 4)).toBe(2);
  });

  it("find a diagnostic's place inside JSON", () => {
    const value = { who: "{{ steps.looke.id }}", twin: ["x", "x"] };
    const at = (field: string) => findingsIn([{ code: "E", severity: "error", message: "m", field, span: { start: 3, end: 14 } }], "/inputs/json", value);
    const text = valueToText(value);
    expect(at("/inputs/json/who").map(({ from, to }) => text.slice(from, to))).toEqual(["steps.looke"]);
    expect(at("/inputs/json/twin/0")).toEqual([]);
    expect(at("/inputs/url")).toEqual([]);
  });
});

describe("samples and schemas", () => {
  it("make one from the other", () => {
    const schema = schemaOfSample({ id: "a", tags: ["x"], n: 1.5, ok: true, gone: null });
    expect(schema).toMatchObject({ type: "object", required: ["id", "tags", "n", "ok"] });
    expect(sampleOfSchema(schema)).toEqual({ id: "id-1", tags: ["text"], n: 1, ok: true, gone: null });
  });

  it("follow references, unions and recursion", () => {
    expect(sampleOfSchema({ $defs: { a: { type: "integer", minimum: 7 } }, type: "object", properties: { n: { $ref: "#/$defs/a" } } })).toEqual({ n: 7 });
    expect(sampleOfSchema({ anyOf: [{ type: "string", format: "email" }, { type: "null" }] })).toBe("ada@example.com");
    expect(JSON.stringify(sampleOfSchema({ $ref: "#" }))).toBe("null");
  });

  it("prefer what the trigger pins", () => {
    expect(sampleInput(node("t", { config: { sample: [1] } }), undefined)).toEqual([1]);
    expect(sampleInput(node("t"), { type: "record", fields: { a: { type: "duration" } } })).toEqual({ a: "30s" });
    expect(sampleInput(undefined, undefined)).toEqual({});
  });
});

describe("schedules", () => {
  it("are read out in plain words, or not at all", () => {
    expect(cronText("*/15 * * * *")).toBe("Every 15 minutes");
    expect(cronText("5 14 * * 1-5")).toBe("Weekdays at 14:05");
    expect(cronText("0 8 * * 3")).toBe("Wednesdays at 08:00");
    expect(cronText("0 8 1-7 * 1")).toBeNull();
    expect(cronText("nonsense")).toBeNull();
  });
});

describe("imports", () => {
  it("tell our dialect from the other", () => {
    expect(dialectOf(orders())).toBe("flowcrate");
    expect(dialectOf({ nodes: [{ id: "a", data: { config: { actionType: "x" } } }], edges: [] })).toBe("vercel");
    expect(dialectOf({ steps: [] })).toBeNull();
  });
});
