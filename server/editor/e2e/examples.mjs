// The example workflows, in light and dark, and a graph with problems: for eyes as much as for checks.
import { check, eventually } from "./browser.mjs";

export const expect = [422];

export async function run(page, base, shot) {
  await page.goto(base);
  await page.getByRole("link", { name: /order-intake/ }).waitFor();
  await shot("home");
  await page.getByRole("link", { name: /order-intake/ }).click();
  await page.locator(".react-flow__node").first().waitFor();
  await page.keyboard.press("f");
  await eventually(() => page.locator(".react-flow__edge").count(), 8, "the edges of order-intake");
  await page.waitForTimeout(400);
  await shot("order-intake");
  await page.locator("[data-node=charge]").click();
  await page.waitForTimeout(500);
  await shot("inspector");
  await page.emulateMedia({ colorScheme: "dark" });
  await page.waitForTimeout(300);
  await shot("dark");
  await page.emulateMedia({ colorScheme: "light" });
  check((await page.locator(".problem-badge.bad").count()) === 0, "an example has errors");

  await page.goto(base);
  await page.getByRole("button", { name: "Import" }).click();
  await page.getByRole("textbox").last().fill(JSON.stringify(broken()));
  await page.getByRole("dialog").getByRole("button", { name: "Import" }).click();
  await page.locator(".problem-badge.bad").first().waitFor();
  await page.getByRole("tab", { name: /Problems/ }).click();
  await page.locator(".problem-main:enabled").first().click();
  await page.waitForTimeout(500);
  await shot("problems");
}

export function broken() {
  const at = (x, y) => ({ x, y });
  return {
    format: 1,
    name: "broken",
    nodes: [
      { id: "start", type: "trigger", position: at(60, 140), data: { label: "Start", kind: "manual@1", config: { sample: { email: "ada@example.com", total: 12 } } } },
      { id: "look", type: "action", position: at(380, 140), data: { label: "Look up", kind: "http.request@1", inputs: { url: "https://example.com/{{ trigger.emial }}" } } },
      { id: "large", type: "condition", position: at(700, 120), data: { label: "A large order?", kind: "condition@1", inputs: { condition: "{{ steps.lok.status > 10 }}" } } },
      { id: "tell", type: "action", position: at(1020, 60), data: { label: "Tell sales", kind: "http.request@1", inputs: { method: "POST", json: { total: "{{ trigger.total }}" } } } },
    ],
    edges: [
      { id: "e1", source: "start", target: "look" },
      { id: "e2", source: "look", target: "large" },
      { id: "e3", source: "large", sourceHandle: "true", target: "tell" },
    ],
  };
}
