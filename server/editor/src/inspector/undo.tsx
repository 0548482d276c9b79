/** What undoes a step when the run fails or is cancelled. */

import { useId } from "react";

import type { CatalogueField, Diagnostic } from "../api/types";
import type { Scope } from "../expr/scope";
import { canBeUndone, compensation, setInUndo, setUndoInput, undoingKinds, undoneBy, undoScope } from "../graph/compensate";
import { isObject, kindName, type GraphNode, type Json, type JsonObject, type NodeData } from "../graph/document";
import { setKey, updateData } from "../graph/edit";
import type { Group } from "../graph/handles";
import { useCheck } from "../store/check";
import { useEditor } from "../store/editor";
import { useUi } from "../store/ui";
import { CatalogueFieldRow } from "./catalogue-field";
import { FieldRow } from "./field-row";
import { PairsField } from "./pairs-field";

interface Props {
  node: GraphNode;
  group: Group;
  scope: Scope;
  diagnostics: readonly Diagnostic[];
}

const FIELD_NAME = /^[a-z][a-z0-9_]*$/;

function edit(node: GraphNode, what: string, change: (data: NodeData) => NodeData): void {
  useEditor.getState().edit({ label: "Edit what undoes it", key: `${node.id} undo ${what}` }, (doc) => updateData(doc, node.id, change));
}

export function UndoSection({ node, group, scope, diagnostics }: Props) {
  const catalogue = useUi((state) => state.catalogue);
  const output = useCheck((state) => state.types[node.id]?.output);
  const id = useId();
  const undo = compensation(node);
  if (!canBeUndone(node, group) && node.data.compensate === undefined) return null;
  const kinds = undoingKinds(catalogue.values());
  const chosen = typeof undo?.kind === "string" ? undo.kind : "";
  return (
    <section className="section">
      <h3>If the run fails</h3>
      <FieldRow label="Undone by" pointer="/compensate/kind" diagnostics={diagnostics} htmlFor={`${id}-kind`}>
        <select
          id={`${id}-kind`}
          className="input"
          value={chosen}
          onChange={(event) => edit(node, "kind", (data) => undoneBy(data, catalogue.get(event.target.value)))}
        >
          <option value="">nothing: its effect stays</option>
          {chosen !== "" && !kinds.some((kind) => kind.kind === chosen) && <option value={chosen}>{chosen}</option>}
          {kinds.map((kind) => (
            <option key={kind.kind} value={kind.kind}>
              {kind.label}
            </option>
          ))}
        </select>
      </FieldRow>
      {undo && <UndoInputs node={node} undo={undo} scope={undoScope(scope, node, output)} diagnostics={diagnostics} />}
      {undo && (
        <div className="line">
          <label htmlFor={`${id}-doubt`}>Also when nobody knows whether it happened</label>
          <input
            id={`${id}-doubt`}
            type="checkbox"
            className="flag"
            checked={node.data.in_doubt === "compensate"}
            onChange={(event) => edit(node, "in doubt", (data) => setKey(data, "in_doubt", event.target.checked ? "compensate" : undefined))}
          />
        </div>
      )}
    </section>
  );
}

interface InputsProps {
  node: GraphNode;
  undo: JsonObject;
  scope: Scope;
  diagnostics: readonly Diagnostic[];
}

function UndoInputs({ node, undo, scope, diagnostics }: InputsProps) {
  const name = typeof undo.kind === "string" ? undo.kind : "";
  const kind = useUi((state) => state.catalogue.get(name));
  const inputs = isObject(undo.inputs) ? (undo.inputs as JsonObject) : {};
  if (kindName(name) === "custom") {
    return (
      <FieldRow label="Inputs" pointer="/compensate/inputs" diagnostics={diagnostics} doc="The fields of the function's input.">
        <PairsField
          value={isObject(undo.inputs) ? inputs : undefined}
          onChange={(value: Json | undefined) => edit(node, "inputs", (data) => setInUndo(data, "inputs", value))}
          label="Input"
          noun="input"
          scope={scope}
          json
          namePattern={FIELD_NAME}
        />
      </FieldRow>
    );
  }
  const row = (field: CatalogueField) => (
    <CatalogueFieldRow
      key={field.name}
      field={field}
      value={inputs[field.name]}
      onChange={(value) => edit(node, field.name, (data) => setUndoInput(data, field.name, value))}
      pointer={`/compensate/inputs/${field.name}`}
      scope={scope}
      diagnostics={diagnostics}
    />
  );
  const fields = kind?.inputs ?? [];
  const first = fields.filter((field) => field.required || inputs[field.name] !== undefined || field.name === "method");
  const others = fields.filter((field) => !first.includes(field));
  return (
    <>
      {first.map(row)}
      {others.length > 0 && (
        <details className="more">
          <summary>
            More options <span className="quiet-text">{others.length}</span>
          </summary>
          {others.map(row)}
        </details>
      )}
    </>
  );
}
