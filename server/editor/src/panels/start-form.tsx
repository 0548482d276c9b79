import { Play, RotateCcw } from "lucide-react";

import { errorCount, useCheck } from "../store/check";
import { isDirty, useEditor } from "../store/editor";
import { begin, chosenTrigger, inputText, triggersOf, typeInput, useStart } from "../store/start";
import { Button } from "../ui/button";
import { WebhookUrls } from "./webhook-urls";

/** The form that starts a run. */
export function StartForm() {
  const doc = useEditor((state) => state.doc);
  const dirty = useEditor(isDirty);
  const errors = useCheck(errorCount);
  // Types feed the sample: the form follows a check that ends after it was opened.
  useCheck((state) => state.types);
  const start = useStart();
  const triggers = triggersOf(doc.nodes);
  const trigger = chosenTrigger(triggers, start.trigger);
  const { text, typed } = inputText(start, doc.name, trigger);
  const problem = start.problem ?? (errors > 0 ? `Fix ${errors === 1 ? "the problem" : `${errors} problems`} before you run.` : null);
  return (
    <div className="start-form">
      <div className="start-input">
        <label htmlFor="run-input">Input</label>
        <textarea
          id="run-input"
          className="input mono scroll"
          spellCheck={false}
          aria-invalid={start.problem !== null}
          value={text}
          onChange={(event) => typeInput(doc.name, trigger, event.target.value)}
        />
      </div>
      <div className="start-side scroll">
        {triggers.length > 1 && (
          <label className="stack">
            Start at
            <select className="input" value={trigger?.id} onChange={(event) => useStart.setState({ trigger: event.target.value })}>
              {triggers.map((node) => (
                <option key={node.id} value={node.id}>
                  {node.data.label}
                </option>
              ))}
            </select>
          </label>
        )}
        {problem && (
          <p className="form-problem" role="alert">
            {problem}
          </p>
        )}
        <Button tone="primary" disabled={start.busy || errors > 0 || !trigger} onClick={() => void begin()}>
          <Play size={14} fill="currentColor" aria-hidden /> {dirty ? "Save and run" : "Start run"}
        </Button>
        {typed && (
          <Button tone="quiet" small onClick={() => typeInput(doc.name, trigger, null)}>
            <RotateCcw size={13} aria-hidden /> Back to the sample
          </Button>
        )}
        <WebhookUrls />
      </div>
    </div>
  );
}
