import { describe, expect, it } from "vitest";

import type { Run, StepView } from "../src/api/types";
import { summary } from "../src/canvas/badges";
import { trace } from "../src/graph/trace";
import { timelineRows } from "../src/panels/timeline";
import { nodeOfStep, stepsByNode } from "../src/store/runs";
import { orders } from "./fixtures";

function step(path: string, status = "completed", more: Partial<StepView> = {}): StepView {
  return { path, kind: "http.request@1", status, attempts: 1, ...more };
}

describe("steps of a run", () => {
  it("belong to the last part of their path", () => {
    expect(nodeOfStep({ path: "each[3]/charge" })).toBe("charge");
    expect(nodeOfStep({ path: "each[3]" })).toBe("each");
    expect(nodeOfStep({ path: "a", node: "b" })).toBe("b");
    expect(stepsByNode([step("each"), step("each[0]"), step("each[1]")]).get("each")).toHaveLength(1);
    expect(stepsByNode([step("each[0]/charge"), step("each[1]/charge"), step("look")]).get("charge")).toHaveLength(2);
  });

  it("are told as one status: the worst that is not done", () => {
    expect(summary([])).toBeNull();
    expect(summary([step("a"), step("b", "retrying", { attempts: 3 }), step("c", "waiting")])).toEqual({ status: "retrying", done: 1, attempts: 3 });
  });
});

describe("the way of a run", () => {
  it("is inferred for what records nothing", () => {
    const steps = stepsByNode([step("look"), step("each"), step("each[0]/charge")]);
    const { passed, edges } = trace(orders(), steps);
    expect([...passed].sort()).toEqual(["check", "done", "received"]);
    expect([...edges].sort()).toEqual(["check-each", "each-done", "look-check", "received-look"]);
  });

  it("never claims a branch that nothing proves", () => {
    const { passed, edges } = trace(orders(), stepsByNode([step("look")]));
    expect(passed.has("no")).toBe(false);
    expect(edges.has("check-no")).toBe(false);
    expect(passed.has("check")).toBe(true);
  });

  it("stops where a step is under way", () => {
    const { edges } = trace(orders(), stepsByNode([step("look", "retrying")]));
    expect([...edges]).toEqual(["received-look"]);
  });
});

describe("the timeline", () => {
  it("places steps by their share of the run, in order", () => {
    const time = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
    const run: Run = {
      id: "r",
      workflow: "w",
      revision: "1",
      status: "completed",
      started_at: time(0),
      ended_at: time(10),
      steps: [step("b[10]/x", "completed", { started_at: time(5), ended_at: time(10) }), step("a", "completed", { started_at: time(0), ended_at: time(5) })],
    };
    expect(timelineRows(run, 0).map((row) => [row.step.path, row.left, row.width, row.depth])).toEqual([
      ["a", 0, 50, 0],
      ["b[10]/x", 50, 50, 2],
    ]);
  });

  it("keeps the rounds of a loop together and in order", () => {
    const second = (at: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, at)).toISOString();
    const begun = (path: string, at: number) => step(path, "completed", { started_at: second(at), ended_at: second(at + 1) });
    const steps = [begun("after", 9), begun("each[10]/x", 1), begun("each[2]/x", 3), begun("each[2]", 3), begun("each", 1), begun("each[10]", 1), begun("first", 0)];
    const run: Run = { id: "r", workflow: "w", revision: "1", status: "completed", started_at: second(0), ended_at: second(10), steps };
    expect(timelineRows(run, 0).map((row) => row.step.path)).toEqual(["first", "each", "each[2]", "each[2]/x", "each[10]", "each[10]/x", "after"]);
  });
});
