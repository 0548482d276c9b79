import { useReducer, useRef } from "react";

import type { Json } from "../graph/document";
import type { Parsed } from "./values";

interface Typed {
  text: string;
  parsed: Parsed;
  /** The value beneath a text that is none yet: once it changes from outside, the text gives way. */
  beneath: Json | undefined;
}

/**
 * A value edited as text. What was typed is shown as typed while it stands for the value: no
 * reformatting under the cursor, and text that is no value yet stays without reaching the document.
 *
 * Kept in a ref: the store's render may come before one of React's own state would have.
 */
export function useTyped(
  value: Json | undefined,
  toText: (value: Json | undefined) => string,
  parse: (text: string) => Parsed,
  onChange: (value: Json | undefined) => void,
): { text: string; problem: string | null; change: (text: string) => void } {
  const typed = useRef<Typed | null>(null);
  const [, render] = useReducer((count: number) => count + 1, 0);
  const last = typed.current;
  const holds = last !== null && same("problem" in last.parsed ? last.beneath : last.parsed.value, value);
  return {
    text: holds ? last.text : toText(value),
    problem: holds && "problem" in last.parsed ? last.parsed.problem : null,
    change(text) {
      const parsed = parse(text);
      typed.current = { text, parsed, beneath: value };
      if ("value" in parsed) onChange(parsed.value);
      render();
    },
  };
}

function same(left: Json | undefined, right: Json | undefined): boolean {
  return left === right || JSON.stringify(left) === JSON.stringify(right);
}
