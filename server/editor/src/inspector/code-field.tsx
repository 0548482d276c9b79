/** A text with expressions: highlighted, completed, with the checker's findings underlined. */

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, completionStatus, startCompletion, type CompletionContext } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import { EditorView, keymap, placeholder as placeholderText } from "@codemirror/view";
import { useEffect, useRef } from "react";

import { completionsAt } from "../expr/complete";
import type { Scope } from "../expr/scope";
import { segments } from "../expr/template";
import { valueInRun } from "../expr/value";
import { useRuns } from "../store/runs";
import { useUi } from "../store/ui";
import { hover } from "./hover";
import { highlighting } from "./highlight";
import { findings } from "./findings";
import type { Finding } from "./spans";

export interface CodeFieldProps {
  value: string;
  onChange: (value: string) => void;
  label: string;
  scope: Scope;
  findings?: readonly Finding[];
  placeholder?: string;
  multiline?: boolean;
  /** Colours JSON as well as expressions. */
  json?: boolean;
  invalid?: boolean;
}

function complete(scope: () => Scope) {
  return (context: CompletionContext) => {
    const found = completionsAt(context.state.doc.toString(), context.pos, scope(), useUi.getState().operations);
    if (!found) return null;
    const typed = context.pos > found.from || /(?:[.|]|\bis(?: not)?)\s*$/.test(context.state.sliceDoc(Math.max(0, found.from - 8), found.from));
    if (!typed && !context.explicit) return null;
    return {
      from: found.from,
      options: found.options.map((option) => ({
        label: option.label,
        detail: option.detail,
        type: option.kind,
        ...(option.insert === undefined ? {} : { apply: option.insert }),
        ...(option.info === undefined ? {} : { info: option.info }),
        ...(option.boost === undefined ? {} : { boost: option.boost }),
      })),
      validFor: /^\w*$/,
    };
  };
}

/** `{{` brings its end along, and offers what can stand inside; what was brought along is typed over. */
const openExpression = EditorView.inputHandler.of((view, from, to, text) => {
  const before = (count: number) => view.state.sliceDoc(Math.max(0, from - count), from);
  const after = (count: number) => view.state.sliceDoc(to, to + count);
  const skip = (count: number) => {
    view.dispatch({ selection: { anchor: to + count }, userEvent: "select" });
    return true;
  };
  if (text === "{" && before(1) === "{" && before(2) !== "{{") {
    const closed = after(1) === "}" ? to + 1 : to;
    view.dispatch({ changes: { from, to: closed, insert: "{  }}" }, selection: { anchor: from + 2 }, userEvent: "input.type" });
    startCompletion(view);
    return true;
  }
  if (text === " " && before(3) === "{{ " && after(3) === " }}") return skip(0);
  if (text === "}" && after(3) === " }}") return skip(2);
  if (text === "}" && after(1) === "}" && before(1) === "}") return skip(1);
  return false;
});

/** Where one line is wanted, a pasted line break becomes a space. */
const oneLine = EditorState.transactionFilter.of((transaction) =>
  transaction.newDoc.lines > 1
    ? [transaction, { changes: { from: 0, to: transaction.newDoc.length, insert: transaction.newDoc.toString().replace(/\s*\n\s*/g, " ") }, sequential: true }]
    : transaction,
);

/** Opens the list of names: inside the expression at the cursor, or in a new one. */
function insertExpression(view: EditorView): void {
  const { from, to } = view.state.selection.main;
  const inside = segments(view.state.doc.toString()).some((entry) => from >= entry.innerStart && to <= entry.innerEnd);
  if (!inside) view.dispatch({ changes: { from, to, insert: "{{  }}" }, selection: { anchor: from + 3 }, userEvent: "input" });
  view.focus();
  startCompletion(view);
}

/** Without Ctrl+Enter, which runs the workflow. */
const PLAIN_KEYS = defaultKeymap.filter((binding) => binding.key !== "Mod-Enter");

function extensions(props: CodeFieldProps, current: { props: CodeFieldProps; typedAt: number }, dynamic: Compartment): Extension {
  return [
    history(),
    // Before closeBrackets, which would close the second brace on its own.
    openExpression,
    closeBrackets(),
    props.multiline ? [] : oneLine,
    EditorView.lineWrapping,
    highlighting(props.json === true),
    hover(() => ({ scope: current.props.scope, valueOf: (path) => valueInRun(useRuns.getState().current, path) })),
    autocompletion({ override: [complete(() => current.props.scope)], icons: false, activateOnTyping: true }),
    keymap.of([...completionKeymap, ...closeBracketsKeymap, ...historyKeymap, ...PLAIN_KEYS]),
    EditorView.contentAttributes.of({ "aria-label": props.label, spellcheck: "false" }),
    placeholderText(props.placeholder ?? ""),
    dynamic.of(findings(props.findings ?? [])),
    EditorView.updateListener.of((update) => {
      if (update.docChanged && !update.transactions.some((entry) => entry.isUserEvent("outside"))) {
        current.typedAt = Date.now();
        current.props.onChange(update.state.doc.toString());
      }
    }),
  ];
}

const NO_FINDINGS: readonly Finding[] = [];
const LATE_MS = 2_000;

export default function CodeField(props: CodeFieldProps) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const current = useRef({ props, typedAt: 0 });
  const dynamic = useRef(new Compartment());
  current.current.props = props;

  useEffect(() => {
    if (!host.current) return;
    const { props: initial } = current.current;
    view.current = new EditorView({
      parent: host.current,
      state: EditorState.create({ doc: initial.value, extensions: extensions(initial, current.current, dynamic.current) }),
    });
    return () => view.current?.destroy();
    // A field's kind does not change while it is mounted: its key names it.
  }, []);

  useEffect(() => {
    const editor = view.current;
    if (!editor || editor.state.doc.toString() === props.value) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: props.value }, userEvent: "outside" });
  }, [props.value]);

  const shown = useRef<readonly Finding[]>(NO_FINDINGS);
  useEffect(() => {
    const next = props.findings ?? NO_FINDINGS;
    if (next.length === 0 && shown.current.length === 0) return;
    shown.current = next;
    view.current?.dispatch({ effects: dynamic.current.reconfigure(findings(next)) });
  }, [props.findings]);

  useEffect(() => {
    // Types may arrive just after the dot that asked for them.
    const editor = view.current;
    if (!editor?.hasFocus || Date.now() - current.current.typedAt > LATE_MS || completionStatus(editor.state) !== null) return;
    const { head } = editor.state.selection.main;
    if (editor.state.sliceDoc(Math.max(0, head - 1), head) === ".") startCompletion(editor);
  }, [props.scope]);

  return (
    <div ref={host} className={`input code-field ${props.multiline ? "tall" : ""}`} aria-invalid={props.invalid}>
      {props.scope.names.length > 0 && (
        <button
          type="button"
          className="code-insert"
          title="Insert data of other steps"
          aria-label={`Insert data into ${props.label}`}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => view.current && insertExpression(view.current)}
        >
          {"{ }"}
        </button>
      )}
    </div>
  );
}
