/** The server's HTTP API, typed. Every failure is an `ApiError` (the server's answer) or an `OfflineError` (none). */

import type { GraphDocument, Json } from "../graph/document";
import type {
  Catalogue,
  CheckResult,
  Diagnostic,
  Imported,
  Page,
  Problem,
  Run,
  Stored,
  Workflow,
  WorkflowSummary,
} from "./types";

const BASE = "/api/v1";

export class ApiError extends Error {
  readonly status: number;
  readonly code: string | undefined;
  readonly diagnostics: Diagnostic[];

  constructor(problem: Problem) {
    super(problem.detail || problem.title);
    this.status = problem.status;
    this.code = problem.code;
    this.diagnostics = problem.diagnostics ?? [];
  }
}

export class OfflineError extends Error {
  constructor() {
    super("The server does not answer.");
  }
}

type Listener = (online: boolean) => void;
let listener: Listener = () => undefined;

/** Called after each request: whether the server answered. */
export function onConnection(next: Listener): void {
  listener = next;
}

export async function send(path: string, init?: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch (cause) {
    if (init?.signal?.aborted) throw cause;
    listener(false);
    throw new OfflineError();
  }
  // A proxy in front of a dead server answers for it.
  if (response.status === 502 || response.status === 504) {
    listener(false);
    throw new OfflineError();
  }
  listener(true);
  if (!response.ok) throw new ApiError(await problemOf(response));
  return response;
}

async function problemOf(response: Response): Promise<Problem> {
  const fallback = { title: response.statusText || `HTTP ${response.status}`, status: response.status };
  try {
    const body = (await response.json()) as Partial<Problem>;
    return { ...fallback, ...body, status: response.status };
  } catch {
    return fallback;
  }
}

export function json(method: string, body: unknown, headers: Record<string, string> = {}): RequestInit {
  return { method, headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(body) };
}

async function stored(response: Response): Promise<Stored> {
  return { workflow: (await response.json()) as Workflow, etag: response.headers.get("ETag") ?? "*" };
}

const at = encodeURIComponent;

/** Not `crypto.randomUUID`: that one is missing on a page served over plain HTTP from another host. */
function randomKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export const api = {
  async healthy(): Promise<boolean> {
    return send("/healthz").then(
      () => true,
      () => false,
    );
  },

  async workflows(cursor?: string): Promise<Page<WorkflowSummary>> {
    const query = new URLSearchParams({ limit: "100", ...(cursor ? { cursor } : {}) });
    return (await send(`${BASE}/workflows?${query}`)).json() as Promise<Page<WorkflowSummary>>;
  },

  async workflow(id: string): Promise<Stored> {
    return stored(await send(`${BASE}/workflows/${at(id)}`));
  },

  async create(graph: GraphDocument): Promise<Stored> {
    return stored(await send(`${BASE}/workflows`, json("POST", graph)));
  },

  async save(id: string, graph: GraphDocument, etag: string): Promise<Stored> {
    return stored(await send(`${BASE}/workflows/${at(id)}`, json("PUT", graph, { "If-Match": etag })));
  },

  async remove(id: string, etag = "*"): Promise<void> {
    await send(`${BASE}/workflows/${at(id)}`, { method: "DELETE", headers: { "If-Match": etag } });
  },

  async check(graph: GraphDocument, signal?: AbortSignal): Promise<CheckResult> {
    const init = json("POST", graph);
    return (await send(`${BASE}/check`, signal ? { ...init, signal } : init)).json() as Promise<CheckResult>;
  },

  async catalogue(): Promise<Catalogue> {
    return (await send(`${BASE}/catalogue`)).json() as Promise<Catalogue>;
  },

  async importVercel(source: string, name: string): Promise<Imported> {
    const query = name ? `?name=${at(name)}` : "";
    const init = { method: "POST", headers: { "Content-Type": "application/json" }, body: source };
    return (await send(`${BASE}/import/vercel${query}`, init)).json() as Promise<Imported>;
  },

  /** The crate as a zip, with the file name that the server proposes. */
  async exportCrate(id: string): Promise<{ blob: Blob; filename: string }> {
    const response = await send(`${BASE}/workflows/${at(id)}/export`);
    const disposition = response.headers.get("Content-Disposition") ?? "";
    const filename = /filename="?([^";]+)"?/.exec(disposition)?.[1] ?? "crate.zip";
    return { blob: await response.blob(), filename };
  },

  async start(id: string, input: Json, trigger?: string): Promise<Run> {
    const body = trigger === undefined ? { input } : { input, trigger };
    const init = json("POST", body, { "Idempotency-Key": randomKey() });
    return (await send(`${BASE}/workflows/${at(id)}/runs`, init)).json() as Promise<Run>;
  },

  async runs(workflow: string, cursor?: string): Promise<Page<Run>> {
    const query = cursor ? `?${new URLSearchParams({ cursor })}` : "";
    return (await send(`${BASE}/workflows/${at(workflow)}/runs${query}`)).json() as Promise<Page<Run>>;
  },

  async run(id: string): Promise<Run> {
    return (await send(`${BASE}/runs/${at(id)}`)).json() as Promise<Run>;
  },

  /** Asks something of a run; the answer comes as soon as the request is durable. */
  async ask(id: string, what: "cancel" | "terminate" | "pause" | "resume"): Promise<void> {
    await send(`${BASE}/runs/${at(id)}/${what}`, { method: "POST" });
  },

  async sendEvent(id: string, name: string, payload: Json, key?: string): Promise<void> {
    const query = key ? `?${new URLSearchParams({ key })}` : "";
    const headers = { "Idempotency-Key": randomKey() };
    await send(`${BASE}/runs/${at(id)}/events/${at(name)}${query}`, json("POST", payload, headers));
  },

  async diagnosticPage(code: string): Promise<string> {
    return (await send(`${BASE}/diagnostics/${at(code)}`)).text();
  },
};

/** One line about any failure, for a toast. */
export function describeError(error: unknown): string {
  if (error instanceof ApiError || error instanceof OfflineError) return error.message;
  return error instanceof Error ? error.message : String(error);
}
