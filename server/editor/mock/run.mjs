// Walks a graph with made-up outputs: the look of a run, not its meaning.
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const RECORDED = new Set(["http.request@1", "custom@1", "wait@1", "wait_event@1", "for_each@1"]);

export function view(run) {
  const { graph: _graph, watchers: _watchers, cancel: _cancel, event: _event, ...rest } = run;
  return rest;
}

const notify = (run) => run.watchers.forEach((send) => send());

export async function advance(run) {
  let cancelled = false;
  run.cancel = () => {
    cancelled = true;
    run.event?.(null);
    end(run, "cancelled");
  };
  await scope(run, undefined, "", () => cancelled);
  if (!cancelled) {
    run.output = { ok: true, echoed: run.input };
    end(run, "completed");
  }
}

function end(run, status) {
  if (run.ended_at) return;
  run.status = status;
  run.ended_at = new Date().toISOString();
  run.waiting_for = [];
  notify(run);
}

async function scope(run, parent, prefix, cancelled) {
  const nodes = run.graph.nodes.filter((node) => (node.parentId ?? undefined) === parent && node.data.kind !== "note@1");
  const done = new Map();
  const visit = (node) => {
    if (!done.has(node.id)) {
      const before = run.graph.edges.filter((edge) => edge.target === node.id).map((edge) => nodes.find((entry) => entry.id === edge.source)).filter(Boolean);
      done.set(node.id, Promise.all(before.map(visit)).then(() => (cancelled() ? undefined : execute(run, node, prefix, cancelled))));
    }
    return done.get(node.id);
  };
  await Promise.all(nodes.map(visit));
}

async function execute(run, node, prefix, cancelled) {
  if (!RECORDED.has(node.data.kind)) return;
  const step = { path: `${prefix}${node.id}`, node: node.id, kind: node.data.kind, status: "running", attempts: 1, input: node.data.inputs ?? null, output: null, error: null, started_at: new Date().toISOString(), ended_at: null };
  run.steps.push(step);
  notify(run);
  if (node.data.kind === "for_each@1") {
    for (let index = 0; index < 3 && !cancelled(); index += 1) await scope(run, node.id, `${prefix}${node.id}[${index}]/`, cancelled);
  } else if (node.data.kind === "wait_event@1") {
    step.status = "waiting";
    run.status = "waiting";
    run.waiting_for = [{ kind: "event", path: step.path, name: node.data.config?.event ?? "event" }];
    notify(run);
    step.output = await new Promise((resolve) => { run.event = (_name, payload) => resolve(payload); });
    run.status = "running";
    run.waiting_for = [];
  } else {
    await sleep(250 + Math.random() * 350);
    step.output = { status: 200, body: { id: "cus_3f9", name: "Ada Lovelace" } };
  }
  step.status = cancelled() ? "cancelled" : "completed";
  step.ended_at = new Date().toISOString();
  if (!run.ended_at) notify(run);
}
