/** What the server sends and takes, as its OpenAPI document has it. */

import type { GraphDocument, Json } from "../graph/document";
import type { PatchOperation } from "../graph/patch";

export type Type =
  | { type: "null" | "bool" | "int" | "number" | "string" | "timestamp" | "duration" | "bytes" | "any" }
  | { type: "list"; items: Type }
  | { type: "map"; values: Type }
  | { type: "record"; name?: string; fields: Record<string, Type & { doc?: string }> }
  | { type: "enum"; name?: string; values: string[] }
  | { type: "optional"; some: Type }
  | { type: "tuple"; items: Type[] }
  /** By the text of `tag`, records without it; without one by the form that a value has in JSON. */
  | { type: "union"; name?: string; tag?: string; choices: Record<string, Type> }
  /** A type that holds itself: the definition at `head`, 0 where the server says nothing of it. */
  | { type: "recursive"; defs: Type[]; head?: number }
  /** Within a recursive type: the definition at this place. */
  | { type: "own"; def: number };

export interface CatalogueField {
  name: string;
  label: string;
  type: Type;
  required: boolean;
  expression?: boolean;
  multiline?: boolean;
  options?: Json[];
  default?: Json;
  doc?: string;
}

export interface CatalogueKind {
  kind: string;
  label: string;
  description: string;
  category: string;
  group: "trigger" | "control" | "pure" | "action";
  handles: string[];
  inputs: CatalogueField[];
  config: CatalogueField[];
  output?: Type;
}

/** A filter, test or function of the expression language. */
export interface Operation {
  surface: "filter" | "test" | "function";
  name: string;
  /** Type of what stands before a filter or test, `list<T>`. */
  operand?: string;
  /** `from: string, to: string`; empty without any. */
  params: string;
  result: string;
  doc: string;
}

export interface Catalogue {
  kinds: CatalogueKind[];
  operations: Operation[];
}

export interface Diagnostic {
  code: string;
  severity: "error" | "warning";
  message: string;
  node?: string;
  /** JSON pointer into the node's `data`. */
  field?: string;
  /** In bytes of the field's text. */
  span?: { start: number; end: number };
  help?: string;
  fix?: { title: string; patch: PatchOperation[] };
}

export interface NodeTypes {
  output?: Type;
  handles?: string[];
}

export interface CheckResult {
  diagnostics: Diagnostic[];
  types?: Record<string, NodeTypes>;
}

export interface TriggerSummary {
  id: string;
  kind: string;
  path?: string;
}

export interface WorkflowSummary {
  id: string;
  name: string;
  description?: string;
  revision: string;
  triggers: TriggerSummary[];
  created_at: string;
  updated_at: string;
}

export interface Workflow extends WorkflowSummary {
  graph: GraphDocument;
  diagnostics: Diagnostic[];
}

export interface Stored {
  workflow: Workflow;
  etag: string;
}

export interface Page<T> {
  items: T[];
  next_cursor?: string | null;
}

export type RunStatus = "pending" | "running" | "waiting" | "paused" | "completed" | "failed" | "cancelled";

export interface Failure {
  code: string;
  message: string;
  attempts?: number;
  path?: string;
}

export interface StepView {
  path: string;
  node?: string;
  kind: string;
  status: string;
  attempts: number;
  input?: Json;
  output?: Json;
  error?: Failure | null;
  started_at?: string | null;
  ended_at?: string | null;
}

export interface WaitingFor {
  kind?: string;
  type?: string;
  path?: string;
  name?: string;
  event?: string;
  key?: string | null;
  until?: string | null;
  due?: string | null;
  /** Why the latest attempt failed. */
  error?: Failure | null;
}

export interface Run {
  id: string;
  workflow_id?: string;
  workflow: string;
  revision: string;
  status: RunStatus;
  input?: Json;
  output?: Json;
  error?: Failure | null;
  started_at: string;
  ended_at?: string | null;
  waiting_for?: WaitingFor[];
  /** How it stands with the limit of its workflow. */
  limit?: { name: string; key: string; waits: boolean };
  steps?: StepView[];
}

export interface Problem {
  type?: string;
  title: string;
  status: number;
  detail?: string;
  code?: string;
  diagnostics?: Diagnostic[];
}

export interface Imported {
  graph: GraphDocument;
  diagnostics: Diagnostic[];
}
