// A workflow drawn by hand: palette, handles, quick add, forms; saved, run, exported, deleted.
import { readFileSync } from "node:fs";

import { centre, check, drag, eventually, fill, input, node, output } from "./browser.mjs";

export const expect = [];

export async function run(page, base, shot) {
  const name = `e2e-${Date.now().toString(36)}`;
  await page.goto(base);
  await page.getByRole("button", { name: "New workflow" }).first().click();
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByRole("button", { name: "Create" }).click();
  await node(page, "start").waitFor();

  await draw(page);
  await shot("drawn");
  await page.keyboard.press("Control+s");
  await page.locator(".save-state").waitFor();

  await runIt(page);
  await shot("finished");
  await refactor(page, shot);
  await exportIt(page, name);

  await page.goto(base);
  await page.getByRole("button", { name: `Delete ${name}` }).click();
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByText(`Deleted ${name}`).waitFor();
  await eventually(() => page.getByText(name, { exact: true }).count(), 0, "the deleted workflow in the list");
}

async function draw(page) {
  const pane = await centre(page.locator(".react-flow__pane"));
  const place = { x: pane.x, y: pane.y - 120 };
  const target = await page.locator(".react-flow__pane").boundingBox();
  await page.dragAndDrop(".palette-item:has-text('Transform')", ".react-flow__pane", { targetPosition: { x: place.x - target.x, y: place.y - target.y } });
  await node(page, "transform").waitFor();
  await drag(page, await centre(output(page, "start")), await centre(input(page, "transform")));
  await eventually(() => page.locator(".react-flow__edge").count(), 1, "the first edge");
  await node(page, "transform").click();
  await fill(page, "Value", '{ "doubled": "{{ 21 * 2 }}" }');

  // A connection dropped on nothing asks what comes next.
  const from = await centre(output(page, "transform"));
  await drag(page, from, { x: from.x + 60, y: from.y + 130 });
  await page.getByRole("combobox", { name: "Search nodes" }).fill("wait");
  await page.keyboard.press("Enter");
  await node(page, "wait").waitFor();
  await fill(page, "For", "1s");
  // A new node takes its id from its label, and the cursor stays where it went.
  await page.getByLabel("Label").fill("Take a breath");
  await page.getByLabel("Doc comment").click();
  await node(page, "take_a_breath").waitFor();
  await page.keyboard.type("Because.");
  check((await page.getByLabel("Doc comment").inputValue()) === "Because.", "the rename took the focus away");

  // Tab adds after the selected node.
  await node(page, "take_a_breath").click();
  await page.keyboard.press("Tab");
  await page.getByRole("combobox", { name: "Search nodes" }).fill("return");
  await page.keyboard.press("Enter");
  await node(page, "return_node").or(node(page, "return")).first().waitFor();
  await eventually(() => page.locator(".react-flow__edge").count(), 3, "the edges");
  await complete(page);
}

/** Types an expression as a person does, with the help of completion. */
async function complete(page) {
  const field = page.getByRole("textbox", { name: "Value", exact: true });
  await field.click();
  await page.keyboard.type("{{ steps.transform.", { delay: 25 });
  await page.locator(".cm-tooltip-autocomplete").getByText("doubled").waitFor();
  // CodeMirror takes Enter for the completion only once it was there to be seen.
  await page.waitForTimeout(150);
  await page.keyboard.press("Enter");
  await eventually(() => field.innerText(), "{{ steps.transform.doubled }}", "the completed expression");
  await eventually(() => page.locator(".problem-badge.bad").count(), 0, "problems");
}

async function runIt(page) {
  await page.keyboard.press("Control+Enter");
  await page.locator("[data-run-status]").waitFor();
  await eventually(() => page.locator("[data-run-status]").getAttribute("data-run-status"), "completed", "the run", 20_000);
  await eventually(() => node(page, "take_a_breath").locator("[data-status]").getAttribute("data-status"), "completed", "the step's status");
  await eventually(() => page.locator(".run-side .value-pair section").nth(1).locator(".json").innerText(), "42", "the run's output");
}

/** Renaming rewrites references; undo takes it back; a wrong reference is a problem with a place. */
async function refactor(page, shot) {
  await node(page, "transform").click();
  await page.getByLabel("Id", { exact: true }).fill("twice");
  await page.keyboard.press("Enter");
  await node(page, "twice").waitFor();
  await page.locator(".react-flow__pane").click({ position: { x: 10, y: 10 } });
  await page.keyboard.press("f");
  await page.waitForTimeout(400);
  const end = node(page, "return").or(node(page, "return_node")).first();
  await end.click();
  const value = page.getByRole("textbox", { name: "Value", exact: true });
  await eventually(() => value.innerText(), "{{ steps.twice.doubled }}", "the rewritten reference");
  await fill(page, "Value", "{{ steps.absent.x }}");
  await end.locator(".problem-badge.bad").waitFor();
  await page.getByRole("tab", { name: /Problems/ }).click();
  await page.locator(".problem.bad").first().waitFor();
  check((await page.getByRole("button", { name: "Export as code" }).getAttribute("aria-disabled")) === "true", "export is offered despite errors");
  await page.locator(".react-flow__pane").click({ position: { x: 10, y: 10 } });
  await page.keyboard.press("Control+z");
  await page.keyboard.press("Control+z");
  await node(page, "transform").waitFor();
  await eventually(() => page.locator(".problem-badge.bad").count(), 0, "problems after undo");
  await page.keyboard.press("f");
  await page.waitForTimeout(400);
  await node(page, "start").click({ button: "right" });
  await shot("menu");
  await page.getByRole("menuitem", { name: /Disable/ }).click();
  await page.locator(".card.disabled").waitFor();
  await page.keyboard.press("Control+z");
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Control+d");
  await eventually(() => page.locator(".react-flow__node").count(), 8, "duplicated nodes");
  await page.keyboard.press("Delete");
  await eventually(() => page.locator(".react-flow__node").count(), 4, "nodes after deletion");
}

async function exportIt(page, name) {
  await page.keyboard.press("Control+s");
  await page.locator(".save-state").waitFor();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Export as code" }).click()]);
  check(download.suggestedFilename() === `${name}.zip`, `exported as ${download.suggestedFilename()}`);
  check(readFileSync(await download.path()).subarray(0, 2).toString() === "PK", "the export is no zip");
}
