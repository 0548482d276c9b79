/** The value of a plain path in a run. */

import type { Run } from "../api/types";
import { isObject } from "../graph/document";

const STEP = /^(?:\.?([A-Za-z_]\w*)|\[(\d+)\]|\["([^"\\]*)"\]|\['([^'\\]*)'\])/;

function parts(path: string): string[] {
  const found: string[] = [];
  for (let rest = path.replace(/\s+/g, ""); rest !== ""; ) {
    const step = STEP.exec(rest);
    if (!step) return [];
    found.push(step[1] ?? step[2] ?? step[3] ?? step[4] ?? "");
    rest = rest.slice(step[0].length);
  }
  return found;
}

/** `trigger.email`, `steps.look.body.id`, `run.id`; undefined for what the run does not record. */
export function valueInRun(run: Run | null, path: string): unknown {
  if (!run) return undefined;
  const [root, ...rest] = parts(path);
  switch (root) {
    case "trigger":
      return dig(run.input, rest);
    case "run":
      return dig({ id: run.id, started_at: run.started_at }, rest);
    case "steps": {
      const [id, ...fields] = rest;
      // Inside a loop a node has many outputs: none of them is the value.
      const step = run.steps?.find((entry) => entry.path === id && entry.status === "completed");
      return step && fields !== undefined ? dig(step.output, fields) : undefined;
    }
    default:
      return undefined;
  }
}

function dig(value: unknown, path: string[]): unknown {
  return path.reduce<unknown>((at, key) => {
    if (Array.isArray(at)) return at[Number(key)];
    return isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  }, value);
}
