import { describe, expect, it } from "vitest";

import { applyPatch, parsePointer, PatchError, valueAt } from "../src/graph/patch";

describe("JSON Patch", () => {
  const doc = { nodes: [{ id: "a", data: { "x/y": 1 } }, { id: "b" }], edges: [] as unknown[] };

  it("adds, replaces and removes, without touching the original", () => {
    const patched = applyPatch<unknown>(doc, [
      { op: "test", path: "/nodes/0/id", value: "a" },
      { op: "add", path: "/edges/-", value: { id: "e" } },
      { op: "add", path: "/nodes/1", value: { id: "c" } },
      { op: "replace", path: "/nodes/0/data/x~1y", value: 2 },
      { op: "remove", path: "/nodes/2" },
    ]);
    expect(patched).toEqual({ nodes: [{ id: "a", data: { "x/y": 2 } }, { id: "c" }], edges: [{ id: "e" }] });
    expect(doc.nodes).toHaveLength(2);
    expect(doc.edges).toEqual([]);
  });

  it("moves and copies", () => {
    expect(applyPatch<unknown>({ a: { b: 1 }, c: [] }, [{ op: "move", from: "/a/b", path: "/c/0" }, { op: "copy", from: "/c/0", path: "/d" }])).toEqual({ a: {}, c: [1], d: 1 });
  });

  it("changes nothing where an operation does not fit", () => {
    for (const operation of [
      { op: "remove" as const, path: "/nodes/7" },
      { op: "replace" as const, path: "/missing", value: 1 },
      { op: "add" as const, path: "/nodes/9", value: 1 },
      { op: "test" as const, path: "/nodes/0/id", value: "z" },
      { op: "copy" as const, from: "/none", path: "/x" },
      { op: "add" as const, path: "nodes", value: 1 },
    ]) {
      expect(() => applyPatch(doc, [{ op: "add", path: "/edges/-", value: 1 }, operation])).toThrow(PatchError);
    }
    expect(doc.edges).toEqual([]);
  });

  it("never reaches a prototype", () => {
    const patched = applyPatch<Record<string, unknown>>({}, [{ op: "add", path: "/__proto__", value: { polluted: true } }]);
    expect(Object.getPrototypeOf(patched)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it("reads pointers", () => {
    expect(parsePointer("/a~1b/~0/0")).toEqual(["a/b", "~", "0"]);
    expect(valueAt(doc, ["nodes", "0", "id"])).toBe("a");
    expect(valueAt(doc, ["nodes", "x"])).toBeUndefined();
  });
});
