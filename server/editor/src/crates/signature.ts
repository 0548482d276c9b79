/** Rust types as people write them: the model has them as tokens, with a space between each two. */

/** `Option < Vec < String > >` gives `Option<Vec<String>>`. */
export function tidy(type: string): string {
  return type
    .replace(/\s*(::|[<>()[\];])\s*/g, "$1")
    .replace(/\s*,\s*/g, ", ")
    .replace(/, ([>)\]])/g, "$1")
    .replace(/;/g, "; ")
    .replace(/&\s+/g, "&")
    .trim();
}

/** What stands in `Result<…>`, which every workflow gives. */
export function given(output: string): string {
  return /^Result<(.*)>$/.exec(tidy(output))?.[1] ?? tidy(output);
}

/** The text in pieces, of which some are names of the crate's own types. */
export function pieces(type: string, own: ReadonlySet<string>): { text: string; own: boolean }[] {
  return tidy(type)
    .split(/(\b[A-Za-z_]\w*\b)/)
    .filter((text) => text !== "")
    .map((text) => ({ text, own: own.has(text) }));
}

export function bytes(size: number): string {
  if (size < 1_024) return `${size} B`;
  return size < 1_048_576 ? `${(size / 1_024).toFixed(1)} kB` : `${(size / 1_048_576).toFixed(1)} MB`;
}
