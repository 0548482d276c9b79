import { useEffect, useRef, type ReactNode } from "react";

import type { Diagnostic } from "../api/types";
import { useEditor } from "../store/editor";
import { applyFix } from "../panels/problems";
import { Button } from "../ui/button";
import { Prose } from "../ui/prose";

interface Props {
  label: string;
  /** JSON pointer into the node's data. */
  pointer: string;
  diagnostics: readonly Diagnostic[];
  type?: string;
  required?: boolean;
  doc?: string | undefined;
  tools?: ReactNode;
  htmlFor?: string;
  children: ReactNode;
}

/** Whether a diagnostic's field is this one or lies inside it. */
export function within(diagnostic: Diagnostic, pointer: string): boolean {
  return diagnostic.field === pointer || diagnostic.field?.startsWith(`${pointer}/`) === true;
}

/** A labelled control with its type, its help, and what the check says of it. */
export function FieldRow({ label, pointer, diagnostics, type, required, doc, tools, htmlFor, children }: Props) {
  const mine = diagnostics.filter((entry) => within(entry, pointer));
  const ref = useRef<HTMLDivElement>(null);
  const focus = useEditor((state) => state.focus);
  useEffect(() => {
    if (!focus?.field || !(focus.field === pointer || focus.field.startsWith(`${pointer}/`))) return;
    ref.current?.scrollIntoView({ block: "center" });
    // The code field may still be loading when its node was just selected.
    const timer = setTimeout(() => ref.current?.querySelector<HTMLElement>(".cm-content, input, select, textarea")?.focus(), 120);
    return () => clearTimeout(timer);
  }, [focus, pointer]);
  return (
    <div ref={ref} className={`field ${mine.some((entry) => entry.severity === "error") ? "invalid" : ""}`}>
      <div className="field-head">
        <label htmlFor={htmlFor} title={doc}>
          {label}
          {required && (
            <span className="required" title="Required">
              *
            </span>
          )}
        </label>
        {type && <code className="field-type">{type}</code>}
        {tools}
      </div>
      {children}
      {doc && mine.length === 0 && (
        <p className="field-doc">
          <Prose text={doc} />
        </p>
      )}
      {mine.map((entry, at) => (
        <DiagnosticLine key={`${entry.code} ${at}`} diagnostic={entry} />
      ))}
    </div>
  );
}

export function DiagnosticLine({ diagnostic }: { diagnostic: Diagnostic }) {
  const { fix } = diagnostic;
  return (
    <div className={`field-problem ${diagnostic.severity === "error" ? "bad" : "warn"}`}>
      <span>
        <Prose text={diagnostic.message} />
        {diagnostic.help && (
          <em>
            {" "}
            — <Prose text={diagnostic.help} />
          </em>
        )}
      </span>
      {fix && (
        <Button small onClick={() => applyFix(fix)}>
          <Prose text={fix.title} />
        </Button>
      )}
    </div>
  );
}
