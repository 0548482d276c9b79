// order-intake for real: parallel lookups, a loop with a retry, an event; then a run that is cancelled.
// The server must allow private addresses: the shop is a service of this test.
import { createServer } from "node:http";

import { eventually, node } from "./browser.mjs";

export const expect = [];

export async function run(page, base, shot) {
  const shop = await openShop();
  try {
    await page.goto(`${base}/workflows/order-intake`);
    await node(page, "charge").waitFor();
    await start(page, shop.url);
    await status(page, "waiting");
    await eventually(() => badge(page, "charge"), "completed", "the payments");
    await eventually(() => node(page, "charge").locator("[data-status]").innerText(), "3/3", "the loop's count");
    await page.locator(".waits").getByText("waits for the event shipped").waitFor();
    await page.getByRole("button", { name: "Send event" }).click();
    await page.getByLabel("Payload").fill('{ "tracking": "1Z-999" }');
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await status(page, "completed");
    await page.locator(".run-side").getByText("1Z-999").waitFor();
    await page.keyboard.press("f");
    await page.getByRole("button", { name: /Charge the card/ }).nth(1).click();
    await page.locator(".step-head").getByText("2 attempts").waitFor();
    await shot("step");
    await page.getByRole("button", { name: "Back to the run" }).click();
    await page.locator(".react-flow__pane").click({ position: { x: 20, y: 20 } });
    await page.keyboard.press("f");
    await page.waitForTimeout(6_000);
    await shot("run");
    await page.emulateMedia({ colorScheme: "dark" });
    await page.waitForTimeout(300);
    await shot("run-dark");

    await start(page, shop.url);
    await status(page, "waiting");
    await eventually(() => badge(page, "shipped"), "waiting", "the wait");
    await page.getByRole("button", { name: "Cancel", exact: true }).click();
    await status(page, "cancelled");
  } finally {
    shop.close();
  }
}

const badge = (page, id) => node(page, id).locator("[data-status]").getAttribute("data-status");

async function status(page, wanted) {
  await eventually(() => page.locator("[data-run-status]").getAttribute("data-run-status"), wanted, "the run", 20_000);
}

async function start(page, api) {
  // A run may be shown: the button opens the form first, as this workflow takes an input.
  await page.getByRole("button", { name: "Run", exact: true }).click();
  const order = {
    order_id: "2026-1147",
    email: "ada@example.com",
    api,
    items: [
      { sku: "engine-part-7", quantity: 2, price_cents: 1250 },
      { sku: "punch-cards", quantity: 1, price_cents: 990 },
      { sku: "brass-gear", quantity: 4, price_cents: 320 },
    ],
  };
  await page.getByLabel("Input", { exact: true }).fill(JSON.stringify(order, null, 2));
  await page.getByRole("button", { name: "Start run" }).click();
}

/** Answers as the example's services do; the second item's first payment fails. */
async function openShop() {
  let refused = false;
  const answers = {
    "/customers": () => ({ id: "cus_81", name: "Ada Lovelace", blocked: false }),
    "/stock": () => ({ available: true }),
    "/payments": ({ sku }) => ({ payment_id: `pay_${sku}` }),
  };
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : {};
    const answer = answers[new URL(request.url, "http://shop").pathname];
    await new Promise((resolve) => setTimeout(resolve, 150));
    const refuse = body.sku === "punch-cards" && !refused;
    refused ||= refuse;
    response.writeHead(refuse ? 503 : answer ? 200 : 404, { "Content-Type": "application/json" });
    response.end(JSON.stringify(refuse || !answer ? {} : answer(body)));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}
