/** Places in a text, as the checker gives them and as an editor wants them. */

export interface Finding {
  /** In UTF-16 units of the text. */
  from: number;
  to: number;
  tone: "bad" | "warn";
  text: string;
}

/** A byte offset as an index into a JavaScript string. */
export function indexOfByte(text: string, byte: number): number {
  let bytes = 0;
  let index = 0;
  for (const char of text) {
    if (bytes >= byte) return index;
    bytes += new TextEncoder().encode(char).length;
    index += char.length;
  }
  return index;
}
