import { useEffect } from "react";

import { describeError } from "../api/client";
import { useEditor } from "../store/editor";
import { loadRuns, useRuns } from "../store/runs";
import { toast } from "../store/ui";
import { RunHistory } from "./run-history";
import { RunView } from "./run-view";
import { StartForm } from "./start-form";

/** History on the left; on the right a run, or the form that starts one. */
export function RunPanel() {
  const id = useEditor((state) => state.meta?.id);
  const open = useRuns((state) => state.current !== null);
  useEffect(() => {
    if (id !== undefined) loadRuns(id).catch((error: unknown) => toast("bad", `No runs: ${describeError(error)}`));
  }, [id]);
  return (
    <div className="run-panel">
      <RunHistory />
      {open ? <RunView /> : <StartForm />}
    </div>
  );
}
