// A stand-in for the server, by the contract of its HTTP API: for work on the editor alone.
//   node mock/server.mjs [port] [folder of graphs]
import { createHash, randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";

import { KINDS } from "./catalogue.mjs";
import { check } from "./check.mjs";
import { advance, view } from "./run.mjs";

const port = Number(process.argv[2] ?? 7700);
const folder = process.argv[3];
const dist = new URL("../dist/", import.meta.url).pathname;
const kinds = new Map(KINDS.map((kind) => [kind.kind, kind]));
const workflows = new Map();
const runs = new Map();

const revision = (graph) => createHash("sha256").update(JSON.stringify([graph.nodes, graph.edges])).digest("hex").slice(0, 16);
const find = (key) => workflows.get(key) ?? [...workflows.values()].find((entry) => entry.graph.name === key);
const now = () => new Date().toISOString();

class Problem extends Error {
  constructor(status, title, more = {}) {
    super(title);
    this.body = { type: "about:blank", title, status, ...more };
  }
}

function summary(entry) {
  const { graph } = entry;
  const triggers = graph.nodes.filter((node) => kinds.get(node.data.kind)?.group === "trigger").map((node) => ({
    id: node.id,
    kind: node.data.kind,
    ...(node.data.kind === "webhook@1" ? { path: node.data.config?.path ?? graph.name } : {}),
  }));
  return { id: entry.id, name: graph.name, description: graph.description ?? "", revision: revision(graph), triggers, created_at: entry.created_at, updated_at: entry.updated_at };
}

function store(graph, entry) {
  const { diagnostics } = check(graph, kinds);
  if (diagnostics.some((found) => found.severity === "error")) throw new Problem(422, "the graph has errors", { diagnostics });
  const other = find(graph.name);
  if (other && other !== entry) throw new Problem(409, `a workflow named ${graph.name} exists`, { code: "name_taken" });
  const kept = { id: entry?.id ?? randomUUID(), graph, created_at: entry?.created_at ?? now(), updated_at: now(), etag: `"${randomUUID()}"`, diagnostics };
  workflows.set(kept.id, kept);
  return kept;
}

const full = (entry) => ({ ...summary(entry), graph: entry.graph, diagnostics: entry.diagnostics });

function needMatch(request, entry) {
  const match = request.headers["if-match"];
  if (!match) throw new Problem(428, "If-Match is required");
  if (match !== "*" && match !== entry.etag) throw new Problem(412, "the workflow has changed");
}

const routes = [
  ["GET", /^\/healthz$/, () => [200, { status: "ok" }]],
  ["GET", /^\/api\/v1\/catalogue$/, () => [200, { kinds: KINDS }]],
  ["POST", /^\/api\/v1\/check$/, ({ body }) => [200, check(body, kinds)]],
  ["GET", /^\/api\/v1\/workflows$/, () => [200, { items: [...workflows.values()].map(summary), next_cursor: null }]],
  ["POST", /^\/api\/v1\/workflows$/, ({ body }) => { const entry = store(body); return [201, full(entry), { ETag: entry.etag }]; }],
  ["GET", /^\/api\/v1\/workflows\/([^/]+)$/, ({ entry }) => [200, full(entry), { ETag: entry.etag }]],
  ["PUT", /^\/api\/v1\/workflows\/([^/]+)$/, ({ entry, body, request }) => { needMatch(request, entry); const next = store(body, entry); return [200, full(next), { ETag: next.etag }]; }],
  ["DELETE", /^\/api\/v1\/workflows\/([^/]+)$/, ({ entry, request }) => { needMatch(request, entry); workflows.delete(entry.id); return [204]; }],
  ["GET", /^\/api\/v1\/workflows\/([^/]+)\/export$/, ({ entry }) => [200, Buffer.from("UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==", "base64"), { "Content-Type": "application/zip", "Content-Disposition": `attachment; filename="${entry.graph.name}.zip"` }]],
  ["POST", /^\/api\/v1\/workflows\/([^/]+)\/runs$/, ({ entry, body }) => {
    const run = { id: randomUUID(), workflow_id: entry.id, workflow: entry.graph.name, revision: revision(entry.graph), status: "running", input: body.input, output: null, error: null, started_at: now(), ended_at: null, waiting_for: [], steps: [], graph: entry.graph, watchers: new Set() };
    runs.set(run.id, run);
    void advance(run);
    return [202, view(run)];
  }],
  ["GET", /^\/api\/v1\/workflows\/([^/]+)\/runs$/, ({ entry }) => [200, { items: [...runs.values()].filter((run) => run.workflow_id === entry.id).reverse().map(view), next_cursor: null }]],
  ["GET", /^\/api\/v1\/runs\/([^/]+)$/, ({ run }) => [200, view(run)]],
  ["POST", /^\/api\/v1\/runs\/([^/]+)\/cancel$/, ({ run }) => { run.cancel?.(); return [202, view(run)]; }],
  ["POST", /^\/api\/v1\/runs\/([^/]+)\/events\/([^/]+)$/, ({ run, body, match }) => { run.event?.(match[2], body); return [202, {}]; }],
  ["POST", /^\/api\/v1\/import\/vercel$/, ({ body }) => [200, { graph: { format: 1, name: body.name ?? "imported", nodes: [], edges: [] }, diagnostics: [] }]],
];

function answer(request, url, body) {
  for (const [method, pattern, handler] of routes) {
    const match = method === request.method && pattern.exec(url.pathname);
    if (!match) continue;
    const key = match[1] && decodeURIComponent(match[1]);
    const ofRun = url.pathname.startsWith("/api/v1/runs/");
    const entry = key && !ofRun ? find(key) : undefined;
    const run = key && ofRun ? runs.get(key) : undefined;
    if (key && !entry && !run) throw new Problem(404, ofRun ? "no such run" : "no such workflow");
    return handler({ request, body, match, entry, run });
  }
  throw new Problem(404, "not found");
}

function watch(run, response) {
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
  const send = () => {
    response.write(`event: run\ndata: ${JSON.stringify(view(run))}\n\n`);
    if (run.ended_at) { run.watchers.delete(send); response.end(); }
  };
  run.watchers.add(send);
  response.on("close", () => run.watchers.delete(send));
  send();
}

const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2" };

function serveFile(url, response) {
  const path = join(dist, url.pathname);
  const file = extname(path) && existsSync(path) ? path : join(dist, "index.html");
  response.writeHead(200, { "Content-Type": TYPES[extname(file)] ?? "application/octet-stream" });
  response.end(readFileSync(file));
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, "http://localhost");
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const watched = /^\/api\/v1\/runs\/([^/]+)\/watch$/.exec(url.pathname);
  if (watched && runs.has(watched[1])) return watch(runs.get(watched[1]), response);
  if (!url.pathname.startsWith("/api/") && url.pathname !== "/healthz") return serveFile(url, response);
  try {
    const text = Buffer.concat(chunks).toString();
    const [status, body, headers = {}] = answer(request, url, text ? JSON.parse(text) : undefined);
    response.writeHead(status, { "Content-Type": "application/json", ...headers });
    response.end(Buffer.isBuffer(body) ? body : body === undefined ? undefined : JSON.stringify(body));
  } catch (error) {
    const body = error instanceof Problem ? error.body : { title: String(error), status: 500 };
    response.writeHead(body.status, { "Content-Type": "application/problem+json" });
    response.end(JSON.stringify(body));
  }
});

if (folder) {
  for (const name of readdirSync(folder).sort()) {
    if (name.endsWith(".json")) store(JSON.parse(readFileSync(join(folder, name), "utf8")));
  }
}
server.listen(port, "127.0.0.1", () => console.log(`mock server on http://127.0.0.1:${server.address().port}`));
