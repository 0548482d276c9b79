/** Completion inside `{{ }}`: names of the scope, fields by type, filters after a bar. */

import { typeOfPath, type Scope } from "./scope";
import { segments } from "./template";
import { fieldsOf, typeText } from "./types";

export interface Completion {
  label: string;
  detail: string;
  /** What replaces the text from `from`; the label where absent. */
  insert?: string;
  kind: "name" | "field" | "filter" | "function" | "test";
  info?: string;
}

export interface Completions {
  /** Where the text to replace starts. */
  from: number;
  options: Completion[];
}

/** Filters and functions that the language documents, with what they are for. */
export const FILTERS: readonly [string, string][] = [
  ["default", "default(x): x where the value is absent"],
  ["length", "number of elements, or of characters"],
  ["upper", "upper case"],
  ["lower", "lower case"],
  ["trim", "without space at the ends"],
  ["replace", "replace(from, to)"],
  ["split", "split(separator)"],
  ["join", "join(separator): one text of a list"],
  ["first", "first element, optional"],
  ["last", "last element, optional"],
  ["sum", "sum of numbers"],
  ["min", "smallest element, optional"],
  ["max", "largest element, optional"],
  ["sort", "sorted list"],
  ["unique", "each element once"],
  ["reverse", "the other way round"],
  ["round", "round(digits)"],
  ["abs", "without sign"],
  ["int", "as an integer; fails if it is none"],
  ["float", "as a number; fails if it is none"],
  ["string", "as text"],
  ["tojson", "as JSON text"],
];

const FUNCTIONS: readonly [string, string][] = [["first_of", "first_of(a, b, …): the first that is there"]];

const PATH_BEFORE = /[A-Za-z_]\w*(?:\s*\.\s*\w+|\s*\[\s*(?:\d+|"[^"]*"|'[^']*')\s*\])*\s*\.?\s*$/;

/** What can stand at `cursor` of `text`, or null where no expression is open. */
export function completionsAt(text: string, cursor: number, scope: Scope): Completions | null {
  const segment = segments(text).find((entry) => cursor >= entry.innerStart && cursor <= entry.innerEnd);
  if (!segment) return null;
  const before = text.slice(segment.innerStart, cursor);
  if (insideString(before)) return null;
  const filter = /\|\s*(\w*)$/.exec(before);
  if (filter) return { from: cursor - (filter[1] ?? "").length, options: FILTERS.map(([label, detail]) => ({ label, detail, kind: "filter" })) };
  const path = PATH_BEFORE.exec(before)?.[0] ?? "";
  const dot = path.lastIndexOf(".");
  if (dot < 0) return { from: cursor - path.trimStart().length, options: rootOptions(scope, "") };
  const typed = path.slice(dot + 1);
  const partial = typed.trimStart();
  const owner = path.slice(0, dot).replace(/\s+/g, "");
  const options = [...rootOptions(scope, owner), ...fieldOptions(scope, owner)];
  return { from: cursor - partial.length, options };
}

function insideString(text: string): boolean {
  let quote = "";
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (quote === "") quote = char === '"' || char === "'" ? char : "";
    else if (char === "\\") at += 1;
    else if (char === quote) quote = "";
  }
  return quote !== "";
}

/** Names of the scope below `owner` (`steps` offers ids); all roots where it is empty. */
function rootOptions(scope: Scope, owner: string): Completion[] {
  const options: Completion[] = [];
  const prefix = owner === "" ? "" : `${owner}.`;
  for (const { name, type, from } of scope.names) {
    if (!name.startsWith(prefix)) continue;
    options.push({
      label: owner === "" ? name : name.slice(prefix.length),
      detail: typeText(type),
      kind: "name",
      ...(from === undefined ? {} : { info: from }),
    });
  }
  if (owner === "") options.push(...FUNCTIONS.map(([label, detail]): Completion => ({ label, detail, insert: `${label}(`, kind: "function" })));
  return options;
}

function fieldOptions(scope: Scope, owner: string): Completion[] {
  const type = typeOfPath(scope, owner);
  return fieldsOf(type).map(([label, field]) => ({
    label,
    detail: typeText(field),
    kind: "field",
    ...(field.doc === undefined ? {} : { info: field.doc }),
  }));
}
