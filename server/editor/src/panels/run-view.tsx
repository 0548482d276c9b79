import { Ban, OctagonX, Pause, Play, RotateCw, Send } from "lucide-react";
import { useState } from "react";

import { api, describeError } from "../api/client";
import type { Run } from "../api/types";
import { isFinished } from "../api/watch";
import { lookOf } from "../canvas/badges";
import { useEditor } from "../store/editor";
import { closeRun, selectStep, useRuns } from "../store/runs";
import { chosenTrigger, triggersOf, typeInput, useStart } from "../store/start";
import { toast } from "../store/ui";
import { Button } from "../ui/button";
import { CopyButton } from "../ui/copy";
import { JsonView } from "../ui/json-view";
import { clock, duration } from "../ui/time";
import { useNow } from "../ui/use-now";
import { EventForm } from "./event-form";
import { StepDetail } from "./step-detail";
import { Timeline } from "./timeline";

/** A run: its timeline, and beside it the chosen step, or the run's own input and output. */
export function RunView() {
  const run = useRuns((state) => state.current);
  const path = useRuns((state) => state.step);
  if (!run) return null;
  const step = run.steps?.find((entry) => entry.path === path);
  return (
    <div className="run-view">
      <div className="run-main">
        <RunHead run={run} />
        <WaitingLines run={run} />
        <Timeline run={run} />
      </div>
      <div className="run-side">{step ? <StepDetail step={step} onClose={() => selectStep(null)} /> : <RunValues run={run} />}</div>
    </div>
  );
}

/** What an unfinished run waits for, and until when. */
function WaitingLines({ run }: { run: Run }) {
  const waits = run.waiting_for ?? [];
  const now = useNow(waits.length > 0);
  const inLine = run.limit?.waits === true && !isFinished(run) ? run.limit : undefined;
  if (waits.length === 0 && !inLine) return null;
  return (
    <ul className="waits">
      {inLine && <li>waits for its turn: the limit of its runs{inLine.key ? ` with key ${inLine.key}` : ""} is reached</li>}
      {waits.slice(0, MOST_WAITS).map((wait, at) => (
        <li key={`${wait.path} ${at}`}>{waitText(wait, now)}</li>
      ))}
      {waits.length > MOST_WAITS && <li>and {waits.length - MOST_WAITS} more</li>}
    </ul>
  );
}

const MOST_WAITS = 3;

function waitText(wait: NonNullable<Run["waiting_for"]>[number], now: number): string {
  const event = eventName(wait);
  const due = wait.due ?? wait.until;
  const left = due ? duration(new Date(now).toISOString(), due) : "";
  const at = wait.path ? `${wait.path}: ` : "";
  if (event !== undefined) return `${at}waits for the event ${event}${wait.key ? ` with key ${wait.key}` : ""}${left ? `, for ${left} more` : ""}`;
  if (wait.error) return `${at}tries again in ${left || "a moment"} after “${wait.error.message}”`;
  return `${at}waits${left ? ` for ${left} more` : ""}`;
}

function RunHead({ run }: { run: Run }) {
  const { tone, icon: Icon, spin } = lookOf(run.status);
  const [sending, setSending] = useState(false);
  const finished = isFinished(run);
  const now = useNow(!finished);
  const events = (run.waiting_for ?? []).filter((entry) => eventName(entry) !== undefined);
  const ask = (what: "cancel" | "terminate" | "pause" | "resume", failed: string) => () => {
    api.ask(run.id, what).catch((error: unknown) => toast("bad", `${failed}: ${describeError(error)}`));
  };
  const paused = run.status === "paused";
  return (
    <div className="run-head">
      <span className={`chip ${tone}`} data-run-status={run.status}>
        <Icon size={12} strokeWidth={2.4} className={spin ? "spin" : ""} aria-hidden />
        {run.status}
      </span>
      <span className="mono run-span">{duration(run.started_at, run.ended_at, now)}</span>
      <span className="run-id mono" title={`Started ${clock(run.started_at)}\nRevision ${run.revision}`}>
        {run.id.slice(0, 8)}
      </span>
      <CopyButton text={run.id} label="Copy the run's id" />
      <span className="dock-space" />
      {events.length > 0 && (
        <Button small onClick={() => setSending(true)}>
          <Send size={13} aria-hidden /> Send event
        </Button>
      )}
      {finished && (
        <Button small onClick={() => runAgain(run)}>
          <RotateCw size={13} aria-hidden /> Run again…
        </Button>
      )}
      {!finished && paused && (
        <Button small onClick={ask("resume", "Not resumed")}>
          <Play size={13} aria-hidden /> Resume
        </Button>
      )}
      {!finished && !paused && (
        <Button small title="What is in flight finishes; nothing new begins" onClick={ask("pause", "Not paused")}>
          <Pause size={13} aria-hidden /> Pause
        </Button>
      )}
      {!finished && (
        <Button small title="Cleans up and undoes, then ends" onClick={ask("cancel", "Not cancelled")}>
          <Ban size={13} aria-hidden /> Cancel
        </Button>
      )}
      {!finished && (
        <Button small title="Ends at once: nothing is cleaned up or undone" onClick={ask("terminate", "Not terminated")}>
          <OctagonX size={13} aria-hidden /> Terminate
        </Button>
      )}
      {sending && <EventForm run={run} onClose={() => setSending(false)} />}
    </div>
  );
}

/** Opens the form with this run's input. */
function runAgain(run: Run): void {
  const { doc } = useEditor.getState();
  const trigger = chosenTrigger(triggersOf(doc.nodes), useStart.getState().trigger);
  typeInput(doc.name, trigger, JSON.stringify(run.input ?? null, null, 2));
  closeRun();
}

export function eventName(waiting: NonNullable<Run["waiting_for"]>[number]): string | undefined {
  return waiting.name ?? waiting.event;
}

function RunValues({ run }: { run: Run }) {
  return (
    <div className="values">
      {run.error && (
        <div className="failure" role="alert">
          <b>{run.error.message}</b>
          <span className="mono">
            {run.error.code}
            {run.error.path && ` at ${run.error.path}`}
          </span>
        </div>
      )}
      <div className="value-pair">
        <section>
          <h3>Input</h3>
          <JsonView value={run.input} />
        </section>
        <section>
          <h3>Output</h3>
          {run.status === "completed" ? <JsonView value={run.output} /> : <p className="quiet-text">{isFinished(run) ? `None: the run ${run.status === "failed" ? "failed" : "was cancelled"}.` : "Not yet."}</p>}
        </section>
      </div>
    </div>
  );
}
