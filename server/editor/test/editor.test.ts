import { beforeEach, describe, expect, it } from "vitest";

import { pasteText, copySelection, deleteSelection, duplicateSelection } from "../src/canvas/commands";
import { findNode } from "../src/graph/document";
import { moveNodes } from "../src/graph/edit";
import { renameNode } from "../src/graph/references";
import { documentToStore, isDirty, useEditor } from "../src/store/editor";
import { orders } from "./fixtures";

const state = () => useEditor.getState();
const at = (id: string) => findNode(state().doc, id)?.position;
const move = (x: number) => state().adjust((doc) => moveNodes(doc, new Map([["look", { x, y: 0 }]])));

beforeEach(() => {
  const graph = orders();
  const workflow = { id: "w1", name: "orders", revision: "r", triggers: [], created_at: "", updated_at: "", graph, diagnostics: [] };
  state().open({ workflow, etag: '"1"' }, graph, "w1");
});

describe("undo and redo", () => {
  it("take back a whole drag at once, and an edit after it on its own", () => {
    state().checkpoint("Move");
    for (const x of [10, 20, 30]) move(x);
    state().edit({ label: "Rename" }, (doc) => renameNode(doc, "look", "seen"));
    expect(at("seen")).toEqual({ x: 30, y: 0 });
    expect(state().undo()).toBe("Rename");
    expect(at("look")).toEqual({ x: 30, y: 0 });
    expect(state().undo()).toBe("Move");
    expect(at("look")).toEqual({ x: 0, y: 0 });
    expect(state().undo()).toBeNull();
    expect(state().redo()).toBe("Move");
    expect(state().redo()).toBe("Rename");
    expect(at("seen")).toEqual({ x: 30, y: 0 });
    expect(state().redo()).toBeNull();
  });

  it("join edits of one field into one step", () => {
    for (const name of ["a", "ab", "abc"]) state().edit({ label: "Type", key: "name" }, (doc) => ({ ...doc, name }));
    state().edit({ label: "Type", key: "other" }, (doc) => ({ ...doc, description: "d" }));
    expect(state().history.past).toHaveLength(2);
    state().undo();
    expect(state().doc.name).toBe("abc");
    state().undo();
    expect(state().doc.name).toBe("orders");
  });

  it("make the document clean again, and forget the future after an edit", () => {
    expect(isDirty(state())).toBe(false);
    state().edit({ label: "Type" }, (doc) => ({ ...doc, name: "x" }));
    expect(isDirty(state())).toBe(true);
    state().undo();
    expect(isDirty(state())).toBe(false);
    state().edit({ label: "Type" }, (doc) => ({ ...doc, name: "y" }));
    expect(state().redo()).toBeNull();
  });

  it("ignore an edit that changes nothing", () => {
    state().edit({ label: "Nothing" }, (doc) => doc);
    expect(state().history.past).toHaveLength(0);
  });
});

describe("the selection", () => {
  it("loses what the document lost", () => {
    state().select(["look", "done"], ["each-done"]);
    deleteSelection();
    expect([...state().nodes]).toEqual([]);
    expect([...state().edges]).toEqual([]);
    state().undo();
    expect(findNode(state().doc, "look")).toBeDefined();
  });

  it("is what was pasted or duplicated", () => {
    state().select(["look"]);
    copySelection();
    pasteText("");
    expect([...state().nodes]).toEqual(["look_2"]);
    duplicateSelection();
    expect([...state().nodes]).toEqual(["look_3"]);
    expect(state().history.past.map((moment) => moment.label)).toEqual(["Paste", "Duplicate"]);
  });

  it("is pasted into the container that it was copied from", () => {
    state().select(["charge"]);
    duplicateSelection();
    expect(findNode(state().doc, "charge_2")?.parentId).toBe("each");
  });
});

describe("what is stored", () => {
  it("holds the viewport, which is no edit", () => {
    state().setViewport({ x: 9, y: 8, zoom: 2 });
    expect(isDirty(state())).toBe(false);
    expect(documentToStore(state())).toMatchObject({ viewport: { x: 9, y: 8, zoom: 2 }, "x-unknown": { kept: true } });
  });

  it("stays unsaved where it was edited while the request was under way", () => {
    const sent = state().doc;
    state().edit({ label: "Type" }, (doc) => ({ ...doc, name: "later" }));
    const workflow = { id: "w1", name: "orders", revision: "r2", triggers: [], created_at: "", updated_at: "", graph: sent, diagnostics: [] };
    state().stored({ workflow, etag: '"2"' }, sent);
    expect(state().meta?.etag).toBe('"2"');
    expect(isDirty(state())).toBe(true);
  });
});
