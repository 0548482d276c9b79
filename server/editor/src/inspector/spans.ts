/** Places in a text, as the checker gives them and as an editor wants them. */

import type { Diagnostic } from "../api/types";
import type { Json } from "../graph/document";
import { parsePointer, valueAt } from "../graph/patch";
import { valueToText } from "./values";

export interface Finding {
  /** In UTF-16 units of the text. */
  from: number;
  to: number;
  tone: "bad" | "warn";
  text: string;
}

/** A byte offset as an index into a JavaScript string. */
export function indexOfByte(text: string, byte: number): number {
  let bytes = 0;
  let index = 0;
  for (const char of text) {
    if (bytes >= byte) return index;
    bytes += new TextEncoder().encode(char).length;
    index += char.length;
  }
  return index;
}

/** The diagnostics with a span in this field, or in a text inside its JSON, as places in the field's text. */
export function findingsIn(diagnostics: readonly Diagnostic[], pointer: string, value: Json | undefined): Finding[] {
  const text = valueToText(value);
  return diagnostics.flatMap(({ field, span, message, severity }): Finding[] => {
    if (field === undefined || span === undefined || !(field === pointer || field.startsWith(`${pointer}/`))) return [];
    const leaf = valueAt(value, parsePointer(field.slice(pointer.length)));
    if (typeof leaf !== "string") return [];
    const offset = offsetOf(text, leaf, field === pointer);
    if (offset === null) return [];
    const from = offset + indexOfByte(leaf, span.start);
    return [{ from, to: offset + indexOfByte(leaf, span.end), tone: severity === "error" ? "bad" : "warn", text: message }];
  });
}

/** Where `leaf` begins in the text that shows it; null where escapes or a twin make that uncertain. */
function offsetOf(text: string, leaf: string, whole: boolean): number | null {
  if (whole && text === leaf) return 0;
  const quoted = JSON.stringify(leaf);
  if (quoted.length !== leaf.length + 2) return null;
  const at = text.indexOf(quoted);
  return at < 0 || text.indexOf(quoted, at + 1) >= 0 ? null : at + 1;
}
