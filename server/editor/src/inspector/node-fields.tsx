/** A node's form: the catalogue's fields, and the editors that some kinds need. */

import { useState } from "react";

import type { CatalogueField, CatalogueKind, Diagnostic } from "../api/types";
import { scopeOf, type Scope } from "../expr/scope";
import { stepInto } from "../expr/types";
import { findNode, hasRegions, isContainer, kindName, type GraphNode, type Json, type JsonObject, type NodeData } from "../graph/document";
import { setIn, setKey, updateData } from "../graph/edit";
import { useCheck } from "../store/check";
import { useEditor } from "../store/editor";
import { CasesField } from "./cases";
import { CatalogueFieldRow, useFindings } from "./catalogue-field";
import { FieldRow } from "./field-row";
import { PairsField } from "./pairs-field";
import { ScheduleFields } from "./schedule-fields";
import { sourceOf, TypeSource, withSource, type Source } from "./type-source";
import { ValueField } from "./value-field";

interface Props {
  node: GraphNode;
  kind: CatalogueKind | undefined;
  scope: Scope;
  diagnostics: readonly Diagnostic[];
}

function edit(node: GraphNode, label: string, change: (data: NodeData) => NodeData): void {
  useEditor.getState().edit({ label: `Edit ${label.toLowerCase()}`, key: `${node.id} ${label}` }, (doc) => updateData(doc, node.id, change));
}

const FIELD_NAME = /^[a-z][a-z0-9_]*$/;
/** Config values that hold a type source of their own. */
const TYPED_BY = new Set(["response", "output"]);

export function NodeFields(props: Props) {
  const { node, kind, scope, diagnostics } = props;
  const name = kindName(node.data.kind);
  const declared = kind?.inputs ?? [];
  const inputs = ordered(declared);
  const row = (group: "inputs" | "config", field: CatalogueField) => (
    <CatalogueFieldRow
      key={`${group} ${field.name}`}
      field={field}
      value={node.data[group]?.[field.name]}
      onChange={(value) => edit(node, field.label, (data) => setIn(data, group, field.name, value))}
      pointer={`/${group}/${field.name}`}
      scope={scope}
      diagnostics={diagnostics}
    />
  );
  const shownFirst = inputs.filter((field) => prominent(field, node, declared));
  const others = inputs.filter((field) => !shownFirst.includes(field));
  const config = (kind?.config ?? []).filter((field) => !SPECIAL.has(field.name) && !TYPED_BY.has(field.name));
  return (
    <>
      <RegionField {...props} />
      {name === "schedule" ? <ScheduleFields node={node} diagnostics={diagnostics} /> : config.map((field) => row("config", field))}
      {shownFirst.map((field) => row("inputs", field))}
      {name === "switch" && <CasesField node={node} scope={scope} diagnostics={diagnostics} />}
      {name === "custom" && <CustomInputs {...props} />}
      {isContainer(node) && <ResultField {...props} />}
      <More title="More options" count={others.length}>
        {others.map((field) => row("inputs", field))}
      </More>
      <TypeSources {...props} />
    </>
  );
}

const SPECIAL = new Set(["schema", "sample", "samples", "cases", "cron", "timezone"]);
const FEW = 4;

/** What is always in sight: the required, the set, everything of a short form, and how a request begins. */
function prominent(field: CatalogueField, node: GraphNode, all: CatalogueField[]): boolean {
  return field.required || all.length <= FEW || node.data.inputs?.[field.name] !== undefined || field.name === "method" || field.name === "json";
}

const FIRST = ["method", "url", "query", "headers", "json"];

/** Required fields first, a request in the order in which it is written. */
function ordered(fields: CatalogueField[]): CatalogueField[] {
  const rank = (field: CatalogueField) => {
    const at = FIRST.indexOf(field.name);
    if (at >= 0) return at;
    return field.required ? FIRST.length : FIRST.length + 1;
  };
  return [...fields].sort((a, b) => rank(a) - rank(b));
}

function More({ title, count, children }: { title: string; count: number; children: React.ReactNode }) {
  const [open, setOpen] = useState(false);
  if (count === 0) return null;
  return (
    <details className="more" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {title} <span className="quiet-text">{count}</span>
      </summary>
      {open && children}
    </details>
  );
}

function CustomInputs({ node, scope, diagnostics }: Props) {
  return (
    <FieldRow label="Inputs" pointer="/inputs" diagnostics={diagnostics} doc="The fields of the function's input.">
      <PairsField
        value={node.data.inputs}
        onChange={(value) => edit(node, "Inputs", (data) => setKey(data, "inputs", value))}
        label="Input"
        noun="input"
        scope={scope}
        json
        namePattern={FIELD_NAME}
      />
    </FieldRow>
  );
}

const TRY_REGIONS = ["body", "catch", "finally"];

/** In which part of a race or a try the node stands. */
function RegionField({ node, scope, diagnostics }: Props) {
  const parent = useEditor((state) => (node.parentId === undefined ? undefined : findNode(state.doc, node.parentId)));
  if (!parent || !hasRegions(parent)) return null;
  const isTry = kindName(parent.data.kind) === "try";
  const field: CatalogueField = {
    name: "region",
    label: isTry ? "Part" : "Branch",
    type: { type: "string" },
    required: true,
    expression: false,
    doc: isTry ? "Where in the try it stands." : "The branch of the race to which it belongs: a name of yours.",
    ...(isTry ? { options: TRY_REGIONS, default: "body" } : {}),
  };
  return (
    <CatalogueFieldRow
      field={field}
      value={node.data.region}
      onChange={(value) => edit(node, field.label, (data) => setKey(data, "region", value))}
      pointer="/region"
      scope={scope}
      diagnostics={diagnostics}
    />
  );
}

/** What the result of a container is, by its kind: label and sentence. */
const RESULTS: Record<string, [string, string]> = {
  for_each: ["Result of each item", "What one round gives; the loop gives the list of them."],
  while: ["Next state", "What the next round starts from; the loop gives the last state."],
  race: ["Results", "For each branch what it gives where it wins: {\"branch\": …}."],
  try: ["Results", "What body and catch give: {\"body\": …, \"catch\": …}."],
};

function ResultField({ node, diagnostics }: Props) {
  const [label, sentence] = RESULTS[kindName(node.data.kind)] ?? ["Result", "What it gives."];
  const doc = useEditor((state) => state.doc);
  const types = useCheck((state) => state.types);
  const inside = scopeOf(doc, node.id, types, true);
  const found = useFindings(diagnostics, "/result", node.data.result);
  return (
    <FieldRow label={label} pointer="/result" diagnostics={diagnostics} doc={sentence}>
      <ValueField
        value={node.data.result}
        onChange={(value) => edit(node, "Result", (data) => setKey(data, "result", value))}
        label={label}
        scope={inside}
        findings={found}
        placeholder="the output of the last step"
      />
    </FieldRow>
  );
}

/** The editors of payload and body types. */
function TypeSources({ node, kind, diagnostics }: Props) {
  const output = useCheck((state) => state.types[node.id]?.output);
  const fields = kind?.config ?? [];
  const own = fields.some((field) => field.name === "schema");
  const typed = fields.filter((field) => TYPED_BY.has(field.name));
  const asked = kindName(node.data.kind) === "approval";
  const putOwn = (source: Source) => edit(node, "Payload", (data) => setKey(data, "config", withSource(data.config, source)));
  const put = (field: CatalogueField) => (source: Source) =>
    edit(node, field.label, (data) => setIn(data, "config", field.name, Object.keys(source).length > 0 ? (source as JsonObject) : undefined));
  return (
    <>
      {own && (
        <FieldRow label={asked ? "What the form holds" : "Payload"} pointer="/config/schema" diagnostics={diagnostics}>
          <TypeSource
            source={sourceOf(node.data.config as Json | undefined)}
            onChange={putOwn}
            label={asked ? "What the form holds" : "Payload"}
            type={asked ? stepInto(output, "form") : output}
          />
        </FieldRow>
      )}
      {typed.map((field) => (
        <FieldRow key={field.name} label={field.name === "response" ? "Response body" : field.label} pointer={`/config/${field.name}`} diagnostics={diagnostics}>
          <TypeSource
            source={sourceOf(node.data.config?.[field.name])}
            onChange={put(field)}
            label={field.label}
            type={field.name === "response" ? stepInto(output, "body") : output}
          />
        </FieldRow>
      ))}
    </>
  );
}
