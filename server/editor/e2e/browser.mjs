// A real Chromium, and what the scenarios share.
import { existsSync } from "node:fs";

import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const PLACES = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export async function launch() {
  const executablePath = PLACES.find((path) => path && existsSync(path));
  if (!executablePath) throw new Error("no Chromium: install it, or set CHROMIUM to its path");
  return chromium.launch({ executablePath, args: FLAGS });
}

/**
 * A page that remembers what its console complained of. `expect` lists HTTP statuses that a scenario
 * provokes, `tolerate` matches other complaints that it does.
 */
export async function open(browser, { theme = "light", expect = [], tolerate } = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: theme, acceptDownloads: true });
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => {
    const text = message.text();
    const provoked = tolerate?.test(text) || expect.some((status) => text.includes(`status of ${status}`));
    if (["error", "warning"].includes(message.type()) && !provoked) complaints.push(text);
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.setDefaultTimeout(15_000);
  return { page, context, complaints };
}

/** Drags the mouse as a hand does: with steps on the way, which React Flow needs to see. */
export async function drag(page, from, to) {
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 5 });
  await page.mouse.move(to.x, to.y, { steps: 5 });
  await page.mouse.up();
}

export async function centre(locator) {
  const box = await locator.boundingBox();
  if (!box) throw new Error(`not on the page: ${locator}`);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

export const node = (page, id) => page.locator(`[data-node="${id}"]`);
export const output = (page, id, handle = "out") => node(page, id).locator(`[data-handleid="${handle}"].source`);
export const input = (page, id) => node(page, id).locator(`[data-handleid="in"].target`);

/** Replaces the text of an expression field by typing. */
export async function fill(page, label, text) {
  const field = page.getByRole("textbox", { name: label, exact: true });
  await field.click();
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Delete");
  await page.keyboard.insertText(text);
  await page.keyboard.press("Escape");
}

export function check(condition, message) {
  if (!condition) throw new Error(message);
}

/** Looks again until `read` gives `wanted`. */
export async function eventually(read, wanted, message, timeout = 10_000) {
  const end = Date.now() + timeout;
  let last;
  do {
    last = await read().catch((error) => error);
    if (last === wanted) return;
    await new Promise((resolve) => setTimeout(resolve, 80));
  } while (Date.now() < end);
  throw new Error(`${message}: wanted ${wanted}, found ${last}`);
}
