/** One line under a node's label: what it does, in its own values. */

import { isObject, kindName, type GraphNode, type Json } from "./document";
import { switchCases } from "./handles";

function text(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  const raw = typeof value === "string" ? value : JSON.stringify(value);
  return raw.replace(/\{\{\s*/g, "").replace(/\s*\}\}/g, "").replace(/\s+/g, " ").trim();
}

/** The gist of a node's settings; empty where they say nothing. */
export function describe(node: GraphNode): string {
  const { config = {}, inputs = {} } = node.data;
  switch (kindName(node.data.kind)) {
    case "webhook":
      return `POST /hooks/${text(config.path) || "…"}`;
    case "schedule":
      return [text(config.cron), text(config.timezone)].filter(Boolean).join(" · ");
    case "condition":
      return text(inputs.condition);
    case "switch":
      return text(inputs.value) || `${switchCases(node).length} cases`;
    case "for_each":
    case "filter":
    case "sort":
    case "aggregate":
      return text(inputs.items);
    case "while":
      return text(inputs.condition);
    case "http.request":
      return `${text(inputs.method) || "GET"} ${text(inputs.url).replace(/^https?:\/\//, "")}`;
    case "wait":
      return text(inputs.duration ?? inputs.until);
    case "wait_event":
      return [text(config.event), text(inputs.timeout) && `up to ${text(inputs.timeout)}`].filter(Boolean).join(" · ");
    case "approval":
      return [text(inputs.assignees), text(inputs.timeout) && `up to ${text(inputs.timeout)}`].filter(Boolean).join(" · ");
    case "call_workflow":
    case "start_workflow":
      return text(config.workflow);
    case "transform":
    case "respond":
    case "return":
      return valueSummary(inputs.value);
    case "fail":
      return text(inputs.message);
    default:
      return valueSummary(Object.keys(inputs).length > 0 ? inputs : undefined);
  }
}

function valueSummary(value: Json | undefined): string {
  return isObject(value) ? `{ ${Object.keys(value).join(", ")} }` : text(value);
}
