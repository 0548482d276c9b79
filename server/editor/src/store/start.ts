/** Starting runs: the input that the form holds, and what the Run button does. */

import { create } from "zustand";

import { describeError } from "../api/client";
import type { GraphNode, Json } from "../graph/document";
import { groupOf } from "../graph/handles";
import { sampleInput } from "../graph/samples";
import { errorCount, useCheck } from "./check";
import { useEditor } from "./editor";
import { closeRun, useRuns } from "./runs";
import { startRun } from "./session";
import { toast, useUi } from "./ui";

interface State {
  /** What was typed, by workflow and trigger, for as long as the page lives. */
  texts: Readonly<Record<string, string>>;
  /** The trigger to start at, where there are several. */
  trigger: string | null;
  problem: string | null;
  busy: boolean;
}

export const useStart = create<State>()(() => ({ texts: {}, trigger: null, problem: null, busy: false }));

export function triggersOf(nodes: GraphNode[]): GraphNode[] {
  const { catalogue } = useUi.getState();
  return nodes.filter((node) => groupOf(node, catalogue.get(node.data.kind)) === "trigger");
}

export function chosenTrigger(triggers: GraphNode[], chosen: string | null): GraphNode | undefined {
  return triggers.find((node) => node.id === chosen) ?? triggers[0];
}

function keyOf(workflow: string, trigger: GraphNode | undefined): string {
  return `${workflow}/${trigger?.id}`;
}

/** The text in the form: what was typed, or a sample of what the trigger takes. */
export function inputText(state: Pick<State, "texts">, workflow: string, trigger: GraphNode | undefined): { text: string; typed: boolean } {
  const typed = state.texts[keyOf(workflow, trigger)];
  if (typed !== undefined) return { text: typed, typed: true };
  const type = trigger && useCheck.getState().types[trigger.id]?.output;
  return { text: JSON.stringify(sampleInput(trigger, type), null, 2), typed: false };
}

export function typeInput(workflow: string, trigger: GraphNode | undefined, text: string | null): void {
  useStart.setState((state) => {
    const { [keyOf(workflow, trigger)]: _old, ...rest } = state.texts;
    return { problem: null, texts: text === null ? rest : { ...rest, [keyOf(workflow, trigger)]: text } };
  });
}

function parse(text: string): Json | undefined {
  try {
    return text.trim() === "" ? null : (JSON.parse(text) as Json);
  } catch {
    return undefined;
  }
}

/** Starts a run with what the form holds. */
export async function begin(): Promise<void> {
  const { doc } = useEditor.getState();
  const triggers = triggersOf(doc.nodes);
  const trigger = chosenTrigger(triggers, useStart.getState().trigger);
  const input = parse(inputText(useStart.getState(), doc.name, trigger).text);
  if (input === undefined) return useStart.setState({ problem: "The input is not JSON." });
  useStart.setState({ problem: null, busy: true });
  try {
    await startRun(input, triggers.length > 1 ? trigger?.id : undefined);
  } catch (error) {
    useStart.setState({ problem: describeError(error) });
  } finally {
    useStart.setState({ busy: false });
  }
}

/** The Run button: shows the form first where the trigger takes an input, else starts at once. */
export function runOrAsk(): void {
  if (errorCount(useCheck.getState()) > 0) {
    useUi.setState({ dock: "problems" });
    return toast("bad", "Fix the problems before you run.");
  }
  const formOpen = useUi.getState().dock === "run" && useRuns.getState().current === null;
  const { doc } = useEditor.getState();
  const trigger = chosenTrigger(triggersOf(doc.nodes), useStart.getState().trigger);
  const asks = trigger?.data.config?.schema !== undefined || trigger?.data.config?.sample !== undefined;
  if (!formOpen) {
    closeRun();
    useUi.setState({ dock: "run" });
  }
  if (formOpen || !asks) void begin();
}
