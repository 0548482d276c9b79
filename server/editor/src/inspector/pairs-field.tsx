import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";

import type { Scope } from "../expr/scope";
import type { Json, JsonObject } from "../graph/document";
import { Button, IconButton } from "../ui/button";
import { ValueField } from "./value-field";
import { Code } from "./code";

interface Props {
  value: JsonObject | undefined;
  onChange: (value: JsonObject | undefined) => void;
  label: string;
  scope: Scope;
  /** What one entry is called: "header", "input". */
  noun: string;
  /** Whether values may be JSON; otherwise they are text. */
  json?: boolean;
  /** Only names that a record may have. */
  namePattern?: RegExp;
}

/** Names and values: headers, query parameters, the inputs of custom code. */
export function PairsField({ value, onChange, label, scope, noun, json, namePattern }: Props) {
  const entries = Object.entries(value ?? {});
  const [adding, setAdding] = useState(false);
  const put = (next: [string, Json][]) => onChange(next.length > 0 ? Object.fromEntries(next) : undefined);
  const rename = (at: number, name: string) => put(entries.map((entry, index) => (index === at ? [name, entry[1]] : entry)));
  const set = (at: number, next: Json | undefined) => put(entries.map((entry, index) => (index === at ? [entry[0], next ?? ""] : entry)));
  const names = entries.map(([name]) => name);
  return (
    <div className="pairs">
      {entries.map(([name, entry], at) => (
        <div className={`pair ${json ? "stacked" : ""}`} key={name}>
          <NameInput name={name} taken={names} noun={noun} pattern={namePattern} onDone={(next) => next !== name && rename(at, next)} />
          {json ? (
            <ValueField value={entry} onChange={(next) => set(at, next)} label={`${label}: ${name}`} scope={scope} />
          ) : (
            <Code value={String(entry ?? "")} onChange={(next) => set(at, next)} label={`${label}: ${name}`} scope={scope} />
          )}
          <IconButton label={`Remove ${name}`} small onClick={() => put(entries.filter((_, index) => index !== at))}>
            <Trash2 size={13} />
          </IconButton>
        </div>
      ))}
      {adding ? (
        <div className="pair">
          <NameInput
            name=""
            taken={names}
            noun={noun}
            pattern={namePattern}
            focus
            onDone={(name) => {
              setAdding(false);
              if (name) put([...entries, [name, ""]]);
            }}
          />
        </div>
      ) : (
        <Button small tone="quiet" onClick={() => setAdding(true)}>
          <Plus size={13} aria-hidden /> Add {noun}
        </Button>
      )}
    </div>
  );
}

interface NameProps {
  name: string;
  taken: string[];
  noun: string;
  pattern: RegExp | undefined;
  focus?: boolean;
  onDone: (name: string) => void;
}

function NameInput({ name, taken, noun, pattern, focus, onDone }: NameProps) {
  const [text, setText] = useState<string | null>(null);
  const shown = text ?? name;
  const fine = shown === name || (!taken.includes(shown) && (pattern === undefined || pattern.test(shown)));
  const finish = () => {
    setText(null);
    onDone(fine ? shown.trim() : name);
  };
  return (
    <input
      className="input mono pair-name"
      aria-label={`Name of the ${noun}`}
      aria-invalid={!fine}
      placeholder={noun}
      spellCheck={false}
      autoFocus={focus}
      value={shown}
      onChange={(event) => setText(event.target.value)}
      onBlur={finish}
      onKeyDown={(event) => {
        if (event.key === "Enter") event.currentTarget.blur();
        if (event.key === "Escape") setText(null);
      }}
    />
  );
}
