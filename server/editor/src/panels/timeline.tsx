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

/** `each[3]/charge` lies in `each[3]`, which lies in `each`. */
function lineage(path: string): string[] {
  const found: string[] = [];
  let prefix = "";
  for (const part of path.split("/")) {
    const scope = part.replace(/\[\d+\]$/, "");
    found.push(prefix + scope);
    if (scope !== part) found.push(prefix + part);
    prefix += `${part}/`;
  }
  return found;
}

/** Steps in the order in which they began, each scope's own together below it. */
function inOrder(steps: readonly StepView[]): StepView[] {
  const keys = new Map(steps.map((step) => [step.path, lineage(step.path)]));
  const began = new Map<string, number>();
  for (const step of steps) {
    // A scope that has no entry yet began with the first of what it holds.
    const at = step.started_at ? Date.parse(step.started_at) : Number.MAX_SAFE_INTEGER;
    for (const path of keys.get(step.path) ?? []) began.set(path, Math.min(at, began.get(path) ?? at));
  }
  return [...steps].sort((a, b) => {
    const left = keys.get(a.path) ?? [];
    const right = keys.get(b.path) ?? [];
    const at = left.findIndex((path, index) => path !== right[index]);
    if (at < 0) return left.length - right.length;
    const [mine = "", other] = [left[at], right[at]];
    if (other === undefined) return 1;
    // The rounds of a loop stand in their own order: many begin at once.
    const numbered = mine.endsWith("]") && other.endsWith("]");
    const byTime = numbered ? 0 : (began.get(mine) ?? 0) - (began.get(other) ?? 0);
    return byTime || mine.localeCompare(other, "en", { numeric: true });
  });
}

/** Each step's share of the run's time, in percent. */
export function timelineRows(run: Run, now: number): Row[] {
  const steps = run.steps ?? [];
  const begin = Date.parse(run.started_at);
  const end = Math.max(run.ended_at ? Date.parse(run.ended_at) : now, begin + 1);
  const share = (time: number) => Math.min(100, Math.max(0, ((time - begin) / (end - begin)) * 100));
  return inOrder(steps).map((step) => {
    const from = step.started_at ? Date.parse(step.started_at) : begin;
    const to = step.ended_at ? Date.parse(step.ended_at) : isFinished(run) ? from : now;
    return { step, left: share(from), width: share(to) - share(from), depth: lineage(step.path).length - 1 };
  });
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
  const round = /\[(\d+)\]$/.exec(step.path)?.[1];
  const style = { "--left": `${left}%`, "--width": `${width}%`, "--depth": depth } as CSSProperties;
  const open = () => {
    selectStep(active ? null : step.path);
    if (!active) useEditor.getState().select([node]);
  };
  return (
    <li>
      <button type="button" className={`time-row ${tone} ${active ? "active" : ""}`} style={style} onClick={open} title={step.path}>
        <span className="time-label">
          {round === undefined && <KindIcon kind={step.kind} size={13} />}
          <span>{round === undefined ? label : `Item ${round}`}</span>
        </span>
        <span className="time-track">
          <span className="time-bar" />
        </span>
        <span className="time-end">
          {step.attempts > 1 && <span className="mono">×{step.attempts}</span>}
          <span className="mono">{duration(step.started_at, step.ended_at, now)}</span>
          <span className={`dot ${tone}`} role="img" aria-label={step.status}>
            <Icon size={11} strokeWidth={2.6} className={spin ? "spin" : ""} />
          </span>
        </span>
      </button>
    </li>
  );
}
