import { useMemo, type CSSProperties } from "react";

import type { Run, StepView } from "../api/types";
import { isFinished } from "../api/watch";
import { lookOf } from "../canvas/badges";
import { findNode } from "../graph/document";
import { useEditor } from "../store/editor";
import { nodeOfStep, selectStep, useRuns } from "../store/runs";
import { KindIcon } from "../ui/kind-icon";
import { duration } from "../ui/time";
import { useNow } from "../ui/use-now";

interface Row {
  step: StepView;
  left: number;
  width: number;
  depth: number;
}

/** Each step's share of the run's time, in percent. */
export function timelineRows(run: Run, now: number): Row[] {
  const steps = run.steps ?? [];
  const begin = Date.parse(run.started_at);
  const end = Math.max(run.ended_at ? Date.parse(run.ended_at) : now, begin + 1);
  const share = (time: number) => Math.min(100, Math.max(0, ((time - begin) / (end - begin)) * 100));
  return [...steps]
    .map((step) => {
      const from = step.started_at ? Date.parse(step.started_at) : begin;
      const to = step.ended_at ? Date.parse(step.ended_at) : isFinished(run) ? from : now;
      return { step, left: share(from), width: share(to) - share(from), depth: step.path.split("/").length - 1, from };
    })
    .sort((a, b) => a.from - b.from || a.step.path.localeCompare(b.step.path, "en", { numeric: true }));
}

export function Timeline({ run }: { run: Run }) {
  const now = useNow(!isFinished(run));
  const rows = useMemo(() => timelineRows(run, now), [run, now]);
  const chosen = useRuns((state) => state.step);
  if (rows.length === 0) return <p className="dock-empty">{isFinished(run) ? "This run recorded no steps." : "No step has started yet."}</p>;
  return (
    <ol className="timeline scroll">
      {rows.map((row) => (
        <TimelineRow key={row.step.path} row={row} active={row.step.path === chosen} now={now} />
      ))}
    </ol>
  );
}

function TimelineRow({ row: { step, left, width, depth }, active, now }: { row: Row; active: boolean; now: number }) {
  const { tone, icon: Icon, spin } = lookOf(step.status);
  const node = nodeOfStep(step);
  const label = useEditor((state) => findNode(state.doc, node)?.data.label) ?? node;
  const index = /\[(\d+)\](?=\/[^/]*$)/.exec(step.path)?.[1];
  const style = { "--left": `${left}%`, "--width": `${width}%`, "--depth": depth } as CSSProperties;
  const open = () => {
    selectStep(active ? null : step.path);
    if (!active) useEditor.getState().select([node]);
  };
  return (
    <li>
      <button type="button" className={`time-row ${tone} ${active ? "active" : ""}`} style={style} onClick={open} title={step.path}>
        <span className="time-label">
          <KindIcon kind={step.kind} size={13} />
          <span>{label}</span>
          {index !== undefined && <code>[{index}]</code>}
        </span>
        <span className="time-track">
          <span className="time-bar" />
        </span>
        <span className="time-end">
          {step.attempts > 1 && <span className="mono">×{step.attempts}</span>}
          <span className="mono">{duration(step.started_at, step.ended_at, now)}</span>
          <span className={`dot ${tone}`} aria-label={step.status}>
            <Icon size={11} strokeWidth={2.6} className={spin ? "spin" : ""} />
          </span>
        </span>
      </button>
    </li>
  );
}
