// A few of the server's checks, enough to draw problems, types and fixes.
const REFERENCE = /\b(steps|errors|triggers)\.([a-z_][a-z0-9_]*)/g;

function infer(value) {
  if (value === null || value === undefined) return { type: "null" };
  if (Array.isArray(value)) return { type: "list", items: value.length ? infer(value[0]) : { type: "any" } };
  if (typeof value === "object") {
    return { type: "record", fields: Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, infer(entry)])) };
  }
  if (typeof value === "number") return { type: Number.isInteger(value) ? "int" : "number" };
  return { type: typeof value === "boolean" ? "bool" : "string" };
}

function ofSchema(schema) {
  if (!schema) return { type: "any" };
  if (schema.type === "object") {
    return { type: "record", ...(schema.title ? { name: schema.title } : {}), fields: Object.fromEntries(Object.entries(schema.properties ?? {}).map(([k, v]) => [k, ofSchema(v)])) };
  }
  if (schema.type === "array") return { type: "list", items: ofSchema(schema.items) };
  return { type: { integer: "int", boolean: "bool", number: "number", string: "string" }[schema.type] ?? "any" };
}

const typed = (source) => (source?.schema ? ofSchema(source.schema) : source?.sample !== undefined ? infer(source.sample) : { type: "any" });

function outputOf(node, kinds) {
  const name = node.data.kind;
  if (["manual@1", "webhook@1", "wait_event@1"].includes(name)) return typed(node.data.config);
  if (name === "schedule@1") return { type: "record", fields: { scheduled_at: { type: "timestamp" } } };
  if (name === "http.request@1") {
    const output = structuredClone(kinds.get(name).output);
    output.fields.body = typed(node.data.config?.response);
    return output;
  }
  if (name === "transform@1") return typeof node.data.inputs?.value === "string" ? { type: "any" } : infer(node.data.inputs?.value);
  if (name === "custom@1") return typed(node.data.config?.output);
  return undefined;
}

function texts(value, path, found) {
  if (typeof value === "string") found.push([path, value]);
  else if (value && typeof value === "object") for (const [key, entry] of Object.entries(value)) texts(entry, `${path}/${key}`, found);
  return found;
}

export function check(graph, kinds) {
  const diagnostics = [];
  const ids = new Set(graph.nodes?.map((node) => node.id));
  const add = (code, severity, node, field, message, more = {}) => diagnostics.push({ code, severity, message, node, field, ...more });
  if (!Array.isArray(graph.nodes)) return { diagnostics: [{ code: "E101", severity: "error", message: "not a graph" }] };
  if (!graph.nodes.some((node) => kinds.get(node.data.kind)?.group === "trigger")) {
    diagnostics.push({ code: "E210", severity: "error", message: "no trigger", help: "add a trigger: nothing starts this workflow" });
  }
  for (const node of graph.nodes) {
    const kind = kinds.get(node.data.kind);
    if (!kind) add("E203", "error", node.id, "/kind", `unknown kind \`${node.data.kind}\``);
    for (const field of kind?.inputs ?? []) {
      if (field.required && node.data.inputs?.[field.name] === undefined) {
        add("E301", "error", node.id, `/inputs/${field.name}`, `"${node.data.label}" needs a value for ${field.name}`, { help: `give ${field.name} a value` });
      }
    }
    const group = kind?.group;
    const wired = graph.edges.some((edge) => edge.target === node.id || edge.source === node.id);
    if (group !== "trigger" && node.data.kind !== "note@1" && !node.parentId && !wired) {
      add("W201", "warning", node.id, undefined, `"${node.data.label}" is unreachable`, { help: "connect it to a node that runs before it" });
    }
    for (const [field, text] of [...texts(node.data.inputs, "/inputs", []), ...texts(node.data.result, "/result", [])]) {
      if (!text.includes("{{")) continue;
      for (const match of text.matchAll(REFERENCE)) {
        const span = { start: match.index, end: match.index + match[0].length };
        if (!ids.has(match[2])) {
          const near = [...ids].find((id) => id.startsWith(match[2].slice(0, 4)));
          const index = graph.nodes.indexOf(node);
          add("E402", "error", node.id, field, `no node has the id \`${match[2]}\``, {
            span,
            help: near ? `did you mean \`${near}\`` : "name a node that runs before this one",
            ...(near ? { fix: { title: `use \`${near}\``, patch: [{ op: "replace", path: `/nodes/${index}/data${field}`, value: text.replace(match[2], near) }] } } : {}),
          });
        }
      }
    }
  }
  const types = Object.fromEntries(graph.nodes.map((node) => [node.id, { output: outputOf(node, kinds), handles: kinds.get(node.data.kind)?.handles ?? [] }]));
  return { diagnostics, types };
}
