import { useState } from "react";

import type { Type } from "../api/types";
import { typeText } from "../expr/types";
import type { Json, JsonObject } from "../graph/document";
import { sampleOfSchema } from "../graph/samples";
import { schemaOfSample } from "../graph/schema";
import { ValueField } from "./value-field";

export interface Source {
  schema?: Json;
  sample?: Json;
  samples?: Json;
}

type Mode = "any" | "sample" | "samples" | "schema";

interface Props {
  source: Source;
  onChange: (source: Source) => void;
  label: string;
  /** The type that the check made of it. */
  type?: Type | undefined;
}

const NO_SCOPE = { names: [] };
const MODES: [Mode, string, string][] = [
  ["any", "Any", "Not checked: each use of a field is."],
  ["sample", "Sample", "The type is read off an example."],
  ["samples", "Samples", "The type is what several examples have in common."],
  ["schema", "Schema", "A JSON Schema."],
];

function modeOf(source: Source): Mode {
  if (source.schema !== undefined) return "schema";
  if (source.samples !== undefined) return "samples";
  return source.sample !== undefined ? "sample" : "any";
}

/** One example of what the source describes. */
function exampleOf({ schema, sample, samples }: Source): Json | undefined {
  if (sample !== undefined) return sample;
  if (Array.isArray(samples)) return samples[0];
  return schema === undefined ? undefined : sampleOfSchema(schema);
}

/** Where a type comes from: a sample or several, a JSON Schema, or nowhere. */
export function TypeSource({ source, onChange, label, type }: Props) {
  const mode = modeOf(source);
  const [shown, setShown] = useState<Mode>(mode);
  const active = mode === "any" ? shown : mode;
  const change = (next: Mode) => {
    setShown(next);
    const example = exampleOf(source);
    if (next === "any") onChange({});
    else if (next === "sample") onChange({ sample: example ?? {} });
    else if (next === "samples") onChange({ samples: source.samples ?? [example ?? {}] });
    else onChange({ schema: source.schema ?? (example === undefined ? { type: "object", properties: {} } : schemaOfSample(example)) });
  };
  return (
    <div className="type-source">
      <div className="segmented" role="radiogroup" aria-label={`Type of ${label.toLowerCase()}`}>
        {MODES.map(([name, title, doc]) => (
          <button key={name} type="button" role="radio" aria-checked={active === name} title={doc} onClick={() => change(name)}>
            {title}
          </button>
        ))}
      </div>
      {active === "sample" && <ValueField key="sample" value={source.sample} onChange={(value) => onChange(value === undefined ? {} : { sample: value })} label={`${label}: sample`} scope={NO_SCOPE} />}
      {active === "samples" && <ValueField key="samples" value={source.samples} onChange={(value) => onChange(value === undefined ? {} : { samples: value })} label={`${label}: samples`} scope={NO_SCOPE} />}
      {active === "schema" && <ValueField key="schema" value={source.schema} onChange={(value) => onChange(value === undefined ? {} : { schema: value })} label={`${label}: JSON Schema`} scope={NO_SCOPE} />}
      {type && active !== "any" && (
        <p className="field-doc">
          gives <code>{typeText(type)}</code>
        </p>
      )}
    </div>
  );
}

/** `{schema}`, `{sample}` or `{samples}` out of a config value. */
export function sourceOf(value: Json | undefined): Source {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return {};
  const { schema, sample, samples } = value;
  return { ...(schema === undefined ? {} : { schema }), ...(sample === undefined ? {} : { sample }), ...(samples === undefined ? {} : { samples }) };
}

/** The config with another source, its other keys kept. */
export function withSource(config: JsonObject | undefined, source: Source): JsonObject | undefined {
  const { schema: _schema, sample: _sample, samples: _samples, ...rest } = config ?? {};
  const next = { ...rest, ...source } as JsonObject;
  return Object.keys(next).length > 0 ? next : undefined;
}
