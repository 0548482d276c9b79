import { Fragment, useMemo } from "react";

import { parseMarkdown, type Block, type Inline } from "./markdown";
import { CopyButton } from "./copy";

/** A readme. Its headings stand one level below those of the page. */
export function Markdown({ text }: { text: string }) {
  const blocks = useMemo(() => parseMarkdown(text), [text]);
  return (
    <div className="markdown">
      <Blocks blocks={blocks} />
    </div>
  );
}

function Blocks({ blocks }: { blocks: Block[] }) {
  return blocks.map((block, at) => <BlockView key={at} block={block} />);
}

function BlockView({ block }: { block: Block }) {
  switch (block.kind) {
    case "heading": {
      const Heading = `h${Math.min(block.level + 2, 6)}` as "h3" | "h4" | "h5" | "h6";
      return (
        <Heading>
          <Line text={block.text} />
        </Heading>
      );
    }
    case "paragraph":
      return (
        <p>
          <Line text={block.text} />
        </p>
      );
    case "code":
      return <Code language={block.language} text={block.text} />;
    case "list": {
      const List = block.ordered ? "ol" : "ul";
      return (
        <List>
          {block.items.map((item, at) => (
            <li key={at}>
              <Item blocks={item} />
            </li>
          ))}
        </List>
      );
    }
    case "quote":
      return (
        <blockquote>
          <Blocks blocks={block.blocks} />
        </blockquote>
      );
    case "table":
      return <Table block={block} />;
    case "rule":
      return <hr />;
  }
}

/** An item of one paragraph stands without the space around it. */
function Item({ blocks }: { blocks: Block[] }) {
  const [first, ...rest] = blocks;
  if (first?.kind !== "paragraph") return <Blocks blocks={blocks} />;
  return (
    <>
      <Line text={first.text} />
      <Blocks blocks={rest} />
    </>
  );
}

function Code({ language, text }: { language: string; text: string }) {
  return (
    <div className="snippet">
      <pre className="scroll" tabIndex={0} aria-label={language === "mermaid" ? "Diagram, as Mermaid" : `Code${language ? `, ${language}` : ""}`}>
        <code>{text}</code>
      </pre>
      <CopyButton text={text} label={language === "mermaid" ? "Copy the diagram" : "Copy the code"} />
    </div>
  );
}

function Table({ block }: { block: Extract<Block, { kind: "table" }> }) {
  return (
    <div className="scroll">
      <table>
        <thead>
          <tr>
            {block.head.map((cell, at) => (
              <th key={at}>
                <Line text={cell} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {block.rows.map((row, at) => (
            <tr key={at}>
              {row.map((cell, column) => (
                <td key={column}>
                  <Line text={cell} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Line({ text }: { text: Inline[] }) {
  return text.map((part, at) => <Part key={at} part={part} />);
}

function Part({ part }: { part: Inline }) {
  switch (part.kind) {
    case "text":
      return <Fragment>{part.text}</Fragment>;
    case "code":
      return <code>{part.text}</code>;
    case "strong":
      return (
        <strong>
          <Line text={part.children} />
        </strong>
      );
    case "emphasis":
      return (
        <em>
          <Line text={part.children} />
        </em>
      );
    case "link":
      return (
        <a className="link" href={part.href} target="_blank" rel="noopener noreferrer">
          <Line text={part.children} />
        </a>
      );
  }
}
