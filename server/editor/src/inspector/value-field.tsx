import type { Scope } from "../expr/scope";
import type { Json } from "../graph/document";
import { Code } from "./code";
import type { Finding } from "./spans";
import { useTyped } from "./use-typed";
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
  const { text, problem, change } = useTyped(value, valueToText, textToValue, onChange);
  return (
    <>
      <Code
        value={text}
        onChange={change}
        label={label}
        scope={scope}
        multiline
        json
        invalid={problem !== null}
        {...(findings && problem === null ? { findings } : {})}
        {...(placeholder === undefined ? {} : { placeholder })}
      />
      {problem && <div className="field-problem warn">{problem}</div>}
    </>
  );
}
