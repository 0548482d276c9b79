// The kinds of the contract, as GET /api/v1/catalogue would give them.
const string = { type: "string" };
const any = { type: "any" };
const opt = (some) => ({ type: "optional", some });
const input = (name, label, type, more = {}) => ({ name, label, type, required: true, expression: true, ...more });
const config = (name, label, type, more = {}) => ({ name, label, type, required: false, ...more });
const payload = [
  config("schema", "JSON Schema", any, { doc: "Schema of the payload." }),
  config("sample", "Sample", any, { doc: "A sample payload; its type is inferred." }),
];
const kind = (kind, label, group, category, description, handles, inputs = [], conf = [], output) => ({
  kind, label, description, category, group, handles, inputs, config: conf, output,
});

export const KINDS = [
  kind("manual@1", "Manual start", "trigger", "Triggers", "Starts when a person or a program asks for it.", ["out"], [], payload),
  kind("webhook@1", "Webhook", "trigger", "Triggers", "Starts on a POST to its own path.", ["out"], [], [
    config("path", "Path", string, { doc: "The last part of /hooks/…; the workflow's name by default." }), ...payload]),
  kind("schedule@1", "Schedule", "trigger", "Triggers", "Starts at the times of a cron expression.", ["out"], [], [
    config("cron", "Cron", string, { required: true, default: "0 * * * *", doc: "Five fields: minute hour day month weekday." }),
    config("timezone", "Time zone", string, { default: "UTC" })]),
  kind("condition@1", "Condition", "control", "Flow", "Leaves by true or by false.", ["true", "false", "error"], [
    input("condition", "Condition", { type: "bool" }, { default: "{{ true }}" })]),
  kind("switch@1", "Switch", "control", "Flow", "Leaves by the first case that holds.", ["default", "error"], [
    input("value", "Value", opt(any), { required: false })], [
    config("cases", "Cases", { type: "list", items: any }, { required: true })]),
  kind("for_each@1", "For each", "control", "Flow", "Runs its body once for each element of a list.", ["out", "error"], [
    input("items", "Items", { type: "list", items: any })], [
    config("concurrency", "Items at once", { type: "int" }, { default: 1 }),
    config("on_item_error", "When an item fails", string, { options: ["fail", "skip", "collect"], default: "fail" })]),
  kind("wait@1", "Wait", "control", "Flow", "Waits for a time; the run costs nothing meanwhile.", ["out", "error"], [
    input("duration", "For", { type: "duration" }, { required: false, default: "10s" }),
    input("until", "Until", { type: "timestamp" }, { required: false })]),
  kind("wait_event@1", "Wait for event", "control", "Flow", "Waits until somebody sends the event to the run.", ["out", "error"], [
    input("key", "Key", string, { required: false }),
    input("timeout", "Timeout", { type: "duration" }, { required: false })], [
    config("event", "Event", string, { required: true, default: "event" }), ...payload]),
  kind("return@1", "Return", "control", "Flow", "Sets the run's output.", ["out", "error"], [input("value", "Value", any)]),
  kind("fail@1", "Fail", "control", "Flow", "Fails, with a message of yours.", ["error"], [
    input("message", "Message", string, { multiline: true }), input("code", "Code", string, { required: false, default: "failed" })]),
  kind("transform@1", "Transform", "pure", "Data", "Builds a value out of others.", ["out", "error"], [input("value", "Value", any)]),
  kind("http.request@1", "HTTP request", "action", "Network", "Sends a request and reads the answer.", ["out", "error"], [
    input("method", "Method", { type: "enum", values: ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"] }, { required: false, default: "GET", options: ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"] }),
    input("url", "URL", string),
    input("query", "Query", { type: "map", values: string }, { required: false }),
    input("headers", "Headers", { type: "map", values: string }, { required: false }),
    input("json", "JSON body", opt(any), { required: false, multiline: true }),
    input("timeout", "Timeout", { type: "duration" }, { required: false, default: "30s" })], [
    config("response", "Response body", any, { doc: "Types `body`: a schema or a sample." })],
    { type: "record", name: "Response", fields: { status: { type: "int" }, headers: { type: "map", values: string }, body: any } }),
  kind("custom@1", "Custom code", "action", "Code", "A Rust function that you write in the exported crate.", ["out", "error"], [], [
    config("output", "Output", any)]),
  kind("note@1", "Note", "control", "Notes", "Text on the canvas.", []),
];
