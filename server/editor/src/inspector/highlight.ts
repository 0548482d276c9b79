/** Colours for expressions (and JSON around them), by tokens: the language is small. */

import { Decoration, ViewPlugin, type DecorationSet, type EditorView, type ViewUpdate } from "@codemirror/view";
import type { Extension, Range } from "@codemirror/state";

import { segments } from "../expr/template";

const MARKS = Object.fromEntries(
  ["brace", "name", "string", "number", "keyword", "filter", "expr", "key"].map((name) => [name, Decoration.mark({ class: `tok-${name}` })]),
) as Record<string, Decoration>;

const KEYWORDS = new Set(["and", "or", "not", "in", "is", "if", "else", "true", "false", "none", "null", "defined"]);
const TOKEN = /("(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?)|(\d+(?:\.\d+)?)|(\|\s*[A-Za-z_]\w*)|([A-Za-z_]\w*)/g;
const JSON_TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|\b(true|false|null)\b/g;

function push(ranges: Range<Decoration>[], name: string, from: number, to: number): void {
  const mark = MARKS[name];
  if (mark && to > from) ranges.push(mark.range(from, to));
}

function expression(ranges: Range<Decoration>[], text: string, offset: number): void {
  for (const match of text.matchAll(TOKEN)) {
    const [whole, quoted, number, filter, name] = match;
    const from = offset + match.index;
    const to = from + whole.length;
    if (quoted !== undefined) push(ranges, "string", from, to);
    else if (number !== undefined) push(ranges, "number", from, to);
    else if (filter !== undefined) push(ranges, "filter", from, to);
    else if (name !== undefined) push(ranges, KEYWORDS.has(name) ? "keyword" : "name", from, to);
  }
}

function json(ranges: Range<Decoration>[], text: string): void {
  for (const match of text.matchAll(JSON_TOKEN)) {
    const [whole, quoted, colon, number, word] = match;
    const from = match.index;
    if (quoted !== undefined) {
      if (!quoted.includes("{{")) push(ranges, colon === undefined ? "string" : "key", from, from + quoted.length);
    } else push(ranges, number !== undefined ? "number" : word !== undefined ? "keyword" : "", from, from + whole.length);
  }
}

function decorate(view: EditorView, withJson: boolean): DecorationSet {
  const text = view.state.doc.toString();
  const ranges: Range<Decoration>[] = [];
  // A field of any value holds text as well: colours for JSON would mislead there.
  if (withJson && /^\s*(["[]|\{(?!\{)|[-\d]+$|(true|false|null)$)/.test(text)) json(ranges, text);
  for (const segment of segments(text)) {
    push(ranges, "brace", segment.start, segment.innerStart);
    if (segment.closed) push(ranges, "brace", segment.innerEnd, segment.end);
    push(ranges, "expr", segment.start, segment.end);
    expression(ranges, text.slice(segment.innerStart, segment.innerEnd), segment.innerStart);
  }
  return Decoration.set(ranges, true);
}

export function highlighting(withJson: boolean): Extension {
  return ViewPlugin.fromClass(
    class {
      decorations: DecorationSet;

      constructor(view: EditorView) {
        this.decorations = decorate(view, withJson);
      }

      update(update: ViewUpdate): void {
        if (update.docChanged) this.decorations = decorate(update.view, withJson);
      }
    },
    { decorations: (plugin) => plugin.decorations },
  );
}
