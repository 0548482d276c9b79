// Loops: nodes go in and out of a container with the mouse, and into it by the menu.
import { centre, check, drag, eventually, node } from "./browser.mjs";

export const expect = [422];

export async function run(page, base, shot) {
  await page.addInitScript((graph) => {
    localStorage.setItem("flowcrate.draft.new-e2e", JSON.stringify({ doc: graph, etag: null, at: 0 }));
  }, graph());
  await page.goto(`${base}/new/new-e2e`);
  await node(page, "each").waitFor();
  const parent = () => page.evaluate(() => JSON.parse(localStorage.getItem("flowcrate.draft.new-e2e")).doc.nodes.find((entry) => entry.id === "work").parentId ?? null);

  const loop = await node(page, "each").boundingBox();
  await drag(page, await centre(node(page, "work").locator(".card-icon")), { x: loop.x + 90, y: loop.y + 120 });
  await eventually(parent, "each", "the parent after dragging in");
  await shot("loop");
  await page.keyboard.press("Control+z");
  await eventually(parent, null, "the parent after undo");
  await page.keyboard.press("Control+Shift+z");
  await eventually(parent, "each", "the parent after redo");
  const icon = await centre(node(page, "work").locator(".card-icon"));
  await drag(page, icon, { x: icon.x, y: icon.y + 330 });
  await eventually(parent, null, "the parent after dragging out");

  await page.getByRole("button", { name: /Add a step/ }).click();
  await page.getByRole("combobox", { name: "Search nodes" }).fill("transform");
  await page.keyboard.press("Enter");
  const inside = await node(page, "transform").boundingBox();
  check(inside.x > loop.x && inside.y > loop.y, "the added node is not inside the loop");
  await page.getByRole("textbox", { name: "Value", exact: true }).click();
  await page.keyboard.type("{{ item.", { delay: 25 });
  await page.locator(".cm-tooltip-autocomplete").getByText("sku").waitFor();
  await page.keyboard.type("sku | up", { delay: 25 });
  await page.locator(".cm-tooltip-autocomplete").getByText("upper", { exact: true }).waitFor();
}

function graph() {
  return {
    format: 1,
    name: "loops",
    nodes: [
      { id: "start", type: "trigger", position: { x: 0, y: 100 }, data: { label: "Start", kind: "manual@1", config: { sample: { items: [{ sku: "a" }] } } } },
      { id: "each", type: "for_each", position: { x: 320, y: 40 }, data: { label: "Each item", kind: "for_each@1", inputs: { items: "{{ trigger.items }}" } } },
      { id: "work", type: "transform", position: { x: 320, y: 320 }, data: { label: "Work", kind: "transform@1", inputs: { value: 1 } } },
    ],
    edges: [{ id: "e1", source: "start", target: "each" }],
    viewport: { x: 60, y: 60, zoom: 1 },
  };
}
