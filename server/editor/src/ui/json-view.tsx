/** JSON, read-only: coloured, folded where it is deep, cut where it is long. */

import { ChevronRight } from "lucide-react";
import { useState, type ReactNode } from "react";

import type { Json } from "../graph/document";

const LONG_TEXT = 400;
const LONG_LIST = 60;

export function JsonView({ value }: { value: Json | undefined }) {
  return (
    <div className="json scroll" tabIndex={0}>
      <Value value={value ?? null} depth={0} />
    </div>
  );
}

function Value({ value, depth, name }: { value: Json; depth: number; name?: ReactNode }) {
  if (Array.isArray(value)) return <Branch open="[" close="]" entries={value.map((entry) => [null, entry])} depth={depth} name={name} />;
  if (value !== null && typeof value === "object") {
    return <Branch open="{" close="}" entries={Object.entries(value)} depth={depth} name={name} />;
  }
  return (
    <div className="json-row">
      {name}
      <Leaf value={value} />
    </div>
  );
}

function Leaf({ value }: { value: null | boolean | number | string }) {
  const [whole, setWhole] = useState(false);
  if (typeof value !== "string") return <span className={value === null ? "json-null" : "json-atom"}>{String(value)}</span>;
  const cut = !whole && value.length > LONG_TEXT;
  return (
    <span className="json-text">
      {JSON.stringify(cut ? value.slice(0, LONG_TEXT) : value)}
      {cut && (
        <button type="button" className="json-more" onClick={() => setWhole(true)}>
          … {value.length - LONG_TEXT} more
        </button>
      )}
    </span>
  );
}

interface BranchProps {
  open: string;
  close: string;
  entries: [string | null, Json][];
  depth: number;
  name: ReactNode;
}

function Branch({ open, close, entries, depth, name }: BranchProps) {
  const [folded, setFolded] = useState(depth > 2 || entries.length > LONG_LIST);
  const [all, setAll] = useState(false);
  if (entries.length === 0) {
    return (
      <div className="json-row">
        {name}
        <span className="json-mark">{open + close}</span>
      </div>
    );
  }
  const shown = all ? entries : entries.slice(0, LONG_LIST);
  return (
    <div>
      <div className="json-row">
        <button type="button" className="json-fold" aria-expanded={!folded} aria-label={folded ? "Unfold" : "Fold"} onClick={() => setFolded(!folded)}>
          <ChevronRight size={12} />
        </button>
        {name}
        <span className="json-mark">{folded ? `${open} ${entries.length} ${close}` : open}</span>
      </div>
      {!folded && (
        <>
          <div className="json-inner">
            {shown.map(([key, entry], at) => (
              <Value key={key ?? at} value={entry} depth={depth + 1} name={key === null ? null : <span className="json-key">{key}:</span>} />
            ))}
            {shown.length < entries.length && (
              <button type="button" className="json-more" onClick={() => setAll(true)}>
                {entries.length - shown.length} more
              </button>
            )}
          </div>
          <span className="json-mark">{close}</span>
        </>
      )}
    </div>
  );
}
