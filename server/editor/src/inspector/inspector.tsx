import { findNode } from "../graph/document";
import { useEditor } from "../store/editor";
import { useUi } from "../store/ui";
import { ManySelected } from "./many-selected";
import { NodeInspector } from "./node-inspector";
import { WorkflowInspector } from "./workflow-inspector";

/** The panel on the right: the selected node, the selected nodes, or the workflow. */
export function Inspector() {
  const count = useEditor((state) => state.nodes.size);
  const node = useEditor((state) => {
    const [only] = state.nodes;
    return state.nodes.size === 1 && only !== undefined ? findNode(state.doc, only) : undefined;
  });
  const inspected = useEditor((state) => state.inspected);
  const settings = useUi((state) => state.settings);
  if (count === 0 && !settings) return null;
  return (
    <aside className="inspector" aria-label="Inspector">
      {node ? <NodeInspector node={node} key={inspected} /> : count > 1 ? <ManySelected count={count} /> : <WorkflowInspector />}
    </aside>
  );
}
