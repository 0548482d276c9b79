import { Plus } from "lucide-react";

import { describeError } from "../api/client";
import type { Run } from "../api/types";
import { lookOf } from "../canvas/badges";
import { useEditor } from "../store/editor";
import { closeRun, followRun, loadRuns, useRuns } from "../store/runs";
import { toast } from "../store/ui";
import { Button } from "../ui/button";
import { ago, clock, duration } from "../ui/time";
import { useNow } from "../ui/use-now";

export function RunHistory() {
  const runs = useRuns((state) => state.runs);
  const cursor = useRuns((state) => state.cursor);
  const current = useRuns((state) => state.current?.id);
  const id = useEditor((state) => state.meta?.id);
  useNow(current !== undefined);
  const more = () => {
    if (id !== undefined) loadRuns(id, true).catch((error: unknown) => toast("bad", describeError(error)));
  };
  return (
    <nav className="run-history scroll" aria-label="Runs">
      <button type="button" className={`run-new ${current === undefined ? "active" : ""}`} onClick={closeRun}>
        <Plus size={14} aria-hidden /> New run
      </button>
      {runs.map((run) => (
        <RunRow key={run.id} run={run} active={run.id === current} />
      ))}
      {cursor && (
        <Button small tone="quiet" onClick={more}>
          Older runs
        </Button>
      )}
    </nav>
  );
}

function RunRow({ run, active }: { run: Run; active: boolean }) {
  const { tone, icon: Icon, spin } = lookOf(run.status);
  return (
    <button type="button" className={`run-row ${active ? "active" : ""}`} aria-current={active} onClick={() => followRun(run.id)} title={`${run.id}\n${clock(run.started_at)}`}>
      <span className={`dot ${tone}`} role="img" aria-label={run.status}>
        <Icon size={11} strokeWidth={2.6} className={spin ? "spin" : ""} />
      </span>
      <span className="run-row-when">{ago(run.started_at)}</span>
      <span className="run-row-span mono">{duration(run.started_at, run.ended_at)}</span>
    </button>
  );
}
