/** One field of the catalogue's form, with the control that fits its type. */

import { useId, useMemo } from "react";

import type { CatalogueField, Diagnostic } from "../api/types";
import type { Scope } from "../expr/scope";
import { typeText } from "../expr/types";
import type { Json, JsonObject } from "../graph/document";
import { Code } from "./code";
import { FieldRow } from "./field-row";
import { indexOfByte, type Finding } from "./spans";
import { PairsField } from "./pairs-field";
import { ValueField } from "./value-field";
import { choices, fieldValue, widgetOf } from "./values";

interface Props {
  field: CatalogueField;
  value: Json | undefined;
  onChange: (value: Json | undefined) => void;
  pointer: string;
  scope: Scope;
  diagnostics: readonly Diagnostic[];
}

export function CatalogueFieldRow(props: Props) {
  const { field, value, pointer, diagnostics } = props;
  const id = useId();
  return (
    <FieldRow
      label={field.label}
      pointer={pointer}
      diagnostics={diagnostics}
      type={typeText(field.type)}
      required={field.required}
      doc={field.doc}
      htmlFor={id}
      tools={choices(field) && field.expression ? <ExpressionToggle {...props} /> : undefined}
    >
      <Control {...props} id={id} key={widgetOf(field, value)} />
    </FieldRow>
  );
}

/** Spans of diagnostics that lie in this very text, as positions in it. */
export function useFindings(diagnostics: readonly Diagnostic[], pointer: string, value: Json | undefined): Finding[] {
  return useMemo(() => {
    if (typeof value !== "string") return [];
    return diagnostics
      .filter((entry) => entry.field === pointer && entry.span !== undefined)
      .map(({ span, message, severity }) => ({
        from: indexOfByte(value, span?.start ?? 0),
        to: indexOfByte(value, span?.end ?? 0),
        tone: severity === "error" ? "bad" : "warn",
        text: message,
      }));
  }, [diagnostics, pointer, value]);
}

function placeholderOf(field: CatalogueField): string | undefined {
  if (field.default !== undefined && field.default !== null) return typeof field.default === "string" ? field.default : JSON.stringify(field.default);
  return undefined;
}

function Control({ field, value, onChange, pointer, scope, diagnostics, id }: Props & { id: string }) {
  const found = useFindings(diagnostics, pointer, value);
  const placeholder = placeholderOf(field);
  const common = { label: field.label, scope, findings: found, ...(placeholder === undefined ? {} : { placeholder }) };
  switch (widgetOf(field, value)) {
    case "choice":
      return <Choice field={field} value={value} onChange={onChange} id={id} />;
    case "flag":
      return <input id={id} type="checkbox" className="flag" checked={value === true} onChange={(event) => onChange(event.target.checked || undefined)} />;
    case "number":
      return (
        <input
          id={id}
          type="number"
          className="input"
          placeholder={placeholder}
          value={typeof value === "number" ? value : ""}
          onChange={(event) => onChange(event.target.value === "" ? undefined : Number(event.target.value))}
        />
      );
    case "pairs":
      return <PairsField value={value as JsonObject | undefined} onChange={onChange} label={field.label} scope={scope} noun={noun(field.label)} />;
    case "value":
      return <ValueField value={value} onChange={onChange} {...common} />;
    case "text": {
      const text = value === undefined || value === null ? "" : typeof value === "string" ? value : JSON.stringify(value);
      const multiline = field.multiline === true;
      return <Code value={text} onChange={(next) => onChange(fieldValue(field, next))} multiline={multiline} {...common} />;
    }
  }
}

function noun(label: string): string {
  const lower = label.toLowerCase();
  if (lower === "query") return "parameter";
  return lower.replace(/s$/, "");
}

function Choice({ field, value, onChange, id }: Pick<Props, "field" | "value" | "onChange"> & { id: string }) {
  const fallback = typeof field.default === "string" ? field.default : undefined;
  return (
    <select id={id} className="input" value={value === undefined || value === null ? "" : String(value)} onChange={(event) => onChange(event.target.value || undefined)}>
      {(!field.required || value === undefined) && <option value="">{fallback === undefined ? "—" : `${fallback} (default)`}</option>}
      {choices(field)
        ?.filter((option) => option !== fallback || value === option || field.required)
        .map((option) => (
          <option key={option} value={option}>
            {option}
          </option>
        ))}
    </select>
  );
}

/** Between a choice and an expression. */
function ExpressionToggle({ field, value, onChange }: Props) {
  const written = widgetOf(field, value) !== "choice";
  return (
    <button
      type="button"
      className="fx"
      aria-pressed={written}
      title={written ? "Choose from the list" : "Use an expression"}
      onClick={() => onChange(written ? undefined : "{{  }}")}
    >
      fx
    </button>
  );
}
