/** On a path in an expression: its type, and its value in the run that is shown. */

import { hoverTooltip } from "@codemirror/view";
import type { Extension } from "@codemirror/state";

import { typeOfPath, type Scope } from "../expr/scope";
import { segments } from "../expr/template";
import { typeText } from "../expr/types";

export interface HoverSource {
  scope: Scope;
  valueOf: (path: string) => unknown;
}

const PATH = /[A-Za-z_]\w*(?:\.\w+|\[(?:\d+|"[^"]*"|'[^']*')\])*/g;
const LONGEST = 180;

/** The path under `pos`, cut after the part that is pointed at. */
export function pathAt(text: string, pos: number): { from: number; to: number; path: string } | null {
  const segment = segments(text).find((entry) => pos >= entry.innerStart && pos <= entry.innerEnd);
  if (!segment) return null;
  for (const match of text.slice(segment.innerStart, segment.innerEnd).matchAll(PATH)) {
    const from = segment.innerStart + match.index;
    if (pos < from || pos > from + match[0].length) continue;
    const rest = text.slice(pos, from + match[0].length);
    const to = pos + (/^\w*(\])?/.exec(rest)?.[0].length ?? 0);
    return { from, to, path: text.slice(from, to) };
  }
  return null;
}

export function hover(source: () => HoverSource): Extension {
  return hoverTooltip((view, pos) => {
    const found = pathAt(view.state.doc.toString(), pos);
    if (!found) return null;
    const { scope, valueOf } = source();
    const type = typeOfPath(scope, found.path);
    const value = valueOf(found.path);
    if (!type && value === undefined) return null;
    return { pos: found.from, end: found.to, above: true, create: () => ({ dom: card(found.path, type && typeText(type), value) }) };
  });
}

function card(path: string, type: string | undefined, value: unknown): HTMLElement {
  const dom = document.createElement("div");
  dom.className = "hover-card";
  const head = document.createElement("div");
  head.textContent = type === undefined ? path : `${path}: ${type}`;
  dom.append(head);
  if (value !== undefined) {
    const shown = document.createElement("pre");
    const text = JSON.stringify(value, null, 1);
    shown.textContent = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
    dom.append(shown);
  }
  return dom;
}
