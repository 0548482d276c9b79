import { useState } from "react";

import { findNode, type GraphNode } from "../graph/document";
import { idProblem } from "../graph/ids";
import { referenceCount, renameNode } from "../graph/references";
import { useEditor } from "../store/editor";
import { toast } from "../store/ui";

/** The node's id; a new one is a refactoring that rewrites every reference to it. */
export function IdField({ node }: { node: GraphNode }) {
  const doc = useEditor((state) => state.doc);
  const [text, setText] = useState<string | null>(null);
  const shown = text ?? node.id;
  const problem = idProblem(doc, node.id, shown);
  const uses = referenceCount(doc, node.id);
  const finish = () => {
    if (!problem && shown !== node.id) {
      const { edit, renamed, saved } = useEditor.getState();
      const stored = saved !== null && findNode(saved, node.id) !== undefined;
      edit({ label: `Rename ${node.id}` }, (current) => renameNode(current, node.id, shown, stored));
      renamed(shown);
      if (uses > 0) toast("good", `Renamed to ${shown}, with its references in ${uses === 1 ? "one node" : `${uses} nodes`}`);
    }
    setText(null);
  };
  return (
    <div className={`field ${problem ? "invalid" : ""}`}>
      <div className="field-head">
        <label htmlFor="node-id">Id</label>
        <span className="field-type">{uses === 0 ? "not referenced" : uses === 1 ? "used by one node" : `used by ${uses} nodes`}</span>
      </div>
      <input
        id="node-id"
        className="input mono"
        spellCheck={false}
        value={shown}
        aria-invalid={problem !== null}
        onChange={(event) => setText(event.target.value)}
        onBlur={finish}
        onKeyDown={(event) => {
          if (event.key === "Enter") event.currentTarget.blur();
          if (event.key === "Escape") setText(null);
        }}
      />
      {problem ? <div className="field-problem bad">{problem}</div> : <p className="field-doc">Names the step in expressions, in the journal and in the Rust code.</p>}
    </div>
  );
}
