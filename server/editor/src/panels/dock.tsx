import { Activity, ChevronDown, ChevronUp, CircleAlert } from "lucide-react";
import { useRef, type KeyboardEvent, type PointerEvent } from "react";

import { useCheck } from "../store/check";
import { useRuns } from "../store/runs";
import { useUi, type DockTab } from "../store/ui";
import { IconButton } from "../ui/button";
import { lookOf } from "../canvas/badges";
import { ProblemsPanel } from "./problems";
import { RunPanel } from "./run-panel";

const MIN = 160;

/** The panel under the canvas: problems and runs. */
export function Dock() {
  const tab = useUi((state) => state.dock);
  const height = useUi((state) => state.dockHeight);
  return (
    <section className="dock" style={tab ? { height } : undefined} aria-label="Problems and runs">
      {tab && <Grip />}
      <div className="dock-tabs">
        <div role="tablist" aria-label="Panel">
          <ProblemsTab active={tab === "problems"} />
          <RunTab active={tab === "run"} />
        </div>
        <span className="dock-space" />
        <IconButton label={tab ? "Close the panel" : "Open the panel"} small onClick={() => useUi.setState({ dock: tab ? null : "run" })}>
          {tab ? <ChevronDown size={15} /> : <ChevronUp size={15} />}
        </IconButton>
      </div>
      {tab && (
        <div className="dock-body" role="tabpanel">
          {tab === "problems" ? <ProblemsPanel /> : <RunPanel />}
        </div>
      )}
    </section>
  );
}

function toggle(tab: DockTab): void {
  useUi.setState((state) => ({ dock: state.dock === tab ? null : tab }));
}

function ProblemsTab({ active }: { active: boolean }) {
  const diagnostics = useCheck((state) => state.diagnostics);
  const checking = useCheck((state) => state.checking);
  const errors = diagnostics.filter((entry) => entry.severity === "error").length;
  const warnings = diagnostics.length - errors;
  return (
    <button type="button" role="tab" aria-selected={active} onClick={() => toggle("problems")}>
      <CircleAlert size={14} aria-hidden /> Problems
      {errors > 0 && <span className="chip bad">{errors}</span>}
      {warnings > 0 && <span className="chip warn">{warnings}</span>}
      {errors + warnings === 0 && <span className="chip good">{checking ? "…" : "none"}</span>}
    </button>
  );
}

function RunTab({ active }: { active: boolean }) {
  const current = useRuns((state) => state.current);
  return (
    <button type="button" role="tab" aria-selected={active} onClick={() => toggle("run")}>
      <Activity size={14} aria-hidden /> Runs
      {current && <span className={`chip ${lookOf(current.status).tone}`}>{current.status}</span>}
    </button>
  );
}

function Grip() {
  const start = useRef<{ y: number; height: number } | null>(null);
  const resize = (height: number) => useUi.setState({ dockHeight: Math.round(Math.max(MIN, Math.min(height, window.innerHeight * 0.75))) });
  const onDown = (event: PointerEvent) => {
    event.currentTarget.setPointerCapture(event.pointerId);
    start.current = { y: event.clientY, height: useUi.getState().dockHeight };
  };
  const onMove = (event: PointerEvent) => {
    if (start.current) resize(start.current.height + start.current.y - event.clientY);
  };
  const onKey = (event: KeyboardEvent) => {
    const by = { ArrowUp: 24, ArrowDown: -24 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    resize(useUi.getState().dockHeight + by);
  };
  return (
    <div
      className="dock-grip"
      role="separator"
      aria-orientation="horizontal"
      aria-label="Height of the panel"
      aria-valuenow={useUi.getState().dockHeight}
      aria-valuemin={MIN}
      tabIndex={0}
      onPointerDown={onDown}
      onPointerMove={onMove}
      onPointerUp={() => {
        start.current = null;
      }}
      onKeyDown={onKey}
    />
  );
}
