/** How many runs of the workflow may be at work at a time, and how many may begin in one. */

import { useId } from "react";

import { scopeOf } from "../expr/scope";
import type { GraphDocument, Json } from "../graph/document";
import { counted, keyScope, limitOf, rateOf, setLimit, setRate } from "../graph/limit";
import { diagnosticsOf, useCheck } from "../store/check";
import { useEditor } from "../store/editor";
import { useFindings } from "./catalogue-field";
import { Code } from "./code";
import { FieldRow } from "./field-row";

function edit(key: string, change: (doc: GraphDocument) => GraphDocument): void {
  useEditor.getState().edit({ label: "Edit the limit", key: `limit ${key}` }, change);
}

function shown(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

export function LimitSection() {
  const doc = useEditor((state) => state.doc);
  const diagnostics = useCheck((state) => diagnosticsOf(state, ""));
  const types = useCheck((state) => state.types);
  const limit = limitOf(doc);
  const rate = rateOf(doc);
  const id = useId();
  const put = (key: string, value: Json | undefined) => edit(key, (current) => setLimit(current, key, value));
  const putRate = (key: string, value: Json | undefined) => edit(`rate ${key}`, (current) => setRate(current, key, value));
  const findings = useFindings(diagnostics, "/limit/key", limit.key);
  const limited = Object.keys(limit).length > 0;
  return (
    <details className="more" open={limited || undefined}>
      <summary>Limit of its runs</summary>
      <FieldRow label="" pointer="/limit" diagnostics={diagnostics.filter((entry) => !entry.field?.startsWith("/limit/key"))}>
        <div className="grid-2">
          <label className="stack">
            At a time
            <input className="input mono" inputMode="numeric" placeholder="no limit" value={shown(limit.concurrency)} onChange={(event) => put("concurrency", counted(event.target.value))} />
          </label>
          <label className="stack">
            Shared as
            <input className="input" placeholder={doc.name} value={shown(limit.name)} onChange={(event) => put("name", event.target.value || undefined)} />
          </label>
          <label className="stack">
            Starts
            <input className="input mono" inputMode="numeric" placeholder="no limit" value={shown(rate.starts)} onChange={(event) => putRate("starts", counted(event.target.value))} />
          </label>
          <label className="stack">
            In
            <input className="input mono" placeholder="1m" value={shown(rate.period)} onChange={(event) => putRate("period", event.target.value || undefined)} />
          </label>
        </div>
        <div className="line">
          <label htmlFor={`${id}-hold`}>A run holds its place</label>
          <select id={`${id}-hold`} className="input" value={limit.hold === "while_active" ? "while_active" : "until_end"} onChange={(event) => put("hold", event.target.value === "while_active" ? "while_active" : undefined)}>
            <option value="until_end">until it ends</option>
            <option value="while_active">while it does not wait</option>
          </select>
        </div>
      </FieldRow>
      <FieldRow label="For each" pointer="/limit/key" diagnostics={diagnostics} doc="Runs with one key count together, and wait for each other. Without a key all do.">
        <Code
          value={shown(limit.key)}
          onChange={(text) => put("key", text === "" ? undefined : text)}
          label="Key of the limit"
          placeholder="{{ trigger.customer }}"
          scope={keyScope(scopeOf(doc, "", types))}
          findings={findings}
        />
      </FieldRow>
    </details>
  );
}
