/** A JSON Schema of a sample, to begin a schema with. */

import type { Json, JsonObject } from "./document";

export function schemaOfSample(value: Json): JsonObject {
  if (value === null) return {};
  if (Array.isArray(value)) {
    const [first] = value;
    return first === undefined ? { type: "array" } : { type: "array", items: schemaOfSample(first) };
  }
  switch (typeof value) {
    case "boolean":
      return { type: "boolean" };
    case "number":
      return { type: Number.isInteger(value) ? "integer" : "number" };
    case "string":
      return { type: "string" };
    default: {
      const entries = Object.entries(value);
      return {
        type: "object",
        required: entries.filter(([, entry]) => entry !== null).map(([name]) => name),
        properties: Object.fromEntries(entries.map(([name, entry]) => [name, schemaOfSample(entry)])),
      };
    }
  }
}
