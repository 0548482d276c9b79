import { useState } from "react";

import type { Scope } from "../expr/scope";
import type { Json } from "../graph/document";
import { Code } from "./code";
import type { Finding } from "./spans";
import { textToValue, valueToText } from "./values";

interface Props {
  value: Json | undefined;
  onChange: (value: Json | undefined) => void;
  label: string;
  scope: Scope;
  findings?: readonly Finding[];
  placeholder?: string;
}

/** Any value: text with expressions, or JSON whose texts may hold some. */
export function ValueField({ value, onChange, label, scope, findings, placeholder }: Props) {
  // Text that is no JSON yet is kept here; the document keeps the last value that was.
  const [broken, setBroken] = useState<{ text: string; problem: string } | null>(null);
  // What was typed is shown as typed while it still stands for the value: no reformatting under the cursor.
  const [typed, setTyped] = useState<{ text: string; value: Json | undefined } | null>(null);
  const text = broken?.text ?? (typed && same(typed.value, value) ? typed.text : valueToText(value));
  const change = (next: string) => {
    const parsed = textToValue(next);
    if ("problem" in parsed) return setBroken({ text: next, problem: parsed.problem });
    setBroken(null);
    setTyped({ text: next, value: parsed.value });
    onChange(parsed.value);
  };
  return (
    <>
      <Code
        value={text}
        onChange={change}
        label={label}
        scope={scope}
        multiline
        json
        invalid={broken !== null}
        {...(findings && !broken ? { findings } : {})}
        {...(placeholder === undefined ? {} : { placeholder })}
      />
      {broken && <div className="field-problem warn">{broken.problem}</div>}
    </>
  );
}

function same(left: Json | undefined, right: Json | undefined): boolean {
  return left === right || JSON.stringify(left) === JSON.stringify(right);
}
