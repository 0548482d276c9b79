import type { NodeProps } from "@xyflow/react";
import { Undo2 } from "lucide-react";
import { memo } from "react";

import { describe } from "../graph/describe";
import { kindName } from "../graph/document";
import { useRuns } from "../store/runs";
import { KindIcon } from "../ui/kind-icon";
import { ProblemBadge, RunBadge, useGravity, useNodeRun, lookOf } from "./badges";
import type { FlowNode } from "./flow-model";
import { InputPort, MainPort, PortRows, useGroup, useHandles } from "./ports";

/** Any node but containers and notes. Its shape tells where it stands: triggers begin, `return` and `fail` end. */
export const NodeCard = memo(function NodeCard({ data, selected }: NodeProps<FlowNode>) {
  const { node } = data;
  const group = useGroup(node);
  const gravity = useGravity(node.id);
  const { run } = useNodeRun(node.id);
  const { outputs, wired, input } = useHandles(node);
  const name = kindName(node.data.kind);
  const main = outputs.includes("out");
  const rows = outputs.filter((handle) => handle !== "out");
  // A lone error handle is drawn small, in the corner, until someone needs it.
  const lone = main && rows.length === 1 && rows[0] === "error";
  const shape = group === "trigger" ? "begin" : name === "return" || name === "fail" ? "end" : "";
  const passed = useRuns((state) => state.trace.passed.has(node.id));
  const tone = run ? `run-${lookOf(run.status).tone}` : passed ? "run-good" : "";
  const gist = describe(node);
  return (
    <div
      className={`card ${group} ${shape} ${selected ? "selected" : ""} ${gravity ?? ""} ${tone} ${node.data.disabled ? "disabled" : ""}`}
      data-node={node.id}
    >
      {input && <InputPort />}
      <div className="card-head">
        <span className="card-icon">
          <KindIcon kind={node.data.kind} disabled={node.data.disabled === true} />
        </span>
        <div className="card-text">
          <span className="card-label">{node.data.label}</span>
          <span className="card-gist">{gist || node.id}</span>
        </div>
      </div>
      {main && <MainPort node={node.id} />}
      {lone ? (
        <div className={`port-corner ${wired.has("error") ? "wired" : ""}`}>
          <PortRows handles={rows} wired={wired} />
        </div>
      ) : (
        <PortRows handles={rows} wired={wired} />
      )}
      <div className="card-badges">
        {node.data.compensate !== undefined && (
          <span className="undo-badge" title="Undone when the run fails or is cancelled" aria-label="Has a compensation">
            <Undo2 size={11} strokeWidth={2.4} aria-hidden />
          </span>
        )}
        <ProblemBadge id={node.id} />
        <RunBadge id={node.id} />
      </div>
    </div>
  );
});
