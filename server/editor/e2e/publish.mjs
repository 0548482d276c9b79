// A drawing becomes a version: what would happen first, then the index has it; yanks; the pages of crates.
import { check, eventually, node } from "./browser.mjs";
import { broken } from "./examples.mjs";

export const expect = [401, 404, 409, 412, 422];

/** What the version before did not have: runs may move or not, programs go on compiling. */
function graph(name, { schema = { name: { type: "string" } }, nodes = [], edges = [] } = {}) {
  const required = Object.keys(schema).filter((key) => !schema[key].optional);
  const properties = Object.fromEntries(Object.entries(schema).map(([key, { type }]) => [key, { type }]));
  const start = { id: "start", type: "trigger", position: { x: 80, y: 120 }, data: { label: "Start", kind: "manual@1", config: { schema: { type: "object", required, properties } } } };
  const wait = { id: "pause", type: "action", position: { x: 380, y: 120 }, data: { label: "Take a breath", kind: "wait@1", inputs: { duration: "1s" } } };
  const edge = { id: "e1", source: "start", target: "pause" };
  return { format: 1, name, description: "Greets, and takes its time.", nodes: [start, wait, ...nodes], edges: [edge, ...edges] };
}

export async function run(page, base, shot) {
  const name = `e2e-crate-${Date.now().toString(36)}`;
  const workflows = `${base}/api/v1/workflows`;
  // Unsaved drafts ask before they are left.
  page.on("dialog", (question) => void question.accept());
  await page.request.post(workflows, { data: graph(name) });
  await page.goto(`${base}/workflows/${name}`);
  await node(page, "start").waitFor();

  await first(page, base, name, shot);
  await second(page, base, name, shot);
  await unchangedAndYanked(page, base, name, shot);
  await stale(page, workflows, name);
  await pages(page, base, name, shot);
  await refusals(page, base, shot);
  await faults(page, base, shot);
  await tokens(page, base, name, shot);
  await strangers(page, base, name, shot);
  await page.request.delete(`${workflows}/${name}`, { headers: { "If-Match": "*" } });
}

const dialog = (page) => page.getByRole("dialog", { name: /Publish|1\.|2\./ });

async function versions(page, base, name) {
  const reply = await page.request.get(`${base}/index/${name.slice(0, 2)}/${name.slice(2, 4)}/${name}`);
  if (!reply.ok()) return `status ${reply.status()}`;
  const lines = (await reply.text()).trim().split("\n").map((line) => JSON.parse(line));
  return lines.map((line) => line.vers + (line.yanked ? " yanked" : "")).join(", ");
}

/** By keyboard alone: what is unsaved is saved first. */
async function first(page, base, name, shot) {
  await node(page, "pause").click();
  await page.getByRole("textbox", { name: "Label" }).fill("Take a deep breath");
  await page.getByRole("textbox", { name: "Label" }).blur();
  await page.locator(".react-flow__pane").click({ position: { x: 10, y: 10 } });
  await page.keyboard.press("p");
  await dialog(page).getByText("The first version: 1.0.0").waitFor();
  check((await versions(page, base, name)) === "status 404", "the preview published something");
  await shot("publish-first");
  await dialog(page).getByLabel("What is new").fill("Greets by `name`.");
  await dialog(page).getByRole("button", { name: "Publish 1.0.0" }).press("Enter");
  await dialog(page).getByText(/is published/).waitFor();
  check((await versions(page, base, name)) === "1.0.0", `the index has ${await versions(page, base, name)}`);
  const line = await dialog(page).getByLabel("the cargo add line", { exact: true }).innerText();
  check(line === `cargo add ${name} --registry flows --no-default-features`, `the line is ${line}`);
  check((await dialog(page).getByLabel("the dependency", { exact: true }).innerText()).includes("registry-index = "), "no line without configuration");
  await shot("publish-done");
  await dialog(page).getByRole("button", { name: "Done" }).press("Enter");
  await eventually(() => page.getByRole("dialog").count(), 0, "the dialog");
  // Publishing is no edit.
  await page.keyboard.press("Control+z");
  await eventually(() => node(page, "pause").locator(".card-label").innerText(), "Take a breath", "the label after undo");
  await page.keyboard.press("Control+Shift+z");
}

/** A new input that may be left out asks for a minor version; the wait that it changes stops runs. */
async function second(page, base, name, shot) {
  const changed = graph(name, { schema: { name: { type: "string" }, title: { type: "string", optional: true } } });
  changed.nodes[1].data.inputs.duration = "2s";
  await page.request.put(`${base}/api/v1/workflows/${name}`, { data: changed, headers: { "If-Match": "*" } });
  await page.goto(`${base}/workflows/${name}`);
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  const minor = dialog(page).getByRole("radio", { name: /Minor/ });
  await minor.waitFor();
  check(await minor.isChecked(), "the least bump is not chosen");
  check(await dialog(page).getByRole("radio", { name: /Patch/ }).isDisabled(), "the version can be lowered");
  await dialog(page).getByText(/title/).first().waitFor();
  await dialog(page).getByText("Runs of 1.0.0 end as they began").waitFor();
  await shot("publish-minor");
  await page.emulateMedia({ colorScheme: "dark" });
  await page.waitForTimeout(200);
  await shot("publish-minor-dark");
  await page.emulateMedia({ colorScheme: "light" });
  await dialog(page).getByRole("button", { name: "Take a breath" }).click();
  await eventually(() => page.getByRole("dialog").count(), 0, "the dialog after the link to a node");
  await page.locator(".card.selected").waitFor();
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await dialog(page).getByRole("radio", { name: /Major/ }).check();
  await dialog(page).getByLabel("What is new").fill("A title, if you like.");
  await dialog(page).getByRole("button", { name: "Publish 2.0.0" }).click();
  await dialog(page).getByText(/is published/).waitFor();
  check((await versions(page, base, name)) === "1.0.0, 2.0.0", `the index has ${await versions(page, base, name)}`);
  await page.keyboard.press("Escape");
}

async function unchangedAndYanked(page, base, name, shot) {
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await dialog(page).getByText("Nothing has changed since 2.0.0").waitFor();
  check(await dialog(page).getByRole("button", { name: "Nothing to publish" }).isDisabled(), "the same content can be published");
  await dialog(page).getByText("2 published versions").click();
  await dialog(page).getByRole("button", { name: "Yank 1.0.0" }).click();
  await eventually(() => versions(page, base, name), "1.0.0 yanked, 2.0.0", "the index after the yank");
  await dialog(page).getByRole("button", { name: "Un-yank 1.0.0" }).waitFor();
  await shot("publish-yanked");
  await dialog(page).getByRole("button", { name: "Un-yank 1.0.0" }).click();
  await eventually(() => versions(page, base, name), "1.0.0, 2.0.0", "the index after the yank was taken back");
  await page.keyboard.press("Escape");
}

/** What the dialog showed is published, or nothing is. */
async function stale(page, workflows, name) {
  const put = (description) => page.request.put(`${workflows}/${name}`, { data: { ...graph(name, { schema: { name: { type: "string" }, title: { type: "string", optional: true } } }), description }, headers: { "If-Match": "*" } });
  await put("One.");
  await page.reload();
  await node(page, "start").waitFor();
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await dialog(page).getByRole("button", { name: "Publish 2.0.1" }).waitFor();
  await put("Two.");
  await dialog(page).getByRole("button", { name: "Publish 2.0.1" }).click();
  await dialog(page).getByText("It changed meanwhile").waitFor();
  await dialog(page).getByRole("button", { name: "Publish 2.0.1" }).click();
  await dialog(page).getByText(/is published/).waitFor();
  await dialog(page).getByRole("button", { name: "Its page" }).click();
  await page.getByRole("heading", { name: new RegExp(`${name} 2.0.1`) }).waitFor();
}

async function pages(page, base, name, shot) {
  await page.getByRole("heading", { name: "Run it" }).waitFor();
  check((await page.getByLabel("Diagram, as Mermaid").innerText()).startsWith("flowchart TD"), "the readme has no diagram");
  await page.waitForTimeout(300);
  await shot("crate");
  await page.emulateMedia({ colorScheme: "dark" });
  await page.getByRole("tab", { name: "API" }).click();
  await page.getByRole("heading", { name: "Events that it waits for" }).waitFor();
  await shot("crate-api-dark");
  await page.emulateMedia({ colorScheme: "light" });
  await page.getByRole("tab", { name: "Versions" }).click();
  await page.getByText("Greets by name.").waitFor();
  await shot("crate-versions");
  await page.getByRole("tab", { name: "Dependencies" }).click();
  await page.getByRole("link", { name: "flowcrate", exact: true }).first().click();
  await page.getByRole("heading", { name: /^flowcrate / }).waitFor();
  await page.getByRole("link", { name, exact: true }).first().click();
  await page.getByRole("heading", { name: new RegExp(`${name} 2.0.1`) }).waitFor();
  await page.goto(`${base}/crates/${name}/1.0.0`);
  await page.getByText("2.0.1 is the latest").click();
  await page.getByRole("heading", { name: new RegExp(`${name} 2.0.1`) }).waitFor();

  await page.goto(base);
  await page.getByRole("link", { name: "Crates" }).click();
  await page.getByRole("searchbox", { name: "Search crates" }).fill(name.slice(-6));
  await eventually(() => page.locator(".workflow-card").count(), 1, "the crates that match");
  await page.getByRole("searchbox", { name: "Search crates" }).fill("");
  await eventually(async () => (await page.locator(".workflow-card").count()) > 2, true, "all crates");
  await shot("crates");
  await page.goto(`${base}/crates/no-such-crate`);
  await page.getByText("There is no no-such-crate here.").waitFor();
}

/** A name that no crate may have, nodes that nobody wrote, a drawing with errors. */
async function refusals(page, base, shot) {
  const custom = { id: "mine", type: "action", position: { x: 680, y: 120 }, data: { label: "My own", kind: "custom@1", config: { output: { type: "object", properties: {} } } } };
  const reserved = graph("flowcrate-e2e", { nodes: [custom], edges: [{ id: "e2", source: "pause", target: "mine" }] });
  await page.request.post(`${base}/api/v1/workflows`, { data: reserved });
  await page.goto(`${base}/workflows/flowcrate-e2e`);
  await node(page, "mine").waitFor();
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await dialog(page).getByRole("alert").getByText(/for its own crates/).waitFor();
  check(await dialog(page).getByRole("button", { name: /^Publish/ }).isDisabled(), "a reserved name can be published");
  await dialog(page).getByRole("button", { name: "My own" }).waitFor();
  await shot("publish-refused");
  await dialog(page).getByRole("button", { name: /Call it workflow-e2e/ }).click();
  await eventually(() => dialog(page).getByRole("alert").count(), 1, "the refusals after the rename");
  await page.keyboard.press("Escape");
  await page.getByLabel("Name of the workflow").waitFor();
  check((await page.getByLabel("Name of the workflow").inputValue()) === "workflow-e2e", "the workflow was not renamed");
  await page.request.delete(`${base}/api/v1/workflows/workflow-e2e`, { headers: { "If-Match": "*" } });
}

/** A drawing with errors says which, and leads to their places. */
async function faults(page, base, shot) {
  await page.goto(base);
  await page.getByRole("button", { name: "Import" }).click();
  await page.getByRole("textbox").last().fill(JSON.stringify({ ...broken(), name: "e2e-faulty" }));
  await page.getByRole("dialog").getByRole("button", { name: "Import" }).click();
  await page.locator(".problem-badge.bad").first().waitFor();
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await dialog(page).getByText("only made of a workflow without errors").waitFor();
  check((await dialog(page).getByRole("button", { name: /^Publish/ }).count()) === 0, "a faulty drawing can be published");
  await shot("publish-faults");
  await dialog(page).getByRole("button", { name: "Look up" }).first().click();
  await eventually(() => page.getByRole("dialog").count(), 0, "the dialog after the link to a fault");
  await page.locator(".card.selected").waitFor();
}

/** A private registry shows nothing of a crate without a token. */
async function strangers(page, base, name, shot) {
  await page.evaluate(() => sessionStorage.removeItem("flowcrate.token"));
  await page.route("**/api/v1/registry/**", async (route) => {
    const { authorization, ...headers } = route.request().headers();
    if (authorization === "Bearer flowcrate_e2e") return route.continue({ headers });
    const body = { title: "this needs a token", status: 401, code: "token", detail: "this needs a token" };
    return route.fulfill({ status: 401, contentType: "application/problem+json", body: JSON.stringify(body) });
  });
  await page.goto(`${base}/crates/${name}`);
  await page.getByLabel("Token").waitFor();
  await shot("crate-private");
  await page.getByLabel("Token").fill("flowcrate_e2e");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: new RegExp(`${name} 2.0.2`) }).waitFor();
  await page.unroute("**/api/v1/registry/**");
  await page.evaluate(() => sessionStorage.removeItem("flowcrate.token"));
  await page.route("**/yank", async (route) => {
    const { authorization, ...headers } = route.request().headers();
    if (authorization === "Bearer flowcrate_e2e") return route.continue({ headers });
    const body = { title: "this needs a token", status: 401, code: "token", detail: "this needs a token" };
    return route.fulfill({ status: 401, contentType: "application/problem+json", body: JSON.stringify(body) });
  });
  await page.getByRole("tab", { name: "Versions" }).click();
  await page.getByRole("button", { name: "Yank 1.0.0" }).click();
  await page.getByLabel("Token").waitFor();
  await shot("crate-yank-token");
  await page.getByLabel("Token").fill("flowcrate_e2e");
  await page.keyboard.press("Enter");
  await eventually(async () => (await versions(page, base, name)).startsWith("1.0.0 yanked"), true, "the index after the yank");
  await page.unroute("**/yank");
}

/** A registry that wants a token asks for it, and goes on. */
async function tokens(page, base, name, shot) {
  await page.route("**/publish", async (route) => {
    const { authorization, ...headers } = route.request().headers();
    if (route.request().method() === "GET" || authorization === "Bearer flowcrate_e2e") return route.continue({ headers });
    const body = { title: "this needs a token", status: 401, code: "token", detail: "this needs a token" };
    return route.fulfill({ status: 401, contentType: "application/problem+json", body: JSON.stringify(body) });
  });
  await page.goto(`${base}/workflows/${name}`);
  await node(page, "pause").click();
  await page.getByRole("textbox", { name: "Label" }).fill("Breathe");
  await page.getByRole("textbox", { name: "Label" }).blur();
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await dialog(page).getByRole("button", { name: "Publish 2.0.2" }).click();
  await dialog(page).getByLabel("Token").waitFor();
  await shot("publish-token");
  await dialog(page).getByLabel("Token").fill("flowcrate_e2e");
  await page.keyboard.press("Enter");
  await dialog(page).getByText(/is published/).waitFor();
  check((await versions(page, base, name)).endsWith("2.0.2"), "the token did not publish");
  await page.unroute("**/publish");
  await page.keyboard.press("Escape");
}
