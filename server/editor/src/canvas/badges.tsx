/** What the check and the current run say of a node. */

import { Ban, Check, CircleAlert, Hourglass, Loader, Pause, RotateCw, TriangleAlert, X, type LucideIcon } from "lucide-react";

import type { StepView } from "../api/types";
import { diagnosticsOf, useCheck } from "../store/check";
import { useRuns } from "../store/runs";

export type Tone = "good" | "bad" | "busy" | "warn" | "idle";

interface Look {
  tone: Tone;
  icon: LucideIcon;
  spin?: boolean;
}

const LOOKS: Record<string, Look> = {
  completed: { tone: "good", icon: Check },
  failed: { tone: "bad", icon: X },
  cancelled: { tone: "idle", icon: Ban },
  retrying: { tone: "warn", icon: RotateCw },
  waiting: { tone: "busy", icon: Hourglass },
  paused: { tone: "warn", icon: Pause },
  pending: { tone: "idle", icon: Loader },
  running: { tone: "busy", icon: Loader, spin: true },
};

export function lookOf(status: string): Look {
  return LOOKS[status] ?? { tone: "idle", icon: Loader };
}

/** One status for all steps of a node: a loop's body has many. The worst unfinished one is told. */
export function summary(steps: readonly StepView[]): { status: string; done: number; attempts: number } | null {
  if (steps.length === 0) return null;
  const order = ["failed", "retrying", "running", "waiting", "paused", "pending", "cancelled", "completed"];
  const rank = (step: StepView) => {
    const at = order.indexOf(step.status);
    return at < 0 ? order.length : at;
  };
  const worst = steps.reduce((a, b) => (rank(b) < rank(a) ? b : a));
  return {
    status: worst.status,
    done: steps.filter((step) => step.status === "completed").length,
    attempts: Math.max(...steps.map((step) => step.attempts)),
  };
}

const NO_STEPS: readonly StepView[] = [];

export function useNodeRun(id: string) {
  const steps = useRuns((state) => state.byNode.get(id) ?? NO_STEPS);
  return { steps, run: summary(steps) };
}

export function RunBadge({ id }: { id: string }) {
  const { steps, run } = useNodeRun(id);
  if (!run) return null;
  const { tone, icon: Icon, spin } = lookOf(run.status);
  const count = steps.length > 1 ? `${run.done}/${steps.length}` : run.attempts > 1 ? `×${run.attempts}` : "";
  const label = `${run.status}${steps.length > 1 ? `, ${run.done} of ${steps.length} done` : ""}${run.attempts > 1 ? `, ${run.attempts} attempts` : ""}`;
  return (
    <span className={`run-badge ${tone}`} role="img" title={label} aria-label={label} data-status={run.status}>
      <Icon size={11} strokeWidth={2.6} className={spin ? "spin" : ""} aria-hidden />
      {count}
    </span>
  );
}

/** How grave the node's diagnostics are, for its border. */
export function useGravity(id: string): "error" | "warning" | null {
  return useCheck((state) => {
    const found = diagnosticsOf(state, id);
    if (found.some((entry) => entry.severity === "error")) return "error";
    return found.length > 0 ? "warning" : null;
  });
}

export function ProblemBadge({ id }: { id: string }) {
  const found = useCheck((state) => diagnosticsOf(state, id));
  if (found.length === 0) return null;
  const error = found.some((entry) => entry.severity === "error");
  const Icon = error ? CircleAlert : TriangleAlert;
  const text = found.map((entry) => `${entry.code}: ${entry.message}`).join("\n");
  return (
    <span className={`problem-badge ${error ? "bad" : "warn"}`} role="img" title={text} aria-label={`${found.length} problems: ${text}`}>
      <Icon size={12} strokeWidth={2.4} aria-hidden />
      {found.length > 1 && found.length}
    </span>
  );
}
