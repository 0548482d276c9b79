import { BaseEdge, EdgeLabelRenderer, getBezierPath, type EdgeProps } from "@xyflow/react";
import { Plus, X } from "lucide-react";
import { memo, useState } from "react";

import { removeEdges } from "../graph/edit";
import { useEditor } from "../store/editor";
import { useRuns } from "../store/runs";
import { useUi } from "../store/ui";
import { lookOf, useGravity, useNodeRun } from "./badges";
import type { FlowEdge } from "./flow-model";

/** An edge. Hovered or selected, it offers to be split by a node or removed. */
export const Wire = memo(function Wire(props: EdgeProps<FlowEdge>) {
  const { id, sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, selected, sourceHandleId, target } = props;
  const [path, labelX, labelY] = getBezierPath({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition });
  const [hover, setHover] = useState(false);
  const to = useNodeRun(target).run;
  const live = useRuns((state) => state.trace.edges.has(id));
  const flown = live ? `run-${to ? lookOf(to.status).tone : "good"}` : "";
  const kind = sourceHandleId === "error" ? "failure" : "";
  const gravity = useGravity(id);
  const active = hover || selected === true;
  return (
    <g onMouseEnter={() => setHover(true)} onMouseLeave={() => setHover(false)}>
      <BaseEdge id={id} path={path} interactionWidth={22} className={`wire ${kind} ${flown} ${gravity ?? ""} ${selected ? "selected" : ""}`} />
      {active && (
        <EdgeLabelRenderer>
          <div
            className="wire-tools nodrag nopan"
            style={{ transform: `translate(-50%, -50%) translate(${labelX}px, ${labelY}px)` }}
            onMouseEnter={() => setHover(true)}
            onMouseLeave={() => setHover(false)}
          >
            <button
              type="button"
              aria-label="Insert a node here"
              title="Insert a node here"
              onClick={(event) =>
                useUi.setState({
                  quickAdd: { at: { x: event.clientX, y: event.clientY }, position: { x: labelX - 116, y: labelY - 30 }, edge: id },
                })
              }
            >
              <Plus size={13} aria-hidden />
            </button>
            <button
              type="button"
              aria-label="Remove this edge"
              title="Remove this edge"
              onClick={() => useEditor.getState().edit({ label: "Remove edge" }, (doc) => removeEdges(doc, [id]))}
            >
              <X size={13} aria-hidden />
            </button>
          </div>
        </EdgeLabelRenderer>
      )}
    </g>
  );
});
