/** Finds the expressions in a text and the references in an expression. The server parses; this only locates. */

export interface Segment {
  /** Of `{{`. */
  start: number;
  /** One past `}}`, or the text's end where it is missing. */
  end: number;
  innerStart: number;
  innerEnd: number;
  closed: boolean;
}

/** The `{{ … }}` parts of a text. A `}}` inside a quoted string does not close one. */
export function segments(text: string): Segment[] {
  const found: Segment[] = [];
  let at = 0;
  for (;;) {
    const start = text.indexOf("{{", at);
    if (start < 0) return found;
    const innerEnd = closing(text, start + 2);
    const closed = innerEnd >= 0;
    const segment = {
      start,
      innerStart: start + 2,
      innerEnd: closed ? innerEnd : text.length,
      end: closed ? innerEnd + 2 : text.length,
      closed,
    };
    found.push(segment);
    at = segment.end;
  }
}

function closing(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"' || char === "'") at = stringEnd(text, at);
    else if (char === "{") depth += 1;
    else if (char === "}" && depth > 0) depth -= 1;
    else if (char === "}" && text[at + 1] === "}") return at;
  }
  return -1;
}

/** Index of the quote that closes the string opened at `open`, or the text's last index. */
function stringEnd(text: string, open: number): number {
  for (let at = open + 1; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === text[open]) return at;
  }
  return text.length;
}

export type Namespace = "steps" | "errors" | "triggers" | "loops";

export interface Reference {
  namespace: Namespace;
  id: string;
  /** Where the id stands in the text. */
  start: number;
  end: number;
}

const NAMESPACES = new Set<string>(["steps", "errors", "triggers", "loops"]);
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const DOT_ID = /\s*\.\s*([A-Za-z_][A-Za-z0-9_]*)/y;
const BRACKET_ID = /\s*\[\s*(["'])([A-Za-z_][A-Za-z0-9_]*)\1\s*\]/y;

/** Every `steps.x`, `errors.x`, `triggers.x`, `loops.x` inside the text's expressions. */
export function references(text: string): Reference[] {
  return segments(text).flatMap((segment) => inExpression(text, segment.innerStart, segment.innerEnd));
}

function inExpression(text: string, from: number, to: number): Reference[] {
  const found: Reference[] = [];
  let at = from;
  let afterDot = false;
  while (at < to) {
    const char = text.charAt(at);
    if (char === '"' || char === "'") {
      at = stringEnd(text, at) + 1;
      afterDot = false;
      continue;
    }
    NAME.lastIndex = at;
    const name = NAME.exec(text)?.[0];
    if (!name) {
      if (!/\s/.test(char)) afterDot = char === ".";
      at += 1;
      continue;
    }
    at += name.length;
    if (!afterDot && NAMESPACES.has(name)) {
      const id = idAfter(text, at);
      if (id && id.end <= to) {
        found.push({ namespace: name as Namespace, id: id.id, start: id.start, end: id.end });
        at = id.next;
      }
    }
    afterDot = false;
  }
  return found;
}

interface IdAt {
  id: string;
  start: number;
  end: number;
  /** Where to read on: past the bracket and its quote. */
  next: number;
}

function idAfter(text: string, at: number): IdAt | null {
  DOT_ID.lastIndex = at;
  const dotted = DOT_ID.exec(text);
  if (dotted?.[1]) return { id: dotted[1], start: DOT_ID.lastIndex - dotted[1].length, end: DOT_ID.lastIndex, next: DOT_ID.lastIndex };
  BRACKET_ID.lastIndex = at;
  const bracketed = BRACKET_ID.exec(text);
  if (!bracketed?.[2]) return null;
  const start = at + bracketed[0].indexOf(bracketed[2]);
  return { id: bracketed[2], start, end: start + bracketed[2].length, next: BRACKET_ID.lastIndex };
}

/** The text with each referenced id that `rename` knows replaced. */
export function renameInText(text: string, rename: ReadonlyMap<string, string>): string {
  let result = text;
  for (const reference of references(text).reverse()) {
    const id = rename.get(reference.id);
    if (id) result = result.slice(0, reference.start) + id + result.slice(reference.end);
  }
  return result;
}
