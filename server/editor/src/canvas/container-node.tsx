import { NodeResizer, type NodeProps } from "@xyflow/react";
import { Plus } from "lucide-react";
import { memo } from "react";

import { describe } from "../graph/describe";
import { updateNode } from "../graph/edit";
import { absolutePosition, CONTAINER_MIN } from "../graph/scopes";
import { useEditor } from "../store/editor";
import { useUi } from "../store/ui";
import { KindIcon } from "../ui/kind-icon";
import { lookOf, ProblemBadge, RunBadge, useGravity, useNodeRun } from "./badges";
import type { FlowNode } from "./flow-model";
import { InputPort, MainPort, PortRows, useGroup, useHandles } from "./ports";

/** A loop: its body lies inside it. */
export const ContainerNode = memo(function ContainerNode({ data, selected }: NodeProps<FlowNode>) {
  const { node } = data;
  const group = useGroup(node);
  const gravity = useGravity(node.id);
  const { run } = useNodeRun(node.id);
  const { outputs, wired } = useHandles(node);
  const rows = outputs.filter((handle) => handle !== "out");
  const empty = useEditor((state) => !state.doc.nodes.some((entry) => entry.parentId === node.id));
  const tone = run ? `run-${lookOf(run.status).tone}` : "";
  return (
    <div
      className={`container ${group} ${selected ? "selected" : ""} ${gravity ?? ""} ${tone} ${node.data.disabled ? "disabled" : ""}`}
      data-node={node.id}
    >
      <NodeResizer
        isVisible={selected}
        minWidth={CONTAINER_MIN.width}
        minHeight={CONTAINER_MIN.height}
        onResizeEnd={(_event, size) =>
          useEditor.getState().edit({ label: "Resize" }, (doc) =>
            updateNode(doc, node.id, (entry) => ({ ...entry, width: Math.round(size.width), height: Math.round(size.height) })),
          )
        }
      />
      <InputPort />
      <header className="container-head">
        <span className="card-icon">
          <KindIcon kind={node.data.kind} disabled={node.data.disabled === true} />
        </span>
        <div className="card-text">
          <span className="card-label">{node.data.label}</span>
          <span className="card-gist">{describe(node) ? `item in ${describe(node)}` : node.id}</span>
        </div>
      </header>
      {empty && (
        <button type="button" className="container-empty nodrag" onClick={(event) => addInside(node.id, event.clientX, event.clientY)}>
          <Plus size={14} aria-hidden /> Add a step to run for each item
        </button>
      )}
      <MainPort node={node.id} />
      <div className={`port-corner ${wired.has("error") ? "wired" : ""}`}>
        <PortRows handles={rows} wired={wired} />
      </div>
      <div className="card-badges">
        <ProblemBadge id={node.id} />
        <RunBadge id={node.id} />
      </div>
    </div>
  );
});

function addInside(id: string, x: number, y: number): void {
  const { doc } = useEditor.getState();
  const node = doc.nodes.find((entry) => entry.id === id);
  if (!node) return;
  const at = absolutePosition(doc, node);
  useUi.setState({ quickAdd: { at: { x, y }, position: { x: at.x + 40, y: at.y + 70 } } });
}
