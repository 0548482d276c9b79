import { X } from "lucide-react";

import type { StepView } from "../api/types";
import { lookOf } from "../canvas/badges";
import { IconButton } from "../ui/button";
import { JsonView } from "../ui/json-view";
import { duration } from "../ui/time";

/** What went into a step and what came out. */
export function StepDetail({ step, onClose }: { step: StepView; onClose: () => void }) {
  const { tone } = lookOf(step.status);
  return (
    <div className="values">
      <header className="step-head">
        <span className={`chip ${tone}`}>{step.status}</span>
        <code title={step.path}>{step.path}</code>
        <span className="quiet-text">
          {step.kind} · {step.attempts === 1 ? "one attempt" : `${step.attempts} attempts`} · {duration(step.started_at, step.ended_at)}
        </span>
        <span className="dock-space" />
        <IconButton label="Back to the run" small onClick={onClose}>
          <X size={14} />
        </IconButton>
      </header>
      {step.error && (
        <div className="failure" role="alert">
          <b>{step.error.message}</b>
          <span className="mono">{step.error.code}</span>
        </div>
      )}
      <div className="value-pair">
        <section>
          <h3>Input</h3>
          <JsonView value={step.input} />
        </section>
        <section>
          <h3>Output</h3>
          {step.status === "completed" ? <JsonView value={step.output} /> : <p className="quiet-text">{step.error ? "None: the step failed." : "Not yet."}</p>}
        </section>
      </div>
    </div>
  );
}
