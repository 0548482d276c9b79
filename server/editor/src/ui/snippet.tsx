import { CopyButton } from "./copy";

/** A few lines to copy. */
export function Snippet({ text, label }: { text: string; label: string }) {
  return (
    <div className="snippet">
      <pre className="scroll" tabIndex={0} aria-label={label}>
        <code>{text.trimEnd()}</code>
      </pre>
      <CopyButton text={text} label={`Copy ${label}`} />
    </div>
  );
}
