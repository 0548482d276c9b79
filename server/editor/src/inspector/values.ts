/** Field texts and the JSON that they stand for. */

import type { CatalogueField, Type } from "../api/types";
import type { Json } from "../graph/document";
import { segments } from "../expr/template";
import { unwrap } from "../expr/types";

/** Texts that would be read as something other than themselves. */
function looksLikeJson(text: string): boolean {
  const trimmed = text.trim();
  if (/^(true|false|null|-?\d+(\.\d+)?([eE][+-]?\d+)?)$/.test(trimmed)) return true;
  return /^["[]/.test(trimmed) || (trimmed.startsWith("{") && !trimmed.startsWith("{{"));
}

/** How a value of any type is shown for editing: text as it is, the rest as JSON. */
export function valueToText(value: Json | undefined): string {
  if (value === undefined) return "";
  if (typeof value === "string") return looksLikeJson(value) ? JSON.stringify(value) : value;
  return JSON.stringify(value, null, 2);
}

export type Parsed = { value: Json | undefined } | { problem: string };

/** The value that a text stands for; the empty text stands for none. */
export function textToValue(text: string): Parsed {
  if (text.trim() === "") return { value: undefined };
  if (!looksLikeJson(text)) return { value: text };
  try {
    return { value: JSON.parse(text) as Json };
  } catch (error) {
    return { problem: `Not JSON yet: ${error instanceof Error ? error.message : "it does not parse"}` };
  }
}

export type Widget = "text" | "value" | "choice" | "flag" | "number" | "pairs";

export function hasExpression(value: Json | undefined): boolean {
  return typeof value === "string" && segments(value).length > 0;
}

/** Which control edits a field; an expression always gets text. */
export function widgetOf(field: CatalogueField, value: Json | undefined): Widget {
  const type = unwrap(field.type) ?? { type: "any" };
  const written = hasExpression(value);
  const options = choices(field);
  if (options && !written && (value === undefined || value === null || options.includes(String(value)))) return "choice";
  switch (type.type) {
    case "bool":
      return field.expression ? "text" : "flag";
    case "int":
    case "number":
      return field.expression ? "text" : "number";
    case "map":
      return value === undefined || (typeof value === "object" && !Array.isArray(value)) ? "pairs" : "value";
    case "any":
    case "record":
    case "list":
      return field.expression && type.type === "list" && (value === undefined || typeof value === "string") ? "text" : "value";
    default:
      return typeof value === "object" && value !== null ? "value" : "text";
  }
}

/** The texts to choose from, where the field lists them. */
export function choices(field: CatalogueField): string[] | null {
  const type: Type | undefined = unwrap(field.type);
  // A required bool is a condition, which is always written.
  if (type?.type === "bool" && field.expression && !field.required) return ["true", "false"];
  const options = field.options ?? (type?.type === "enum" ? type.values : undefined);
  return options && options.length > 0 ? options.map(String) : null;
}

/** The value that a choice stands for. */
export function choiceValue(field: CatalogueField, option: string): Json | undefined {
  if (option === "") return undefined;
  return unwrap(field.type)?.type === "bool" ? option === "true" : option;
}

/** A typed field's text as its value: `5` in a field of numbers is a number. */
export function fieldValue(field: CatalogueField, text: string): Json | undefined {
  if (text === "") return undefined;
  const type = unwrap(field.type)?.type;
  const trimmed = text.trim();
  if ((type === "int" || type === "number") && /^-?\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed);
  if (type === "bool" && (trimmed === "true" || trimmed === "false")) return trimmed === "true";
  return text;
}
