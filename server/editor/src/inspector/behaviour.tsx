/** How a node runs: joins, failure, retries. */

import { useId, type ReactNode } from "react";

import type { Diagnostic } from "../api/types";
import { edgesInto, kindName, type GraphNode, type Json } from "../graph/document";
import { setIn, setKey, updateData } from "../graph/edit";
import type { Group } from "../graph/handles";
import { useEditor } from "../store/editor";
import { FieldRow } from "./field-row";

interface Props {
  node: GraphNode;
  group: Group;
  diagnostics: readonly Diagnostic[];
}

function set(node: GraphNode, key: string, value: Json | undefined): void {
  useEditor.getState().edit({ label: "Edit behaviour" }, (doc) => updateData(doc, node.id, (data) => setKey(data, key, value)));
}

export function BehaviourSection({ node, group, diagnostics }: Props) {
  const incoming = useEditor((state) => edgesInto(state.doc, node.id).length);
  const id = useId();
  const fails = group !== "trigger" && kindName(node.data.kind) !== "fail";
  return (
    <section className="section">
      <h3>Behaviour</h3>
      {(incoming > 1 || node.data.join !== undefined) && (
        <Line id={`${id}-join`} label="Runs when">
          <select id={`${id}-join`} className="input" value={node.data.join ?? "any"} onChange={(event) => set(node, "join", event.target.value === "all" ? "all" : undefined)}>
            <option value="any">any branch reaches it</option>
            <option value="all">all branches reach it</option>
          </select>
        </Line>
      )}
      {fails && (
        <Line id={`${id}-error`} label="If it fails">
          <select
            id={`${id}-error`}
            className="input"
            value={node.data.on_error ?? ""}
            onChange={(event) => set(node, "on_error", event.target.value || undefined)}
          >
            <option value="">leave by error, else fail</option>
            <option value="continue">go on without its output</option>
          </select>
        </Line>
      )}
      <Line id={`${id}-disabled`} label="Disabled">
        <input id={`${id}-disabled`} type="checkbox" className="flag" checked={node.data.disabled === true} onChange={(event) => set(node, "disabled", event.target.checked || undefined)} />
      </Line>
      {group === "action" && <PolicyFields node={node} diagnostics={diagnostics} />}
    </section>
  );
}

function Line({ id, label, children }: { id: string; label: string; children: ReactNode }) {
  return (
    <div className="line">
      <label htmlFor={id}>{label}</label>
      {children}
    </div>
  );
}

interface PolicyField {
  key: string;
  label: string;
  placeholder: string;
  number?: boolean;
}

/** The defaults are the runtime's, written out in emitted code. */
const POLICY: PolicyField[] = [
  { key: "max_attempts", label: "Attempts", placeholder: "3", number: true },
  { key: "initial", label: "First delay", placeholder: "1s" },
  { key: "factor", label: "Grows by", placeholder: "2", number: true },
  { key: "cap", label: "Longest delay", placeholder: "1m" },
  { key: "timeout", label: "Time per attempt", placeholder: "30s" },
  { key: "total", label: "Time in all", placeholder: "no limit" },
  { key: "heartbeat", label: "Silence at most", placeholder: "no limit" },
];

/** The classes of errors that are tried again unless the policy lists fewer. */
const CLASSES: [string, string][] = [
  ["retryable", "any that may pass"],
  ["rate_limited", "too many calls"],
  ["timeout", "took too long"],
  ["panic", "a bug in the step"],
];

/** Which errors are tried again: all by default, and then nothing is written. */
function RetryOn({ value, put }: { value: Json | undefined; put: (value: Json | undefined) => void }) {
  const chosen = Array.isArray(value) ? CLASSES.map(([name]) => name).filter((name) => value.includes(name)) : CLASSES.map(([name]) => name);
  const toggle = (name: string, on: boolean) => {
    const next = CLASSES.map(([other]) => other).filter((other) => (other === name ? on : chosen.includes(other)));
    put(next.length === CLASSES.length ? undefined : next);
  };
  return (
    <fieldset className="stack">
      <legend>Tries again after</legend>
      {CLASSES.map(([name, sentence]) => (
        <label key={name} className="line">
          {sentence}
          <input type="checkbox" className="flag" checked={chosen.includes(name)} onChange={(event) => toggle(name, event.target.checked)} />
        </label>
      ))}
    </fieldset>
  );
}

function PolicyFields({ node, diagnostics }: { node: GraphNode; diagnostics: readonly Diagnostic[] }) {
  const policy = node.data.policy ?? {};
  const put = (key: string, value: Json | undefined) =>
    useEditor.getState().edit({ label: "Edit retries", key: `${node.id} policy ${key}` }, (doc) => updateData(doc, node.id, (data) => setIn(data, "policy", key, value)));
  const id = useId();
  return (
    <details className="more" open={Object.keys(policy).length > 0 || undefined}>
      <summary>Retries and timeouts</summary>
      <FieldRow label="" pointer="/policy" diagnostics={diagnostics}>
        <div className="grid-2">
          {POLICY.map(({ key, label, placeholder, number }) => (
            <label key={key} className="stack">
              {label}
              <input
                className="input mono"
                placeholder={placeholder}
                inputMode={number ? "decimal" : "text"}
                value={policy[key] === undefined || policy[key] === null ? "" : String(policy[key])}
                onChange={(event) => put(key, policyValue(event.target.value, number === true))}
              />
            </label>
          ))}
        </div>
        <Line id={`${id}-jitter`} label="Spread delays by chance">
          <input id={`${id}-jitter`} type="checkbox" className="flag" checked={policy.jitter !== false} onChange={(event) => put("jitter", event.target.checked ? undefined : false)} />
        </Line>
        <RetryOn value={policy.retry_on} put={(value) => put("retry_on", value)} />
        <Line id={`${id}-exhausted`} label="When all attempts failed">
          <select id={`${id}-exhausted`} className="input" value={policy.on_exhausted === "pause" ? "pause" : "fail"} onChange={(event) => put("on_exhausted", event.target.value === "pause" ? "pause" : undefined)}>
            <option value="fail">the step fails</option>
            <option value="pause">the run pauses</option>
          </select>
        </Line>
      </FieldRow>
    </details>
  );
}

/** What was typed: a number where it is one; the check says what is wrong with the rest. */
function policyValue(text: string, number: boolean): Json | undefined {
  if (text === "") return undefined;
  return number && /^\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}
