/** One field of the catalogue's form, with the control that fits its type. */

import { useId, useMemo } from "react";

import type { CatalogueField, Diagnostic } from "../api/types";
import type { Scope } from "../expr/scope";
import { typeText } from "../expr/types";
import type { Json, JsonObject } from "../graph/document";
import { Code } from "./code";
import type { CodeFieldProps } from "./code-field";
import { FieldRow } from "./field-row";
import { findingsIn, type Finding } from "./spans";
import { PairsField } from "./pairs-field";
import { useTyped } from "./use-typed";
import { ValueField } from "./value-field";
import { choices, choiceValue, fieldValue, widgetOf } from "./values";

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
      label={written(field.label)}
      pointer={pointer}
      diagnostics={diagnostics}
      {...(widgetOf(field, value) === "choice" ? {} : { type: typeText(field.type) })}
      required={field.required}
      doc={field.doc}
      htmlFor={id}
      tools={choices(field) && field.expression ? <ExpressionToggle {...props} /> : undefined}
    >
      <Control {...props} id={id} key={widgetOf(field, value)} />
    </FieldRow>
  );
}

const ACRONYMS: Record<string, string> = { Url: "URL", Json: "JSON", Html: "HTML", Id: "ID", Api: "API" };

/** The catalogue makes labels out of names: `url` comes as "Url". */
function written(label: string): string {
  return ACRONYMS[label] ?? label;
}

/** Spans of diagnostics, as positions in the field's text. */
export function useFindings(diagnostics: readonly Diagnostic[], pointer: string, value: Json | undefined): Finding[] {
  return useMemo(() => findingsIn(diagnostics, pointer, value), [diagnostics, pointer, value]);
}

function placeholderOf(field: CatalogueField): string | undefined {
  if (field.default !== undefined && field.default !== null) return typeof field.default === "string" ? field.default : JSON.stringify(field.default);
  return undefined;
}

function Control({ field, value, onChange, pointer, scope, diagnostics, id }: Props & { id: string }) {
  const found = useFindings(diagnostics, pointer, value);
  const placeholder = placeholderOf(field);
  const common = { label: written(field.label), scope, findings: found, ...(placeholder === undefined ? {} : { placeholder }) };
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
    case "text":
      return <TextField value={value} onChange={onChange} field={field} {...common} />;
  }
}

type TextProps = Omit<CodeFieldProps, "value" | "onChange"> & Pick<Props, "field" | "value" | "onChange">;

/** Text with expressions; in a field of numbers, digits alone are a number. */
function TextField({ field, value, onChange, ...rest }: TextProps) {
  const { text, change } = useTyped(value, plainText, (typed) => ({ value: fieldValue(field, typed) }), onChange);
  return <Code value={text} onChange={change} multiline={field.multiline === true} {...rest} />;
}

function plainText(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function noun(label: string): string {
  const lower = label.toLowerCase();
  if (lower === "query") return "parameter";
  return lower.replace(/s$/, "");
}

function Choice({ field, value, onChange, id }: Pick<Props, "field" | "value" | "onChange"> & { id: string }) {
  const fallback = typeof field.default === "string" ? field.default : undefined;
  return (
    <select id={id} className="input" value={value === undefined || value === null ? "" : String(value)} onChange={(event) => onChange(choiceValue(field, event.target.value))}>
      {(!field.required || value === undefined) && <option value="">{fallback === undefined ? "—" : `${fallback} (default)`}</option>}
      {choices(field)
        ?.filter((option) => option !== fallback || value === option || field.required)
        .map((option) => (
          <option key={option} value={option}>
            {SAID[option] ?? option}
          </option>
        ))}
    </select>
  );
}

const SAID: Record<string, string> = { true: "yes", false: "no" };

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
