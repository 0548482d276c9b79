import { useId, useState } from "react";

import { api, describeError } from "../api/client";
import type { Run } from "../api/types";
import type { Json } from "../graph/document";
import { samplePayload } from "../graph/samples";
import { useCheck } from "../store/check";
import { useEditor } from "../store/editor";
import { nodeOfStep } from "../store/runs";
import { toast } from "../store/ui";
import { Button } from "../ui/button";
import { Dialog } from "../ui/dialog";
import { eventName } from "./run-view";

/** Sends a run the event that it waits for. */
export function EventForm({ run, onClose }: { run: Run; onClose: () => void }) {
  const waits = (run.waiting_for ?? []).filter((entry) => eventName(entry) !== undefined);
  const [at, setAt] = useState(0);
  const wait = waits[at] ?? waits[0];
  const name = wait && eventName(wait);
  const sample = useSample(wait?.path, name);
  const [text, setText] = useState<string | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const id = useId();
  const send = async () => {
    if (name === undefined) return onClose();
    let payload: Json;
    try {
      payload = JSON.parse(text ?? sample) as Json;
    } catch {
      return setProblem("The payload is not JSON.");
    }
    try {
      await api.sendEvent(run.id, name, payload, wait?.key ?? undefined);
      toast("good", `Sent ${name}`);
      onClose();
    } catch (error) {
      setProblem(describeError(error));
    }
  };
  return (
    <Dialog
      title="Send an event"
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>Close</Button>
          <Button tone="primary" disabled={name === undefined} onClick={() => void send()}>
            Send
          </Button>
        </>
      }
    >
      <div className="form">
        <label htmlFor={`${id}-name`}>Event</label>
        <select id={`${id}-name`} className="input" value={at} onChange={(event) => setAt(Number(event.target.value))}>
          {waits.map((entry, index) => (
            <option key={`${entry.path} ${index}`} value={index}>
              {eventName(entry)}
              {waits.length > 1 && entry.path ? ` · ${entry.path}` : ""}
            </option>
          ))}
        </select>
        <label htmlFor={`${id}-payload`}>Payload</label>
        <textarea
          id={`${id}-payload`}
          className="input mono"
          rows={8}
          spellCheck={false}
          value={text ?? sample}
          onChange={(event) => setText(event.target.value)}
        />
        {problem && (
          <p className="form-problem" role="alert">
            {problem}
          </p>
        )}
      </div>
    </Dialog>
  );
}

/** A payload from the waiting node's schema or sample. */
function useSample(path: string | undefined, event: string | undefined): string {
  const types = useCheck((state) => state.types);
  const doc = useEditor((state) => state.doc);
  const wanted = path === undefined ? undefined : nodeOfStep({ path });
  const node = doc.nodes.find((entry) => entry.id === wanted) ?? doc.nodes.find((entry) => entry.data.config?.event === event || entry.id === event);
  return JSON.stringify(samplePayload(node, node && types[node.id]?.output), null, 2);
}
