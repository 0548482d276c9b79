import type { NodeProps } from "@xyflow/react";
import { memo } from "react";

import type { FlowNode } from "./flow-model";

/** Text on the canvas; it takes no part in the workflow. */
export const NoteNode = memo(function NoteNode({ data, selected }: NodeProps<FlowNode>) {
  const { label, description } = data.node.data;
  return (
    <div className={`note-card ${selected ? "selected" : ""}`} data-node={data.node.id}>
      <p>{label}</p>
      {description && <p className="note-more">{description}</p>}
    </div>
  );
});
