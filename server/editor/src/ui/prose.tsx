import { Fragment } from "react";

/** One paragraph with `code` in it, as the catalogue and the diagnostics write. */
export function Prose({ text }: { text: string }) {
  return text.split(/`([^`]*)`/).map((part, at) => (at % 2 === 1 ? <code key={at}>{part}</code> : <Fragment key={at}>{part}</Fragment>));
}
