/** Types as text, and steps into them. */

import type { Type } from "../api/types";

/** `string?`, `list<int>`, `Order`, `{id, total, +3}`. */
export function typeText(type: Type | undefined, depth = 0): string {
  if (!type) return "any";
  switch (type.type) {
    case "list":
      return `list<${typeText(type.items, depth + 1)}>`;
    case "map":
      return `map<${typeText(type.values, depth + 1)}>`;
    case "optional":
      return type.some.type === "any" ? "any" : `${typeText(type.some, depth)}?`;
    case "enum":
      return type.values.length <= 3 ? type.values.map((value) => JSON.stringify(value)).join(" | ") : (type.name ?? "enum");
    case "record":
      return type.name ?? recordText(type.fields, depth);
    default:
      return type.type;
  }
}

function recordText(fields: Record<string, Type>, depth: number): string {
  const names = Object.keys(fields);
  if (depth > 1) return "record";
  const shown = names.slice(0, 3).join(", ");
  return names.length > 3 ? `{${shown}, +${names.length - 3}}` : `{${shown}}`;
}

export function unwrap(type: Type | undefined): Type | undefined {
  return type?.type === "optional" ? type.some : type;
}

export function fieldsOf(type: Type | undefined): [string, Type & { doc?: string }][] {
  const inner = unwrap(type);
  return inner?.type === "record" ? Object.entries(inner.fields) : [];
}

/** The type one step in: a field, or an element. */
export function stepInto(type: Type | undefined, step: string | number): Type | undefined {
  const inner = unwrap(type);
  if (!inner) return undefined;
  if (inner.type === "any") return { type: "any" };
  if (inner.type === "list") return typeof step === "number" ? inner.items : undefined;
  if (typeof step !== "string") return undefined;
  if (inner.type === "map") return inner.values;
  return inner.type === "record" ? inner.fields[step] : undefined;
}

export const FAILURE: Type = {
  type: "record",
  name: "Failure",
  fields: {
    code: { type: "string" },
    message: { type: "string" },
    attempts: { type: "int" },
    path: { type: "string" },
  },
};
