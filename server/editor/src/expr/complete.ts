/** Completion inside `{{ }}`: names of the scope, fields by type, filters after a bar, tests after `is`. */

import type { Operation, Type } from "../api/types";
import { typeOfPath, type Scope } from "./scope";
import { segments } from "./template";
import { fieldsOf, typeText, unwrap } from "./types";

export interface Completion {
  label: string;
  detail: string;
  /** What replaces the text from `from`; the label where absent. */
  insert?: string;
  kind: "name" | "field" | "filter" | "function" | "test";
  info?: string;
  /** Higher ones come first. */
  boost?: number;
}

export interface Completions {
  /** Where the text to replace starts. */
  from: number;
  options: Completion[];
}

const PATH_BEFORE = /[A-Za-z_]\w*(?:\s*\.\s*\w+|\s*\[\s*(?:\d+|"[^"]*"|'[^']*')\s*\])*\s*\.?\s*$/;

/** What can stand at `cursor` of `text`, or null where no expression is open. */
export function completionsAt(text: string, cursor: number, scope: Scope, operations: readonly Operation[]): Completions | null {
  const segment = segments(text).find((entry) => cursor >= entry.innerStart && cursor <= entry.innerEnd);
  if (!segment) return null;
  const before = text.slice(segment.innerStart, cursor);
  if (insideString(before)) return null;
  const named = /^(.*?)(\||\bis(?:\s+not)?\s)\s*(\w*)$/s.exec(lastTerm(before));
  if (named) {
    const [, operand = "", mark, typed = ""] = named;
    const surface = mark === "|" ? "filter" : "test";
    return { from: cursor - typed.length, options: operationOptions(operations, surface, operandType(scope, operand)) };
  }
  const path = PATH_BEFORE.exec(before)?.[0] ?? "";
  const dot = path.lastIndexOf(".");
  if (dot < 0) return { from: cursor - path.trimStart().length, options: [...rootOptions(scope, ""), ...operationOptions(operations, "function", undefined)] };
  const partial = path.slice(dot + 1).trimStart();
  const owner = path.slice(0, dot).replace(/\s+/g, "");
  const options = [...rootOptions(scope, owner), ...fieldOptions(scope, owner)];
  return { from: cursor - partial.length, options };
}

/** What follows the last bar but one, so that `a | b | c` asks for what follows `b`. */
function lastTerm(text: string): string {
  const bars = [...text.matchAll(/\|/g)].map((match) => match.index);
  return bars.length > 1 ? text.slice((bars.at(-2) ?? -1) + 1) : text;
}

/** The type of the path that ends the text, as far as it is plain. */
function operandType(scope: Scope, text: string): Type | undefined {
  const path = /[A-Za-z_]\w*(?:\.\w+|\[(?:\d+|"[^"]*"|'[^']*')\])*\s*$/.exec(text)?.[0];
  return path === undefined ? undefined : typeOfPath(scope, path);
}

/** Each name once, those that fit the operand first. */
function operationOptions(operations: readonly Operation[], surface: Operation["surface"], operand: Type | undefined): Completion[] {
  const byName = new Map<string, Operation[]>();
  for (const operation of operations) {
    if (operation.surface === surface) byName.set(operation.name, [...(byName.get(operation.name) ?? []), operation]);
  }
  return [...byName].map(([label, entries]) => {
    const fits = entries.filter((entry) => fitsOperand(entry.operand, operand));
    const [first] = fits.length > 0 ? fits : entries;
    const bare = first?.params === "" || surface !== "function" && first?.params.split(", ").every((param) => param.includes("?:"));
    return {
      label,
      detail: first?.result ?? "",
      kind: surface,
      boost: fits.length > 0 ? 1 : -20,
      info: [...new Set((fits.length > 0 ? fits : entries).map((entry) => `${signature(entry)}\n${entry.doc}`))].join("\n\n"),
      ...(bare ? {} : { insert: `${label}(` }),
    };
  });
}

function signature({ surface, name, operand, params, result }: Operation): string {
  const call = params === "" && surface !== "function" ? name : `${name}(${params})`;
  const written = surface === "function" ? call : `${operand} ${surface === "filter" ? "|" : "is"} ${call}`;
  return `${written} → ${result}`;
}

/** Whether an operation may take the type; what is not known may be anything. */
function fitsOperand(pattern: string | undefined, type: Type | undefined): boolean {
  const given = unwrap(type);
  if (pattern === undefined || !given || given.type === "any" || given.type === "union" || /^(T|K|any|optional<.*>)$/.test(pattern)) return true;
  if (pattern === "number") return given.type === "number" || given.type === "int";
  if (pattern === "string") return given.type === "string" || given.type === "enum";
  if (pattern.startsWith("list<")) return given.type === "list";
  if (pattern.startsWith("map<")) return given.type === "map";
  return pattern === given.type;
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
