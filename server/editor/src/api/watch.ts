/** Follows a run: server-sent events, and polling where they do not come through. */

import { api, OfflineError } from "./client";
import type { Run, RunStatus } from "./types";

const FINISHED: ReadonlySet<RunStatus> = new Set<RunStatus>(["completed", "failed", "cancelled"]);
const POLL_MS = 1_500;

export function isFinished(run: Pick<Run, "status">): boolean {
  return FINISHED.has(run.status);
}

/** Calls `onRun` at each change until the run has finished; the result stops it. */
export function watchRun(id: string, onRun: (run: Run) => void): () => void {
  let stopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const source = new EventSource(`/api/v1/runs/${encodeURIComponent(id)}/watch`);

  const stop = () => {
    stopped = true;
    source.close();
    clearTimeout(timer);
  };
  const take = (run: Run) => {
    if (stopped) return;
    onRun(run);
    if (isFinished(run)) stop();
  };
  const poll = async () => {
    try {
      take(await api.run(id));
    } catch (error) {
      if (!(error instanceof OfflineError)) stop();
    }
    if (!stopped) timer = setTimeout(() => void poll(), POLL_MS);
  };

  source.addEventListener("run", (event) => take(JSON.parse((event as MessageEvent<string>).data) as Run));
  source.onerror = () => {
    if (stopped) return;
    // The browser would reconnect for ever; polling says when the run is gone, too.
    source.close();
    clearTimeout(timer);
    timer = setTimeout(() => void poll(), 300);
  };
  return stop;
}
