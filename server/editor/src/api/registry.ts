/** The registry over HTTP: what publishing would do, publishing, and crates as pages show them. */

import { json, send } from "./client";
import type { Page } from "./types";

export type Bump = "patch" | "minor" | "major";

export interface Change {
  bump: Bump;
  what: string;
  /** Programs go on compiling; it is the promise that breaks. */
  by_policy?: boolean;
}

export interface Choice {
  /** Null for the first version. */
  bump: Bump | null;
  version: string;
}

export interface Refusal {
  code: string;
  detail: string;
  suggestion?: string;
  nodes?: string[];
}

/** What becomes of the runs of the version before, node by node. */
export interface Upgrade {
  input?: string;
  nodes: Record<string, { verdict: "survives" | "prevents" | "recomputed" | "added"; reasons?: { node: string; message: string }[] }>;
}

export interface Preview {
  crate: string;
  latest: string | null;
  unchanged: boolean;
  refusals: Refusal[];
  /** That of the latest version, which the next one keeps. */
  license: string | null;
  choices: Choice[];
  changes: Change[];
  survives: boolean | null;
  upgrade: Upgrade | null;
}

/** What a user of a version pastes. */
export interface Adding {
  command: string;
  config: string;
  /** Null where readers need no token. */
  login: string | null;
  dependency: string;
  git: string;
}

export interface Published {
  crate: string;
  version: string;
  fresh: boolean;
  changes: Change[];
  survives: boolean | null;
  add: Adding;
}

export interface CrateSummary {
  name: string;
  description: string;
  origin: "workflow" | "upload" | "support";
  workflow: string | null;
  latest: string | null;
  versions: number;
  published_at: string;
}

export interface VersionSummary {
  version: string;
  yanked: boolean;
  published_at: string;
  size: number;
  checksum: string;
  bump: Bump | null;
  note: string;
  changes: Change[];
  survives: boolean | null;
}

export interface CrateDocument extends CrateSummary {
  releases: VersionSummary[];
  owners: string[];
  dependants: { name: string; version: string; req: string }[];
}

export type ApiType =
  | { struct: { fields: Record<string, { ty: string; json: string }> } }
  | { enum: { variants: Record<string, string> } }
  | { alias: string };

/** What a crate promises, as publishing compares it. */
export interface ApiModel {
  function: string;
  structure: string;
  input: string[];
  output: string;
  events: Record<string, string>;
  types: Record<string, ApiType>;
  triggers: string[];
  errors: string[];
  /** A JSON Schema of what an input must be beyond its type; empty where nothing is asked. */
  constraints?: Record<string, unknown>;
}

export interface Dependency {
  name: string;
  req: string;
  kind: "normal" | "dev" | "build";
  optional: boolean;
  /** Null where it is of this registry. */
  registry: string | null;
  package: string | null;
}

export interface VersionDocument extends VersionSummary {
  name: string;
  readme: string | null;
  changelog: string | null;
  api: ApiModel | null;
  dependencies: Dependency[];
  features: Record<string, string[]>;
  rust_version: string | null;
  license: string | null;
  add: Adding;
}

const KEPT = "flowcrate.token";

/** The token for this tab, where the registry wants one; it goes when the tab is closed. */
export function keepToken(token: string): void {
  try {
    sessionStorage.setItem(KEPT, token);
  } catch {
    // Without storage it is asked for again.
  }
}

function authorization(): Record<string, string> {
  try {
    const token = sessionStorage.getItem(KEPT);
    return token ? { Authorization: `Bearer ${token}` } : {};
  } catch {
    return {};
  }
}

const BASE = "/api/v1/registry/crates";
const at = encodeURIComponent;

async function get<T>(path: string): Promise<T> {
  return (await send(path, { headers: authorization() })).json() as Promise<T>;
}

export const registry = {
  /** What publishing the stored workflow would do, with the tag that publishing must match. */
  async preview(workflow: string): Promise<{ preview: Preview; etag: string }> {
    const response = await send(`/api/v1/workflows/${at(workflow)}/publish`, { headers: authorization() });
    return { preview: (await response.json()) as Preview, etag: response.headers.get("ETag") ?? "*" };
  },

  async publish(workflow: string, wishes: { bump: Bump | null; note: string; license: string | null }, etag: string): Promise<Published> {
    const headers = { ...authorization(), "If-Match": etag };
    return (await send(`/api/v1/workflows/${at(workflow)}/publish`, json("POST", wishes, headers))).json() as Promise<Published>;
  },

  async crates(query: string, cursor?: string): Promise<Page<CrateSummary>> {
    const params = new URLSearchParams({ limit: "50", ...(query ? { q: query } : {}), ...(cursor ? { cursor } : {}) });
    return get(`${BASE}?${params}`);
  },

  async crate(name: string): Promise<CrateDocument> {
    return get(`${BASE}/${at(name)}`);
  },

  async version(name: string, version: string): Promise<VersionDocument> {
    return get(`${BASE}/${at(name)}/${at(version)}`);
  },

  async yank(name: string, version: string, yanked: boolean): Promise<void> {
    const what = yanked ? "yank" : "unyank";
    await send(`${BASE}/${at(name)}/${at(version)}/${what}`, { method: "POST", headers: authorization() });
  },
};
