/**
 * Markdown as readmes use it, to a tree that React shows: nothing here becomes HTML, so a readme
 * of a stranger is text whatever stands in it. Each function is linear in its text.
 */

export type Inline =
  | { kind: "text" | "code"; text: string }
  | { kind: "strong" | "emphasis"; children: Inline[] }
  | { kind: "link"; href: string; children: Inline[] };

export type Block =
  | { kind: "heading"; level: number; text: Inline[] }
  | { kind: "paragraph"; text: Inline[] }
  | { kind: "code"; language: string; text: string }
  | { kind: "list"; ordered: boolean; items: Block[][] }
  | { kind: "quote"; blocks: Block[] }
  | { kind: "table"; head: Inline[][]; rows: Inline[][][] }
  | { kind: "rule" };

/** How deep lists and quotes go. */
const DEEPEST = 6;
/** How far the end of a mark is looked for. */
const FARTHEST = 2_000;

const FENCE = /^ {0,3}(`{3,}|~{3,})\s*([^\s`]*)/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*$/;
const RULE = /^ {0,3}([-*_])(?:\s*\1){2,}\s*$/;
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])(\s+)(.*)$/;
const QUOTE = /^ {0,3}> ?(.*)$/;
const TABLE_LINE = /^\s*\|?(?:\s*:?-+:?\s*\|)+\s*:?-*:?\s*$/;

export function parseMarkdown(text: string, depth = 0): Block[] {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    const [block, next] = read(lines, at, depth);
    if (block) blocks.push(block);
    at = next;
  }
  return blocks;
}

/** The block that begins at a line, and the line after it. */
function read(lines: string[], at: number, depth: number): [Block | null, number] {
  const line = lines[at] ?? "";
  if (line.trim() === "") return [null, at + 1];
  const fence = FENCE.exec(line);
  if (fence) return code(lines, at, fence[1] ?? "```", fence[2] ?? "");
  const heading = HEADING.exec(line);
  if (heading) return [{ kind: "heading", level: heading[1]?.length ?? 1, text: parseInline(heading[2] ?? "") }, at + 1];
  if (RULE.test(line)) return [{ kind: "rule" }, at + 1];
  if (depth < DEEPEST && QUOTE.test(line)) return quote(lines, at, depth);
  if (depth < DEEPEST && ITEM.test(line)) return list(lines, at, depth);
  if (line.includes("|") && TABLE_LINE.test(lines[at + 1] ?? "")) return table(lines, at);
  return paragraph(lines, at, depth);
}

function code(lines: string[], at: number, fence: string, language: string): [Block, number] {
  let end = at + 1;
  const closes = (line: string) => line.trim().startsWith(fence) && /^[`~]+$/.test(line.trim());
  while (end < lines.length && !closes(lines[end] ?? "")) end += 1;
  return [{ kind: "code", language: language.split(",")[0] ?? "", text: lines.slice(at + 1, end).join("\n") }, end + 1];
}

function quote(lines: string[], at: number, depth: number): [Block, number] {
  let end = at;
  const inner: string[] = [];
  for (let found = QUOTE.exec(lines[end] ?? ""); found; found = QUOTE.exec(lines[end] ?? "")) {
    inner.push(found[1] ?? "");
    end += 1;
  }
  return [{ kind: "quote", blocks: parseMarkdown(inner.join("\n"), depth + 1) }, end];
}

function list(lines: string[], at: number, depth: number): [Block, number] {
  const ordered = /\d/.test(ITEM.exec(lines[at] ?? "")?.[2] ?? "");
  const items: Block[][] = [];
  let end = at;
  for (;;) {
    const found = ITEM.exec(lines[end] ?? "");
    if (!found || /\d/.test(found[2] ?? "") !== ordered || RULE.test(lines[end] ?? "")) break;
    const indent = (found[1] ?? "").length + (found[2] ?? "").length + Math.min((found[3] ?? " ").length, 4);
    const inner = [found[4] ?? ""];
    end += 1;
    while (end < lines.length && continues(lines, end, indent)) {
      inner.push((lines[end] ?? "").slice(Math.min(indent, leading(lines[end] ?? ""))));
      end += 1;
    }
    items.push(parseMarkdown(inner.join("\n"), depth + 1));
    while (end + 1 < lines.length && lines[end]?.trim() === "" && ITEM.test(lines[end + 1] ?? "")) end += 1;
  }
  return [{ kind: "list", ordered, items }, end];
}

/** Whether a line still belongs to the item before it. */
function continues(lines: string[], at: number, indent: number): boolean {
  const line = lines[at] ?? "";
  if (line.trim() === "") return (lines[at + 1] ?? "").trim() !== "" && leading(lines[at + 1] ?? "") >= indent;
  return leading(line) >= indent || (!ITEM.test(line) && !begins(line) && lines[at - 1]?.trim() !== "");
}

function leading(line: string): number {
  return line.length - line.trimStart().length;
}

function begins(line: string): boolean {
  return FENCE.test(line) || HEADING.test(line) || RULE.test(line) || QUOTE.test(line);
}

function table(lines: string[], at: number): [Block, number] {
  const head = cells(lines[at] ?? "");
  let end = at + 2;
  const rows: Inline[][][] = [];
  while (end < lines.length && (lines[end] ?? "").includes("|")) {
    const row = cells(lines[end] ?? "").slice(0, head.length);
    rows.push(row);
    end += 1;
  }
  return [{ kind: "table", head, rows }, end];
}

function cells(line: string): Inline[][] {
  const bare = line.trim().replace(/^\|/, "").replace(/\|$/, "");
  return bare.split(/(?<!\\)\|/).map((cell) => parseInline(cell.trim().replaceAll("\\|", "|")));
}

function paragraph(lines: string[], at: number, depth: number): [Block, number] {
  let end = at + 1;
  const goesOn = (line: string) => line.trim() !== "" && !begins(line) && !(depth < DEEPEST && ITEM.test(line));
  while (end < lines.length && goesOn(lines[end] ?? "")) end += 1;
  return [{ kind: "paragraph", text: parseInline(lines.slice(at, end).join("\n").trim()) }, end];
}

/** Only these leave the page; all other addresses are shown as text. */
export function safeHref(href: string): string | null {
  return /^(https?:\/\/|mailto:)[^\s<>"']+$/i.test(href) ? href : null;
}

export function parseInline(text: string, depth = 0): Inline[] {
  const found: Inline[] = [];
  let plain = "";
  const flush = () => {
    if (plain) found.push({ kind: "text", text: plain });
    plain = "";
  };
  let at = 0;
  while (at < text.length) {
    const mark = depth < DEEPEST ? inlineAt(text, at, depth) : null;
    if (!mark) {
      const escaped = text[at] === "\\" && /[!-/:-@[-`{-~]/.test(text[at + 1] ?? "");
      plain += text[escaped ? at + 1 : at] ?? "";
      at += escaped ? 2 : 1;
      continue;
    }
    flush();
    found.push(...mark.inline);
    at = mark.end;
  }
  flush();
  return found;
}

interface Mark {
  inline: Inline[];
  end: number;
}

function inlineAt(text: string, at: number, depth: number): Mark | null {
  switch (text[at]) {
    case "`":
      return codeAt(text, at);
    case "!":
      return text[at + 1] === "[" ? imageAt(text, at, depth) : null;
    case "[":
      return linkAt(text, at, depth);
    case "<":
      return addressAt(text, at);
    case "*":
    case "_":
      return emphasisAt(text, at, depth);
    default:
      return null;
  }
}

function find(text: string, what: string, from: number): number {
  const near = text.slice(from, from + FARTHEST).indexOf(what);
  return near < 0 ? -1 : from + near;
}

function codeAt(text: string, at: number): Mark | null {
  const ticks = /^`+/.exec(text.slice(at, at + 10))?.[0] ?? "`";
  const end = find(text, ticks, at + ticks.length);
  if (end < 0) return null;
  const inner = text.slice(at + ticks.length, end).replaceAll("\n", " ");
  const bare = inner.length > 2 && inner.startsWith(" ") && inner.endsWith(" ") ? inner.slice(1, -1) : inner;
  return { inline: [{ kind: "code", text: bare }], end: end + ticks.length };
}

function linkAt(text: string, at: number, depth: number): Mark | null {
  const close = find(text, "](", at + 1);
  const end = close < 0 ? -1 : find(text, ")", close + 2);
  if (end < 0) return null;
  const children = parseInline(text.slice(at + 1, close), depth + 1);
  const href = safeHref((text.slice(close + 2, end).trim().split(/\s/)[0] ?? "").replace(/^<|>$/g, ""));
  return { inline: href ? [{ kind: "link", href, children }] : children, end: end + 1 };
}

/** An image is its words: nothing is loaded from elsewhere. */
function imageAt(text: string, at: number, depth: number): Mark | null {
  const link = linkAt(text, at + 1, depth);
  return link && { inline: link.inline.flatMap((entry) => (entry.kind === "link" ? entry.children : [entry])), end: link.end };
}

function addressAt(text: string, at: number): Mark | null {
  const end = find(text, ">", at);
  const href = end < 0 ? null : safeHref(text.slice(at + 1, end));
  return href ? { inline: [{ kind: "link", href, children: [{ kind: "text", text: href }] }], end: end + 1 } : null;
}

function emphasisAt(text: string, at: number, depth: number): Mark | null {
  const mark = text[at] ?? "*";
  const strong = text[at + 1] === mark;
  const sign = strong ? mark + mark : mark;
  const from = at + sign.length;
  // `snake_case` is a name, not emphasis.
  if (/\s/.test(text[from] ?? " ") || (mark === "_" && /\w/.test(text[at - 1] ?? ""))) return null;
  const end = find(text, sign, from + 1);
  if (end < 0 || /\s/.test(text[end - 1] ?? " ") || (mark === "_" && /\w/.test(text[end + sign.length] ?? ""))) return null;
  return { inline: [{ kind: strong ? "strong" : "emphasis", children: parseInline(text.slice(from, end), depth + 1) }], end: end + sign.length };
}
