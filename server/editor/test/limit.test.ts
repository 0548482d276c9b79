import { beforeEach, describe, expect, it } from "vitest";

import { scopeOf } from "../src/expr/scope";
import { counted, keyScope, limitOf, rateOf, setLimit, setRate } from "../src/graph/limit";
import { renameNode } from "../src/graph/references";
import { useEditor } from "../src/store/editor";
import { node, orders } from "./fixtures";

describe("the limit of a workflow", () => {
  it("is set key by key, and gone once nothing is said", () => {
    const one = setLimit(orders(), "concurrency", counted("2"));
    const all = setRate(setRate(one, "starts", 10), "period", "1m");
    expect(all.limit).toEqual({ concurrency: 2, rate: { starts: 10, period: "1m" } });
    expect(rateOf(all)).toEqual({ starts: 10, period: "1m" });
    const none = setLimit(setRate(setRate(all, "starts", undefined), "period", undefined), "concurrency", undefined);
    expect("limit" in none).toBe(false);
    expect(none).toEqual(orders());
  });

  it("keeps what it does not know, and is none where it is no object", () => {
    const doc = { ...orders(), limit: { burst: 3 } };
    expect(setLimit(doc, "concurrency", 1).limit).toEqual({ burst: 3, concurrency: 1 });
    expect(limitOf({ ...orders(), limit: 7 })).toEqual({});
  });

  it("takes numbers as numbers and leaves the rest to the check", () => {
    expect([counted(" 5 "), counted(""), counted("many"), counted("1.5")]).toEqual([5, undefined, "many", "1.5"]);
  });

  it("names what starts a run, and nothing of a run", () => {
    const names = keyScope(scopeOf(orders(), "", {})).names.map(({ name }) => name);
    expect(names).toEqual(["trigger"]);
    const several = { ...orders(), nodes: [...orders().nodes, node("desk", { kind: "manual@1" })] };
    expect(keyScope(scopeOf(several, "", {})).names.map(({ name }) => name)).toEqual(["trigger", "triggers.received", "triggers.desk"]);
  });

  it("follows when a trigger is renamed", () => {
    const doc = setLimit(orders(), "key", "{{ triggers.received.who }}");
    expect(limitOf(renameNode(doc, "received", "order")).key).toBe("{{ triggers.order.who }}");
    expect("limit" in renameNode(orders(), "received", "order")).toBe(false);
  });
});

describe("an edit of the limit", () => {
  beforeEach(() => useEditor.getState().open(null, orders(), "draft"));

  it("is undone and done again, letters of one field together", () => {
    const { edit, undo, redo } = useEditor.getState();
    for (const text of ["1", "12"]) edit({ label: "Edit the limit", key: "limit concurrency" }, (doc) => setLimit(doc, "concurrency", counted(text)));
    expect(limitOf(useEditor.getState().doc)).toEqual({ concurrency: 12 });
    undo();
    expect(useEditor.getState().doc.limit).toBeUndefined();
    redo();
    expect(limitOf(useEditor.getState().doc)).toEqual({ concurrency: 12 });
  });

  it("is where its problem leads", () => {
    useEditor.getState().focusOn("look", "/inputs/url");
    useEditor.getState().focusOnWorkflow("/limit/key");
    const { nodes, focus } = useEditor.getState();
    expect([...nodes]).toEqual([]);
    expect(focus).toMatchObject({ field: "/limit/key" });
    expect(focus?.node).toBeUndefined();
  });
});
