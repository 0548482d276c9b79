// What axe finds on each page, in both themes: contrast, names, roles.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import { node } from "./browser.mjs";

export const expect = [];

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export async function run(page, base) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    await page.goto(base);
    await page.getByRole("button", { name: "New workflow" }).first().waitFor();
    await page.waitForTimeout(300);
    await clean(page, `${colorScheme} home`);
    await page.getByRole("button", { name: "New workflow" }).first().click();
    await clean(page, `${colorScheme} dialog`);
    await page.goto(`${base}/workflows/site-watch`);
    await node(page, "look").click();
    await page.locator(".cm-content").first().waitFor();
    await page.waitForTimeout(400);
    await clean(page, `${colorScheme} inspector`);
    await page.getByRole("tab", { name: "Data" }).click();
    await page.getByRole("tab", { name: /Runs/ }).click();
    await page.waitForTimeout(300);
    await clean(page, `${colorScheme} runs`);
    await node(page, "tick").click();
    await page.keyboard.press("/");
    await page.getByRole("combobox", { name: "Search nodes" }).waitFor();
    await clean(page, `${colorScheme} quick add`);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Publish", exact: true }).click();
    await page.getByText(/The first version|Nothing has changed/).waitFor();
    await clean(page, `${colorScheme} publish`);
    await page.request.post(`${base}/api/v1/workflows/site-watch/publish`);
    await page.goto(`${base}/crates`);
    await page.locator(".workflow-card").first().waitFor();
    await clean(page, `${colorScheme} crates`);
    await page.goto(`${base}/crates/site-watch`);
    for (const tab of ["Readme", "API", "Versions", "Dependencies"]) {
      await page.getByRole("tab", { name: tab }).click();
      await clean(page, `${colorScheme} crate, ${tab}`);
    }
  }
}

async function clean(page, place) {
  // Evaluated, not added as a script: the server's policy forbids inline scripts, as it should.
  await page.evaluate(AXE);
  const violations = await page.evaluate(async () => {
    const result = await globalThis.axe.run(document, { resultTypes: ["violations"] });
    return result.violations
      .filter((violation) => violation.impact === "serious" || violation.impact === "critical")
      .map((violation) => `${violation.id}: ${violation.nodes.slice(0, 3).map((found) => `${found.target} (${found.any[0]?.message ?? ""})`).join("; ")}`);
  });
  if (violations.length > 0) throw new Error(`${place}:\n  ${violations.join("\n  ")}`);
}
