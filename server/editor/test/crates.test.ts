import { describe, expect, it } from "vitest";

import { bytes, given, pieces, tidy } from "../src/crates/signature";
import { cratePath, parseRoute } from "../src/router";
import { parseInline, parseMarkdown, safeHref } from "../src/ui/markdown";

const text = (value: string) => ({ kind: "text", text: value });

describe("readmes", () => {
  it("have the blocks that a readme has", () => {
    const source = "# A *crate*\n\nOne\ntwo.\n\n```mermaid\nflowchart TD\n```\n\n- a\n- b\n  1. c\n\n> said\n\n| x | y |\n|---|---|\n| `1\\|2` | 3 |\n\n---\n";
    const blocks = parseMarkdown(source);
    expect(blocks.map((block) => block.kind)).toEqual(["heading", "paragraph", "code", "list", "quote", "table", "rule"]);
    expect(blocks[0]).toEqual({ kind: "heading", level: 1, text: [text("A "), { kind: "emphasis", children: [text("crate")] }] });
    expect(blocks[2]).toEqual({ kind: "code", language: "mermaid", text: "flowchart TD" });
    const list = blocks[3];
    expect(list?.kind === "list" && list.items[1]?.[1]).toMatchObject({ kind: "list", ordered: true });
    const table = blocks[5];
    expect(table?.kind === "table" && table.rows[0]?.[0]).toEqual([{ kind: "code", text: "1|2" }]);
  });

  it("are text where they would be code", () => {
    expect(parseInline("<script>alert(1)</script>")).toEqual([text("<script>alert(1)</script>")]);
    for (const href of ["javascript:alert(1)", "JaVaScRiPt:x", "data:text/html,x", "//evil", "/local", "https://a\"b", "vbscript:x", " javascript:x"]) {
      expect(safeHref(href), href).toBeNull();
      expect(parseInline(`[a](${href})`).every((part) => part.kind !== "link"), href).toBe(true);
    }
    expect(parseInline("[a](https://a.b/c)")).toEqual([{ kind: "link", href: "https://a.b/c", children: [text("a")] }]);
    expect(parseInline("![the logo](https://a.b/c.png)")).toEqual([text("the logo")]);
    expect(parseInline("snake_case_name and \\*this\\*")).toEqual([text("snake_case_name and *this*")]);
  });

  it("take time in proportion to their length, whatever they are", () => {
    const start = performance.now();
    for (const part of ["[", "*", "`", "_a", "> ", "- ", "![](", "|\n", "<", "**a ", "1. ", "    ", "```\n"]) parseMarkdown(part.repeat(60_000));
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});

describe("signatures", () => {
  it("read as people write them", () => {
    expect(tidy("Result < Option < Vec < crate :: types :: A > > >")).toBe("Result<Option<Vec<crate::types::A>>>");
    expect(tidy("BTreeMap < String , [i64 ; 2] >")).toBe("BTreeMap<String, [i64; 2]>");
    expect(given("Result < ( ) >")).toBe("()");
    expect(pieces("Vec < Item >", new Set(["Item"]))).toContainEqual({ text: "Item", own: true });
    expect([bytes(12), bytes(6_104), bytes(3_000_000)]).toEqual(["12 B", "6.0 kB", "2.9 MB"]);
  });
});

describe("the places of crates", () => {
  it("name a crate and perhaps a version", () => {
    expect(parseRoute(cratePath("order-intake"))).toEqual({ page: "crate", name: "order-intake", version: null });
    expect(parseRoute(cratePath("a", "1.0.0-rc.1"))).toEqual({ page: "crate", name: "a", version: "1.0.0-rc.1" });
    for (const path of ["/crates", "/crates/", "/search"]) expect(parseRoute(path)).toEqual({ page: "crates" });
    expect(parseRoute("/crates/%E0%A4%A/1")).toMatchObject({ page: "crate" });
  });
});
