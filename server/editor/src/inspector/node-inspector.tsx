import { useMemo, useRef, useState } from "react";

import { useNodeRun } from "../canvas/badges";
import { scopeOf } from "../expr/scope";
import { kindName, type GraphNode } from "../graph/document";
import { setKey, updateData } from "../graph/edit";
import { followLabel } from "../graph/follow";
import { groupOf, type Group } from "../graph/handles";
import { diagnosticsOf, useCheck } from "../store/check";
import { useEditor } from "../store/editor";
import { useUi } from "../store/ui";
import { HookUrl, hookUrl } from "../panels/webhook-urls";
import { KindIcon } from "../ui/kind-icon";
import { Prose } from "../ui/prose";
import { BehaviourSection } from "./behaviour";
import { DiagnosticLine } from "./field-row";
import { IdField } from "./id-field";
import { NodeFields } from "./node-fields";
import { OutputTab } from "./output-tab";
import { UndoSection } from "./undo";

type Tab = "settings" | "data";

export function NodeInspector({ node }: { node: GraphNode }) {
  const kind = useUi((state) => state.catalogue.get(node.data.kind));
  const diagnostics = useCheck((state) => diagnosticsOf(state, node.id));
  const types = useCheck((state) => state.types);
  const doc = useEditor((state) => state.doc);
  const scope = useMemo(() => scopeOf(doc, node.id, types), [doc, node.id, types]);
  const [tab, setTab] = useState<Tab>("settings");
  const { steps } = useNodeRun(node.id);
  const group = groupOf(node, kind);
  const name = kindName(node.data.kind);
  const general = diagnostics.filter((entry) => !/^\/(inputs|config|result|policy|compensate)(\/|$)/.test(entry.field ?? ""));
  if (name === "note") return <NoteInspector node={node} />;
  return (
    <>
      <header className={`inspector-head ${group}`}>
        <span className="card-icon">
          <KindIcon kind={node.data.kind} size={18} />
        </span>
        <div className="inspector-title">
          <LabelInput node={node} />
          <code>{node.data.kind}</code>
        </div>
      </header>
      <div className="tabs" role="tablist" aria-label="Node">
        <button type="button" role="tab" aria-selected={tab === "settings"} onClick={() => setTab("settings")}>
          Settings
        </button>
        <button type="button" role="tab" aria-selected={tab === "data"} onClick={() => setTab("data")}>
          Data {steps.length > 0 && <span className="tab-mark" />}
        </button>
      </div>
      {tab === "data" ? (
        <OutputTab node={node} scope={scope} />
      ) : (
        <div className="inspector-body scroll">
          {general.map((entry, at) => (
            <DiagnosticLine key={at} diagnostic={entry} />
          ))}
          {!kind && <p className="form-problem">This server does not know the kind {node.data.kind}. Its data is kept as it is.</p>}
          {kind && (
            <p className="quiet-text">
              <Prose text={kind.description.split("\n\n")[0] ?? ""} />
            </p>
          )}
          {name === "webhook" && <HookUrl url={hookUrl(node, doc.name)} />}
          <NodeFields node={node} kind={kind} scope={scope} diagnostics={diagnostics} />
          <BehaviourSection node={node} group={group} diagnostics={diagnostics} />
          <UndoSection node={node} group={group} scope={scope} diagnostics={diagnostics} />
          <section className="section">
            <h3>In the code</h3>
            <IdField node={node} />
            <DescriptionField node={node} />
            <OverrideField node={node} group={group} />
          </section>
        </div>
      )}
    </>
  );
}

function editData(node: GraphNode, label: string, key: string, value: string | undefined): void {
  useEditor.getState().edit({ label, key: `${label} ${node.id}` }, (doc) => updateData(doc, node.id, (data) => setKey(data, key, value)));
}

/** A node that was just drawn takes its id from its label. */
function followed(node: GraphNode, before: string): void {
  const { doc, saved, edit, renamed } = useEditor.getState();
  const next = followLabel(doc, saved, node.id, before);
  if (!next) return;
  edit({ label: "Label" }, () => next[0]);
  renamed(next[1]);
}

function LabelInput({ node }: { node: GraphNode }) {
  const before = useRef(node.data.label);
  return (
    <input
      className="label-input"
      aria-label="Label"
      value={node.data.label}
      placeholder={node.id}
      onFocus={() => {
        before.current = node.data.label;
      }}
      onBlur={() => followed(node, before.current)}
      onChange={(event) => editData(node, "Label", "label", event.target.value)}
    />
  );
}

function DescriptionField({ node }: { node: GraphNode }) {
  return (
    <div className="field">
      <div className="field-head">
        <label htmlFor="node-description">Doc comment</label>
      </div>
      <textarea
        id="node-description"
        className="input"
        rows={2}
        placeholder="Why this step is here."
        value={node.data.description ?? ""}
        onChange={(event) => editData(node, "Describe", "description", event.target.value || undefined)}
      />
    </div>
  );
}

/** An action's step may be written by hand in the exported crate; what is written stays there. */
function OverrideField({ node, group }: { node: GraphNode; group: Group }) {
  const set = node.data.override === true;
  const isAction = group === "action" && kindName(node.data.kind) !== "custom";
  if (!isAction && !set) return null;
  const put = (checked: boolean) =>
    useEditor.getState().edit({ label: "Write by hand" }, (doc) => updateData(doc, node.id, (data) => setKey(data, "override", checked || undefined)));
  return (
    <div className="field">
      <div className="line">
        <label htmlFor="node-override">Written by hand</label>
        <input id="node-override" type="checkbox" className="flag" checked={set} aria-describedby="node-override-doc" onChange={(event) => put(event.target.checked)} />
      </div>
      <p className="field-doc" id="node-override-doc">
        The exported crate calls <code>{node.id}</code> in <code>src/custom.rs</code>, which does what the action does until you change it, and which no export overwrites. Runs on this server do what
        the action does.
      </p>
    </div>
  );
}

function NoteInspector({ node }: { node: GraphNode }) {
  return (
    <div className="inspector-body">
      <h2>Note</h2>
      <div className="field">
        <div className="field-head">
          <label htmlFor="note-text">Text</label>
        </div>
        <textarea id="note-text" className="input" rows={8} value={node.data.label} onChange={(event) => editData(node, "Edit the note", "label", event.target.value)} />
      </div>
    </div>
  );
}
