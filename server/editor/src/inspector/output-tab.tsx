import { ChevronRight, Sparkles } from "lucide-react";
import { useState } from "react";

import { useNodeRun } from "../canvas/badges";
import type { CatalogueKind, Run, Type } from "../api/types";
import type { Scope } from "../expr/scope";
import { partsOf, typeText, unwrap } from "../expr/types";
import { valueInRun } from "../expr/value";
import type { GraphNode, Json } from "../graph/document";
import { setIn, setKey, updateData } from "../graph/edit";
import { groupOf } from "../graph/handles";
import { useCheck } from "../store/check";
import { useEditor } from "../store/editor";
import { useRuns } from "../store/runs";
import { toast, useUi } from "../store/ui";
import { Button } from "../ui/button";
import { CopyButton } from "../ui/copy";
import { JsonView } from "../ui/json-view";
import { sourceOf, withSource } from "./type-source";

/** What the node gives, what it may use, and what it saw in the run that is shown. */
export function OutputTab({ node, scope }: { node: GraphNode; scope: Scope }) {
  const output = useCheck((state) => state.types[node.id]?.output);
  const { steps } = useNodeRun(node.id);
  const step = steps.at(-1);
  return (
    <div className="inspector-body scroll">
      <SampleOffer node={node} />
      {step && (
        <section className="section first">
          <h3>
            In this run <code>{step.path}</code>
          </h3>
          <h4>Input</h4>
          <JsonView value={step.input} />
          <h4>Output</h4>
          {step.error ? <p className="form-problem">{step.error.message}</p> : <JsonView value={step.output} />}
        </section>
      )}
      <section className="section first">
        <h3>Output</h3>
        {output ? (
          <ul className="type-tree">
            <TypeTree name={`steps.${node.id}`} type={output} path={`steps.${node.id}`} />
          </ul>
        ) : (
          <p className="quiet-text">Nothing that others can use.</p>
        )}
      </section>
      <section className="section">
        <h3>What it may use</h3>
        <ul className="type-tree">
          {scope.names.map(({ name, type }) => (
            <TypeTree key={name} name={name} type={type} path={name} />
          ))}
        </ul>
      </section>
    </div>
  );
}

/** Real data gives the best types: what a run brought becomes the sample. */
function SampleOffer({ node }: { node: GraphNode }) {
  const run = useRuns((state) => state.current);
  const kind = useUi((state) => state.catalogue.get(node.data.kind));
  const sample = run && sampleOf(node, kind, run);
  if (!sample) return null;
  const use = () => {
    useEditor.getState().edit({ label: "Use as sample" }, (doc) => updateData(doc, node.id, (data) => (sample.own ? setKey(data, "config", withSource(data.config, { sample: sample.value })) : setIn(data, "config", "response", { sample: sample.value }))));
    toast("good", "The type now comes from this run");
  };
  return (
    <Button small onClick={use}>
      <Sparkles size={13} aria-hidden /> Take the type from this run
    </Button>
  );
}

/** What the run shows of an untyped payload or response body. */
function sampleOf(node: GraphNode, kind: CatalogueKind | undefined, run: Run): { value: Json; own: boolean } | null {
  const source = sourceOf(node.data.config as Json | undefined);
  if (groupOf(node, kind) === "trigger") {
    return run.input === undefined || run.input === null || source.schema !== undefined || source.sample !== undefined ? null : { value: run.input, own: true };
  }
  if (node.data.config?.response !== undefined || !kind?.config.some((field) => field.name === "response")) return null;
  const body = valueInRun(run, `steps.${node.id}.body`);
  return body === undefined || body === null ? null : { value: body as Json, own: false };
}

const DEPTH = 5;

function TypeTree({ name, type, path, depth = 0 }: { name: string; type: Type | undefined; path: string; depth?: number }) {
  const inner = unwrap(type);
  const element = inner?.type === "list" ? unwrap(inner.items) : undefined;
  const parts = depth < DEPTH ? partsOf(element ?? inner) : [];
  const [open, setOpen] = useState(depth === 0 && parts.length <= 8);
  const below = element ? `${path}[0]` : path;
  return (
    <li>
      <div className="tree-row">
        {parts.length > 0 ? (
          <button type="button" className="json-fold" aria-expanded={open} aria-label={`Parts of ${name}`} onClick={() => setOpen(!open)}>
            <ChevronRight size={12} aria-hidden />
          </button>
        ) : (
          <span className="tree-gap" />
        )}
        <code className="tree-name">{name}</code>
        <code className="tree-type">{typeText(type)}</code>
        <CopyButton text={`{{ ${path} }}`} label={`Copy {{ ${path} }}`} />
      </div>
      {open && parts.length > 0 && (
        <ul>
          {parts.map(([part, partType, written]) => (
            <TypeTree key={part} name={part} type={partType} path={`${below}${written}`} depth={depth + 1} />
          ))}
        </ul>
      )}
    </li>
  );
}
