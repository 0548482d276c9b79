import { ArrowDown, ArrowUp, Plus, Trash2 } from "lucide-react";
import { useState } from "react";

import type { Diagnostic } from "../api/types";
import type { Scope } from "../expr/scope";
import type { GraphNode, Json, JsonObject } from "../graph/document";
import { renameHandle, setIn, updateData } from "../graph/edit";
import { switchCases, type SwitchCase } from "../graph/handles";
import { freeId } from "../graph/ids";
import { useEditor } from "../store/editor";
import { Button, IconButton } from "../ui/button";
import { Code } from "./code";
import { FieldRow } from "./field-row";
import { ValueField } from "./value-field";

const CASE_NAME = /^[a-z][a-z0-9_]*$/;
const FIXED = new Set(["default", "error", "out", "in"]);

interface Props {
  node: GraphNode;
  scope: Scope;
  diagnostics: readonly Diagnostic[];
}

/** The cases of a switch, in order; each is an output of the node. */
export function CasesField({ node, scope, diagnostics }: Props) {
  const cases = switchCases(node);
  const byValue = node.data.inputs?.value !== undefined;
  const { edit } = useEditor.getState();
  const put = (next: SwitchCase[], label: string, key?: string) =>
    edit({ label, ...(key === undefined ? {} : { key }) }, (doc) => updateData(doc, node.id, (data) => setIn(data, "config", "cases", next as unknown as Json)));
  const set = (at: number, change: JsonObject) => {
    const { name } = cases[at] ?? { name: "" };
    const next = cases.map((entry, index) => (index === at ? ({ name, ...change } as SwitchCase) : entry));
    put(next, "Edit a case", `case ${node.id} ${at}`);
  };
  const rename = (at: number, name: string) => {
    const from = cases[at]?.name ?? "";
    const next = cases.map((entry, index) => (index === at ? { ...entry, name } : entry));
    edit({ label: "Rename a case" }, (doc) =>
      updateData(renameHandle(doc, node.id, from, name), node.id, (data) => setIn(data, "config", "cases", next as unknown as Json)),
    );
  };
  const move = (at: number, by: number) => {
    const next = [...cases];
    const [entry] = next.splice(at, 1);
    if (entry) next.splice(at + by, 0, entry);
    put(next, "Move a case");
  };
  const add = () => {
    const name = freeId("case", new Set(cases.map((entry) => entry.name)));
    put([...cases, byValue ? { name, equals: "" } : { name, when: "{{  }}" }], "Add a case");
  };
  return (
    <FieldRow label="Cases" pointer="/config/cases" diagnostics={diagnostics} doc="The first that holds decides; each is an output of the node.">
      <div className="cases">
        {cases.map((entry, at) => (
          <div className="case" key={entry.name}>
            <div className="case-head">
              <CaseName name={entry.name} taken={cases.map((other) => other.name)} onRename={(name) => rename(at, name)} />
              <IconButton label="Move up" small disabled={at === 0} onClick={() => move(at, -1)}>
                <ArrowUp size={13} />
              </IconButton>
              <IconButton label="Move down" small disabled={at === cases.length - 1} onClick={() => move(at, 1)}>
                <ArrowDown size={13} />
              </IconButton>
              <IconButton label={`Remove the case ${entry.name}`} small onClick={() => put(cases.filter((_, index) => index !== at), "Remove a case")}>
                <Trash2 size={13} />
              </IconButton>
            </div>
            {entry.when === undefined ? (
              <ValueField value={entry.equals as Json | undefined} onChange={(equals) => set(at, { equals: equals ?? "" })} label={`Case ${entry.name} equals`} scope={{ names: [] }} placeholder="equals…" />
            ) : (
              <Code value={entry.when} onChange={(when) => set(at, { when })} label={`Case ${entry.name} when`} scope={scope} placeholder="{{ when… }}" />
            )}
          </div>
        ))}
        <Button small tone="quiet" onClick={add}>
          <Plus size={13} aria-hidden /> Add case
        </Button>
      </div>
    </FieldRow>
  );
}

function CaseName({ name, taken, onRename }: { name: string; taken: string[]; onRename: (name: string) => void }) {
  const [text, setText] = useState<string | null>(null);
  const shown = text ?? name;
  const fine = shown === name || (CASE_NAME.test(shown) && !FIXED.has(shown) && !taken.includes(shown));
  return (
    <input
      className="input mono"
      aria-label="Name of the case"
      aria-invalid={!fine}
      spellCheck={false}
      value={shown}
      onChange={(event) => setText(event.target.value)}
      onBlur={() => {
        if (fine && shown !== name) onRename(shown);
        setText(null);
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter") event.currentTarget.blur();
      }}
    />
  );
}
