/** The checker's findings in a text, underlined, with their message on hover. */

import { Decoration, EditorView } from "@codemirror/view";
import { EditorState, type Extension } from "@codemirror/state";

import type { Finding } from "./spans";

export function findings(list: readonly Finding[]): Extension {
  if (list.length === 0) return [];
  return EditorView.decorations.of((view) => Decoration.set(ranges(list, view.state), true));
}

function ranges(list: readonly Finding[], state: EditorState) {
  const length = state.doc.length;
  return list
    .map(({ from, to, tone, text }) => ({ from: Math.min(from, length), to: Math.min(Math.max(to, from + 1), length), tone, text }))
    .filter(({ from, to }) => to > from)
    .map(({ from, to, tone, text }) => Decoration.mark({ class: `finding-${tone}`, attributes: { title: text } }).range(from, to));
}
