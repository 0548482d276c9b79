// A workflow's limit: typed into the settings, complained of where it is wrong, undone, kept.
import { check, eventually } from "./browser.mjs";

export async function run(page, base, shot) {
  const name = `e2e-limit-${Date.now().toString(36)}`;
  const start = { id: "start", type: "trigger", position: { x: 100, y: 100 }, data: { label: "Start", kind: "manual@1", config: { sample: { customer: "ada" } } } };
  const done = { id: "done", type: "node", position: { x: 400, y: 100 }, data: { label: "Done", kind: "return@1", inputs: { value: "{{ trigger.customer }}" } } };
  const graph = { format: 1, name, nodes: [start, done], edges: [{ id: "start-done", source: "start", target: "done" }] };
  const created = await page.request.post(`${base}/api/v1/workflows`, { data: graph });
  check(created.ok(), `not created: ${created.status()} ${await created.text()}`);

  await page.goto(`${base}/workflows/${name}`);
  await page.getByRole("button", { name: "Workflow settings" }).click();
  await page.getByText("Limit of its runs").click();
  const atATime = page.getByLabel("At a time");
  await atATime.fill("0");
  await page.getByText("expected a whole number from 1").waitFor();
  await atATime.fill("2");
  await page.getByText("expected a whole number from 1").waitFor({ state: "detached" });
  await page.getByLabel("Starts", { exact: true }).fill("30");
  await page.getByLabel("In", { exact: true }).fill("1m");
  await page.getByLabel("A run holds its place").selectOption("while_active");
  await shot("limit");
  await page.emulateMedia({ colorScheme: "dark" });
  await shot("limit-dark");
  await page.emulateMedia({ colorScheme: "light" });

  await page.locator(".react-flow__pane").click({ position: { x: 10, y: 10 } });
  await page.keyboard.press("Control+z");
  await eventually(() => page.getByLabel("A run holds its place").inputValue(), "until_end", "the undone hold");
  await page.keyboard.press("Control+s");
  await page.locator(".save-state").waitFor();
  const stored = async () => JSON.stringify((await (await page.request.get(`${base}/api/v1/workflows/${name}`)).json()).graph.limit);
  await eventually(stored, JSON.stringify({ concurrency: 2, rate: { starts: 30, period: "1m" } }), "the stored limit");
}
