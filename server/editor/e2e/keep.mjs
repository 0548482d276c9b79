// Drafts, conflicts and the keyboard: what is not saved is not lost.
import { check, eventually, node } from "./browser.mjs";

export const expect = [412, 422];
/** Requests that fail on purpose. */
export const tolerate = /ERR_FAILED/;

export async function run(page, base, shot) {
  const name = `e2e-keep-${Date.now().toString(36)}`;
  const graph = { format: 1, name, "x-kept": { deep: [1] }, nodes: [{ id: "start", type: "trigger", position: { x: 100, y: 100 }, "x-node": true, data: { label: "Start", kind: "manual@1" } }], edges: [] };
  const created = await page.request.post(`${base}/api/v1/workflows`, { data: graph });
  check(created.ok(), `not created: ${created.status()} ${await created.text()}`);

  await page.goto(`${base}/workflows/${name}`);
  await node(page, "start").click();
  await page.getByLabel("Label").fill("Begin here");
  await page.getByText("Unsaved changes").waitFor();
  await page.waitForTimeout(600);
  page.once("dialog", (dialog) => void dialog.accept());
  await page.reload();
  await page.getByText("Your unsaved draft is shown.").waitFor();
  await eventually(() => node(page, "start").locator(".card-label").innerText(), "Begin here", "the draft's label");

  // Someone else saves meanwhile.
  const theirs = await page.request.put(`${base}/api/v1/workflows/${name}`, { data: { ...graph, description: "theirs" }, headers: { "If-Match": "*" } });
  check(theirs.ok(), `not saved: ${theirs.status()}`);
  // A view that someone chose is stored; the one that fits by itself need not be.
  await page.getByRole("button", { name: "Zoom in" }).click();
  await page.waitForTimeout(500);
  await page.keyboard.press("Control+s");
  await page.getByRole("dialog", { name: /Someone else/ }).waitFor();
  await shot("conflict");
  await page.getByRole("button", { name: "Overwrite theirs" }).click();
  await page.locator(".save-state").waitFor();
  const stored = await (await page.request.get(`${base}/api/v1/workflows/${name}`)).json();
  check(stored.graph.nodes[0].data.label === "Begin here", "the edit was not stored");
  check(stored.graph["x-kept"]?.deep?.[0] === 1 && stored.graph.nodes[0]["x-node"] === true, "unknown keys were lost");
  check(stored.graph.viewport !== undefined, "the viewport was not stored");

  await discard(page);
  await page.locator(".react-flow__pane").click({ position: { x: 10, y: 10 } });
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
  await shot("keyboard");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Find a node" }).fill("begin");
  await page.keyboard.press("Enter");
  await page.locator(".card.selected").waitFor();
  await serverDown(page, shot);
  await page.request.delete(`${base}/api/v1/workflows/${name}`, { headers: { "If-Match": "*" } });
}

async function discard(page) {
  await node(page, "start").click();
  await page.getByLabel("Label").fill("A slip of the hand");
  await page.getByRole("button", { name: "Unsaved changes" }).click();
  await page.getByRole("button", { name: "Discard", exact: true }).click();
  await eventually(() => node(page, "start").locator(".card-label").innerText(), "Begin here", "the label after discarding");
  await node(page, "start").click();
}

/** While the server is gone a banner says so, and edits go on; when it is back they can be saved. */
async function serverDown(page, shot) {
  await page.route("**/api/**", (route) => route.abort());
  await page.route("**/healthz", (route) => route.abort());
  await page.getByLabel("Label").fill("While you were out");
  await page.getByText("The server does not answer.").waitFor();
  await shot("offline");
  await page.unroute("**/api/**");
  await page.unroute("**/healthz");
  await page.getByRole("button", { name: "Try now" }).click();
  await eventually(() => page.locator(".banner").count(), 0, "the banner after the server is back");
  await page.keyboard.press("Control+s");
  await page.locator(".save-state").waitFor();
}
