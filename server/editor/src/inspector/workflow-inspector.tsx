import { FileDown } from "lucide-react";

import { isNote } from "../graph/document";
import { documentToStore, useEditor } from "../store/editor";
import { download } from "../store/session";
import { Button } from "../ui/button";
import { LimitSection } from "./limit";
import { WebhookUrls } from "../panels/webhook-urls";

/** The document as it is on the canvas, saved or not. */
function downloadGraph(): void {
  const graph = documentToStore(useEditor.getState());
  download(new Blob([JSON.stringify(graph, null, 2)], { type: "application/json" }), `${graph.name}.json`);
}

/** What there is to say of the workflow as a whole. */
export function WorkflowInspector() {
  const doc = useEditor((state) => state.doc);
  const meta = useEditor((state) => state.meta);
  const steps = doc.nodes.filter((node) => !isNote(node)).length;
  return (
    <div className="inspector-body scroll">
      <h2>{doc.name}</h2>
      <div className="field">
        <div className="field-head">
          <label htmlFor="workflow-description">Description</label>
        </div>
        <textarea
          id="workflow-description"
          className="input"
          rows={4}
          placeholder="What it is for. It becomes the crate's documentation."
          value={doc.description ?? ""}
          onChange={(event) => {
            const description = event.target.value;
            useEditor.getState().edit({ label: "Describe the workflow", key: "description" }, (current) => ({ ...current, description }));
          }}
        />
      </div>
      <LimitSection />
      <dl className="facts">
        <dt>Nodes</dt>
        <dd>{steps}</dd>
        <dt>Edges</dt>
        <dd>{doc.edges.length}</dd>
        {meta && (
          <>
            <dt>Revision</dt>
            <dd>
              <code title={meta.revision}>{meta.revision.slice(0, 12)}</code>
            </dd>
          </>
        )}
      </dl>
      <WebhookUrls />
      <Button onClick={downloadGraph}>
        <FileDown size={14} aria-hidden /> Download the graph
      </Button>
      <p className="quiet-text inspector-tip">
        Select a node to edit it; <kbd className="kbd">/</kbd> adds one.
      </p>
    </div>
  );
}
