/** Sample inputs: from a pinned sample, a JSON Schema, or a type. */

import type { Type } from "../api/types";
import { isObject, kindName, type GraphNode, type Json, type JsonObject } from "./document";

const DEPTH = 8;

/** A value that a JSON Schema allows, as plain as can be; optional properties are left out unless `all`. */
export function sampleOfSchema(schema: unknown, root: unknown = schema, depth = 0, name = ""): Json {
  if (!isObject(schema) || depth > DEPTH) return null;
  if ("const" in schema) return schema.const as Json;
  if ("default" in schema) return schema.default as Json;
  if (Array.isArray(schema.examples) && schema.examples.length > 0) return schema.examples[0] as Json;
  if (Array.isArray(schema.enum)) return (schema.enum[0] ?? null) as Json;
  if (typeof schema.$ref === "string") return sampleOfSchema(resolve(schema.$ref, root), root, depth + 1);
  for (const key of ["anyOf", "oneOf", "allOf"]) {
    const options = schema[key];
    if (Array.isArray(options) && options.length > 0) return sampleOfSchema(options[0], root, depth + 1);
  }
  const type = Array.isArray(schema.type) ? (schema.type as unknown[]).find((entry) => entry !== "null") : schema.type;
  switch (type ?? (isObject(schema.properties) ? "object" : undefined)) {
    case "object":
      return sampleObject(schema, root, depth);
    case "array":
      return [sampleOfSchema(schema.items, root, depth + 1)];
    case "string":
      return sampleText(schema, name);
    case "integer":
    case "number":
      return typeof schema.minimum === "number" ? schema.minimum : 1;
    case "boolean":
      return true;
    default:
      return null;
  }
}

function sampleObject(schema: Record<string, unknown>, root: unknown, depth: number): JsonObject {
  const properties = isObject(schema.properties) ? schema.properties : {};
  return Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, sampleOfSchema(value, root, depth + 1, name)]));
}

function sampleText(schema: Record<string, unknown>, name: string): string {
  switch (schema.format) {
    case "email":
      return "ada@example.com";
    case "date-time":
      return "2026-01-01T09:00:00Z";
    case "date":
      return "2026-01-01";
    case "uri":
      return "https://example.com";
    case "uuid":
      return "7f1c9f0e-2f9b-4c8e-9a51-0d6a8f0b2a11";
    default:
      return textFor(name);
  }
}

/** A text that suits a field's name. */
function textFor(name: string): string {
  if (/e?mail/i.test(name)) return "ada@example.com";
  if (/url|uri|link|^api$|endpoint/i.test(name)) return "https://example.com";
  if (/name/i.test(name)) return "Ada";
  if (/_at$|date$/i.test(name)) return "2026-01-01T09:00:00Z";
  if (/(^|_)id$/i.test(name)) return "id-1";
  return "text";
}

function resolve(ref: string, root: unknown): unknown {
  if (!ref.startsWith("#/")) return undefined;
  return ref
    .slice(2)
    .split("/")
    .reduce<unknown>((value, part) => (isObject(value) ? value[part.replaceAll("~1", "/").replaceAll("~0", "~")] : undefined), root);
}

export function sampleOfType(type: Type | undefined, depth = 0, name = ""): Json {
  if (!type || depth > DEPTH) return null;
  switch (type.type) {
    case "bool":
      return true;
    case "int":
    case "number":
      return 1;
    case "string":
      return textFor(name);
    case "timestamp":
      return "2026-01-01T09:00:00Z";
    case "duration":
      return "30s";
    case "list":
      return [sampleOfType(type.items, depth + 1)];
    case "map":
      return { key: sampleOfType(type.values, depth + 1) };
    case "record":
      return Object.fromEntries(Object.entries(type.fields).map(([name, field]) => [name, sampleOfType(field, depth + 1, name)]));
    case "enum":
      return type.values[0] ?? null;
    case "optional":
      return sampleOfType(type.some, depth, name);
    default:
      return null;
  }
}

/** What to start a run with: the trigger's sample, else one from its schema or type. */
export function sampleInput(trigger: GraphNode | undefined, type: Type | undefined): Json {
  const config = trigger?.data.config;
  if (config?.sample !== undefined) return config.sample;
  if (Array.isArray(config?.samples) && config.samples[0] !== undefined) return config.samples[0];
  if (config?.schema !== undefined) return sampleOfSchema(config.schema);
  return sampleOfType(type) ?? {};
}

/** What to send a waiting node: of an approval the answer around what its form holds. */
export function samplePayload(node: GraphNode | undefined, type: Type | undefined): Json {
  if (node === undefined || kindName(node.data.kind) !== "approval") return sampleInput(node, type);
  const form = type?.type === "record" ? type.fields.form : undefined;
  return { approved: true, form: sampleInput(node, form) };
}
