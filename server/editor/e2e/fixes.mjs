// Fixes by their buttons, with undo; a step that is to be written by hand; types that are shown by what they are made of.
import { check, eventually, node } from "./browser.mjs";

export const expect = [422];

const DRAFT = "flowcrate.draft.new-fixes";

export async function run(page, base, shot) {
  await page.addInitScript(([key, graph]) => localStorage.setItem(key, JSON.stringify({ doc: graph, etag: null, at: 0 })), [DRAFT, graph()]);
  await page.goto(`${base}/new/new-fixes`);
  await node(page, "charge").waitFor();
  await page.keyboard.press("f");
  await page.getByRole("tab", { name: /Problems/ }).click();
  await wordIsMended(page, shot);
  await edgeIsDrawn(page, shot);
  await stepIsWrittenByHand(page, shot);
  await typesAreReadable(page, shot);
}

const saved = (page, id) => page.evaluate(([key, id]) => JSON.parse(localStorage.getItem(key)).doc.nodes.find((entry) => entry.id === id).data, [DRAFT, id]);
const problem = (page, text) => page.locator(".problem", { hasText: text });
const away = (page) => page.locator(".react-flow__pane").click({ position: { x: 10, y: 10 } });

/** A wrong word in an expression: mended by its button, taken back, done again. */
async function wordIsMended(page, shot) {
  const wrong = problem(page, "has no field emial");
  await wrong.waitFor();
  const url = async () => (await saved(page, "look")).inputs.url;
  await shot("fixes");
  await page.emulateMedia({ colorScheme: "dark" });
  await page.waitForTimeout(300);
  await shot("fixes-dark");
  await page.emulateMedia({ colorScheme: "light" });
  await wrong.getByRole("button", { name: "change emial to email" }).click();
  await eventually(() => wrong.count(), 0, "the problem after its fix");
  await eventually(url, "https://example.com/{{ trigger.email }}", "the mended text");
  await eventually(() => node(page, "look").locator(".problem-badge.bad").count(), 0, "the badge after the fix");
  await away(page);
  await page.keyboard.press("Control+z");
  await wrong.waitFor();
  await eventually(url, "https://example.com/{{ trigger.emial }}", "the text after undo");
  await page.keyboard.press("Control+Shift+z");
  await eventually(() => wrong.count(), 0, "the problem after redo");
}

/** A fix that changes the drawing. */
async function edgeIsDrawn(page, shot) {
  const missing = problem(page, "no path of edges leads from");
  await missing.waitFor();
  const edges = () => page.locator(".react-flow__edge").count();
  await eventually(edges, 3, "the edges before the fix");
  await missing.getByRole("button", { name: /^add the edge from/ }).click();
  await eventually(edges, 4, "the edges after the fix");
  await eventually(() => missing.count(), 0, "the problem after the edge");
  await page.getByText("No problems.").waitFor();
  await away(page);
  await page.waitForTimeout(300);
  await shot("fixed");
  await page.keyboard.press("Control+z");
  await eventually(edges, 3, "the edges after undo");
  await missing.waitFor();
  await page.keyboard.press("Control+Shift+z");
  await eventually(() => missing.count(), 0, "the problem after redo");
}

async function stepIsWrittenByHand(page, shot) {
  await node(page, "charge").click();
  const box = page.getByRole("checkbox", { name: "Written by hand" });
  check(!(await box.isChecked()), "a step is written by hand from the beginning");
  await box.check();
  await eventually(async () => (await saved(page, "charge")).override, true, "the override");
  await box.scrollIntoViewIfNeeded();
  await shot("by-hand");
  await page.emulateMedia({ colorScheme: "dark" });
  await page.waitForTimeout(300);
  await shot("by-hand-dark");
  await page.emulateMedia({ colorScheme: "light" });
  await box.uncheck();
  await eventually(async () => "override" in (await saved(page, "charge")), false, "the override once it is taken back");
  await node(page, "received").click();
  check((await box.count()) === 0, "a trigger can be written by hand");
}

async function typesAreReadable(page, shot) {
  await page.getByRole("tab", { name: /Data/ }).click();
  const tree = page.locator(".type-tree").first();
  const types = async () => (await tree.locator(".tree-row").allInnerTexts()).map((row) => row.replace(/\s+/g, " ").trim());
  await tree.waitFor();
  const rows = await types();
  for (const row of ["category Category", "email string", "id int | string", "payment Payment (card | iban)", "point tuple<number, number>?"]) {
    check(rows.includes(row), `no row ${row} among ${rows.join("; ")}`);
  }
  await tree.getByRole("button", { name: "Parts of payment" }).click();
  await tree.getByRole("button", { name: "Parts of category" }).click();
  await tree.getByRole("button", { name: "Parts of children" }).click();
  await tree.getByRole("button", { name: "Parts of point" }).click();
  const inner = await types();
  for (const row of ['kind "card" | "iban"', "last4 string?", "children list<Category>?", "[1] number"]) {
    check(inner.includes(row), `no row ${row} among ${inner.join("; ")}`);
  }
  await page.waitForTimeout(300);
  await shot("types");
  await page.emulateMedia({ colorScheme: "dark" });
  await page.waitForTimeout(300);
  await shot("types-dark");
  await page.emulateMedia({ colorScheme: "light" });
  const title = await node(page, "pick").locator('[data-handleid="out"].source').getAttribute("title");
  check(title === "Output: Payment (card | iban)", `the handle says ${title}`);
}

function graph() {
  const at = (x, y) => ({ x, y });
  const choice = (kind, name) => ({ type: "object", properties: { kind: { const: kind }, [name]: { type: "string" } }, required: ["kind", name] });
  const schema = {
    type: "object",
    title: "Order",
    required: ["email", "id", "payment", "category"],
    properties: {
      email: { type: "string" },
      id: { type: ["string", "integer"] },
      payment: { title: "Payment", oneOf: [choice("card", "last4"), choice("iban", "iban")] },
      point: { prefixItems: [{ type: "number" }, { type: "number" }] },
      category: { $ref: "#/$defs/Category" },
    },
    $defs: { Category: { type: "object", title: "Category", required: ["name"], properties: { name: { type: "string" }, children: { type: "array", items: { $ref: "#/$defs/Category" } } } } },
  };
  return {
    format: 1,
    name: "new-fixes",
    nodes: [
      { id: "received", type: "trigger", position: at(60, 140), data: { label: "Order received", kind: "webhook@1", config: { schema } } },
      { id: "look", type: "action", position: at(380, 60), data: { label: "Look up", kind: "http.request@1", inputs: { url: "https://example.com/{{ trigger.emial }}" } } },
      { id: "pick", type: "transform", position: at(380, 260), data: { label: "Pick the payment", kind: "transform@1", inputs: { value: "{{ trigger.payment }}" } } },
      { id: "charge", type: "action", position: at(740, 140), data: { label: "Charge", kind: "http.request@1", inputs: { method: "POST", url: "https://example.com/charge", json: { by: "{{ steps.pick.kind }}", at: "{{ steps.look.status }}" } } } },
    ],
    edges: [
      { id: "e1", source: "received", target: "look" },
      { id: "e2", source: "look", target: "charge" },
      { id: "e3", source: "received", target: "pick" },
    ],
  };
}
