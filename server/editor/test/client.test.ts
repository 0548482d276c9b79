import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { api, ApiError, OfflineError, onConnection } from "../src/api/client";
import { orders } from "./fixtures";

const fetched = vi.fn<typeof fetch>();
const online: boolean[] = [];

function answer(body: unknown, init: ResponseInit = {}): void {
  fetched.mockResolvedValueOnce(new Response(body === undefined ? null : JSON.stringify(body), init));
}

function sent(): { url: string; method: string; headers: Headers; body: unknown } {
  const [url, init] = fetched.mock.calls.at(-1) ?? [];
  return {
    url: String(url),
    method: init?.method ?? "GET",
    headers: new Headers(init?.headers),
    body: typeof init?.body === "string" ? JSON.parse(init.body) : undefined,
  };
}

beforeEach(() => {
  vi.stubGlobal("fetch", fetched);
  online.length = 0;
  onConnection((up) => online.push(up));
});
afterEach(() => {
  fetched.mockReset();
  vi.unstubAllGlobals();
});

describe("the API client", () => {
  it("saves with If-Match and takes the new ETag", async () => {
    answer({ id: "w", graph: orders() }, { headers: { ETag: '"2"' } });
    const stored = await api.save("w/1", orders(), '"1"');
    expect(stored.etag).toBe('"2"');
    expect(sent()).toMatchObject({ url: "/api/v1/workflows/w%2F1", method: "PUT" });
    expect(sent().headers.get("If-Match")).toBe('"1"');
    expect(sent().body).toEqual(orders());
  });

  it("starts a run with an idempotency key, and names the trigger only where asked", async () => {
    answer({ id: "r" }, { status: 202 });
    await api.start("w", { a: 1 });
    expect(sent().body).toEqual({ input: { a: 1 } });
    expect(sent().headers.get("Idempotency-Key")).toMatch(/^[0-9a-f]{32}$/);
    answer({ id: "r" }, { status: 202 });
    await api.start("w", null, "hook");
    expect(sent().body).toEqual({ input: null, trigger: "hook" });
  });

  it("turns a problem into an error with its diagnostics", async () => {
    const diagnostics = [{ code: "E301", severity: "error", message: "m" }];
    answer({ title: "the graph has errors", status: 422, code: "invalid", diagnostics }, { status: 422 });
    const error = await api.create(orders()).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 422, code: "invalid", diagnostics, message: "the graph has errors" });
    expect(online).toEqual([true]);
  });

  it("survives an error page that is no JSON", async () => {
    fetched.mockResolvedValueOnce(new Response("<h1>no</h1>", { status: 500, statusText: "Server Error" }));
    await expect(api.workflows()).rejects.toMatchObject({ status: 500, message: "Server Error" });
  });

  it("tells a dead server from a refusal", async () => {
    fetched.mockRejectedValueOnce(new TypeError("fetch failed"));
    await expect(api.catalogue()).rejects.toBeInstanceOf(OfflineError);
    fetched.mockResolvedValueOnce(new Response("", { status: 502 }));
    await expect(api.catalogue()).rejects.toBeInstanceOf(OfflineError);
    expect(online).toEqual([false, false]);
  });

  it("does not take an aborted check for a dead server", async () => {
    const abort = new AbortController();
    abort.abort();
    fetched.mockRejectedValueOnce(new DOMException("aborted", "AbortError"));
    await expect(api.check(orders(), abort.signal)).rejects.toThrow("aborted");
    expect(online).toEqual([]);
  });

  it("names the exported file as the server does", async () => {
    fetched.mockResolvedValueOnce(new Response("zip", { headers: { "Content-Disposition": 'attachment; filename="order-intake.zip"' } }));
    expect((await api.exportCrate("order-intake")).filename).toBe("order-intake.zip");
  });

  it("sends an event with its key in the query", async () => {
    answer({}, { status: 202 });
    await api.sendEvent("r1", "shipped", { tracking: "x" }, "a b");
    expect(sent().url).toBe("/api/v1/runs/r1/events/shipped?key=a+b");
  });
});
