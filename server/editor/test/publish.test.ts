import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { registry, type Preview } from "../src/api/registry";
import { chosen, loadPreview, mayPublish, publish, rename, usePublish } from "../src/publish/state";
import { useCheck } from "../src/store/check";
import { useEditor } from "../src/store/editor";
import { useUi } from "../src/store/ui";
import { orders } from "./fixtures";

const fetched = vi.fn<typeof fetch>();

function preview(more: Partial<Preview> = {}): Preview {
  const choices: Preview["choices"] = [
    { bump: "minor", version: "1.1.0" },
    { bump: "major", version: "2.0.0" },
  ];
  return { crate: "orders", latest: "1.0.0", unchanged: false, refusals: [], license: null, choices, changes: [], survives: true, upgrade: null, ...more };
}

function answer(body: unknown, status = 200, headers: Record<string, string> = {}): void {
  fetched.mockResolvedValueOnce(new Response(JSON.stringify(body), { status, headers }));
}

function requests(): string[] {
  return fetched.mock.calls.map(([url, init]) => `${init?.method ?? "GET"} ${String(url)}`);
}

beforeEach(() => {
  vi.stubGlobal("fetch", fetched);
  const doc = orders();
  const workflow = { id: "w", name: "orders", revision: "r", triggers: [], created_at: "", updated_at: "", graph: doc, diagnostics: [] };
  useEditor.getState().open({ workflow, etag: '"w.1"' }, doc, "w");
  useCheck.setState({ diagnostics: [] });
  usePublish.setState({ stage: { at: "loading" }, wish: null, note: "", license: null, published: null });
  sessionStorage.clear();
});
afterEach(() => {
  fetched.mockReset();
  vi.unstubAllGlobals();
});

describe("the version", () => {
  it("is the least that is permitted, and may be raised", () => {
    expect(chosen(preview(), null)?.version).toBe("1.1.0");
    expect(chosen(preview(), "major")?.version).toBe("2.0.0");
    expect(chosen(preview(), "patch")?.version).toBe("1.1.0");
    const first = preview({ latest: null, choices: [{ bump: null, version: "1.0.0" }] });
    expect(chosen(first, "major")?.version).toBe("1.0.0");
  });

  it("is not published where nothing changed or something forbids it", () => {
    expect(mayPublish(preview(), null)).toBe(true);
    expect(mayPublish(preview({ unchanged: true }), null)).toBe(false);
    expect(mayPublish(preview({ refusals: [{ code: "crate_name", detail: "no" }] }), null)).toBe(false);
  });

  it("is another one where the licence is", () => {
    const same = preview({ unchanged: true, license: "MIT" });
    expect(mayPublish(same, "MIT ")).toBe(false);
    expect(mayPublish(same, "Apache-2.0")).toBe(true);
    expect(mayPublish(same, "")).toBe(true);
    expect(mayPublish(preview({ unchanged: true }), "")).toBe(false);
  });
});

describe("publishing", () => {
  async function ready(): Promise<void> {
    answer(preview(), 200, { ETag: '"w.1.1.0.0"' });
    answer({ name: "orders", releases: [] });
    await loadPreview();
  }

  it("sends what the preview showed, and only that", async () => {
    await ready();
    usePublish.setState({ wish: "major", note: " New. " });
    answer({ crate: "orders", version: "2.0.0", fresh: true }, 201);
    await publish();
    const [url, init] = fetched.mock.calls.at(-1) ?? [];
    expect(url).toBe("/api/v1/workflows/w/publish");
    expect(new Headers(init?.headers).get("If-Match")).toBe('"w.1.1.0.0"');
    expect(JSON.parse(String(init?.body))).toEqual({ bump: "major", note: "New.", license: null });
    expect(usePublish.getState().stage.at).toBe("done");
  });

  it("shows what would be published now where the workflow changed meanwhile", async () => {
    await ready();
    usePublish.setState({ note: "kept" });
    answer({ title: "stale", status: 412, code: "stale" }, 412);
    answer(preview(), 200, { ETag: '"w.2.1.0.0"' });
    answer({ name: "orders", releases: [] });
    await publish();
    const { stage, note } = usePublish.getState();
    expect(stage).toMatchObject({ at: "ready", etag: '"w.2.1.0.0"' });
    expect(stage.at === "ready" && stage.problem).toMatch(/changed meanwhile/);
    expect(note).toBe("kept");
  });

  it("asks for a token where one is wanted", async () => {
    await ready();
    answer({ title: "no", status: 401, code: "token", detail: "this needs a token" }, 401);
    await publish();
    expect(usePublish.getState().stage).toEqual({ at: "token", why: "this needs a token", then: "publish" });
  });

  it("saves first what is unsaved, and does not ask about a drawing with errors", async () => {
    useEditor.getState().edit({ label: "x" }, (doc) => ({ ...doc, description: "other" }));
    useCheck.setState({ diagnostics: [{ code: "E201", severity: "error", message: "no" }] });
    await loadPreview();
    expect(usePublish.getState().stage.at).toBe("faulty");
    expect(fetched).not.toHaveBeenCalled();
    useCheck.setState({ diagnostics: [] });
    const { doc } = useEditor.getState();
    answer({ id: "w", name: "orders", graph: doc }, 200, { ETag: '"w.2"' });
    await ready();
    expect(requests()[0]).toBe("PUT /api/v1/workflows/w");
    expect(requests()[1]).toBe("GET /api/v1/workflows/w/publish");
  });

  it("leaves the place to the question what to do where someone else saved", async () => {
    useEditor.getState().edit({ label: "x" }, (doc) => ({ ...doc, description: "other" }));
    answer({ title: "stale", status: 412 }, 412);
    await loadPreview();
    expect(useUi.getState().dialog).toBe("conflict");
  });

  it("renames the workflow in one step that can be undone", async () => {
    answer({ id: "w", name: "orders-2", graph: orders() }, 200, { ETag: '"w.2"' });
    answer(preview({ crate: "orders-2", latest: null }));
    await rename("orders-2");
    expect(useEditor.getState().doc.name).toBe("orders-2");
    expect(useEditor.getState().undo()).toBe("Rename the workflow");
    expect(useEditor.getState().doc.name).toBe("orders");
  });

  it("sends the token of this tab", async () => {
    sessionStorage.setItem("flowcrate.token", "flowcrate_1");
    answer({ items: [] });
    await registry.crates("a b");
    const [url, init] = fetched.mock.calls[0] ?? [];
    expect(url).toBe("/api/v1/registry/crates?limit=50&q=a+b");
    expect(new Headers(init?.headers).get("Authorization")).toBe("Bearer flowcrate_1");
  });
});
