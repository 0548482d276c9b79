// A server that was started with --private-registry: nothing without a token, all with one.
import { check, eventually, node } from "./browser.mjs";

export const expect = [401, 403, 422];

const base = (process.env.FLOWCRATE_PRIVATE_URL ?? "").replace(/\/$/, "");
const publisher = process.env.FLOWCRATE_PUBLISHER ?? "";
const reader = process.env.FLOWCRATE_READER ?? "";

const dialog = (page) => page.getByRole("dialog", { name: /Publish|1\.|2\./ });
const token = (page) => page.getByLabel("Token");
const forget = (page) => page.evaluate(() => sessionStorage.removeItem("flowcrate.token"));

export async function run(page, _, shot) {
  await strangers(page, shot);
  await published(page, shot);
  await added(page, shot);
  await licensed(page, shot);
  await read(page, shot);
}

/** Neither the list nor a page nor a preview, and a token that nobody made is none. */
async function strangers(page, shot) {
  check((await page.request.get(`${base}/index/config.json`)).status() === 401, "the index speaks to strangers");
  await page.goto(`${base}/crates`);
  await token(page).waitFor();
  await shot("private-crates");
  await token(page).fill("flowcrate_nonsense");
  await page.keyboard.press("Enter");
  await page.getByText(/unknown, or revoked/).waitFor();
  await forget(page);
}

async function published(page, shot) {
  await page.goto(`${base}/workflows/hello`);
  await node(page, "greeting").waitFor();
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await dialog(page).getByLabel("Token").waitFor();
  await shot("private-publish-token");
  // Whoever may read sees what would happen, and may not do it.
  await dialog(page).getByLabel("Token").fill(reader);
  await page.keyboard.press("Enter");
  await dialog(page).getByText("The first version: 1.0.0").waitFor();
  await dialog(page).getByRole("button", { name: "Publish 1.0.0" }).click();
  await dialog(page).getByText(/read, not publish/).waitFor();
  await shot("private-publish-reader");
  await dialog(page).getByLabel("Token").fill(publisher);
  await page.keyboard.press("Enter");
  await dialog(page).getByText(/is published/).waitFor();
  check((await dialog(page).getByLabel("the login", { exact: true }).innerText()) === "cargo login --registry flows", "no word of the login");
  await shot("private-published");
  await dialog(page).getByRole("button", { name: "Its page" }).click();
  await page.getByRole("heading", { name: /hello 1\.0\.0/ }).waitFor();
}

/** What a project needs, in the order in which it needs it. */
async function added(page, shot) {
  const line = async (label) => (await page.getByLabel(label, { exact: true }).innerText()).trim();
  const config = await line("the configuration");
  check(config.includes(`index = "sparse+${base}/index/"`) && config.includes('credential-provider = "cargo:token"'), `the configuration is ${config}`);
  check((await line("the login")) === "cargo login --registry flows", "no word of the login");
  check((await line("the cargo add line")) === "cargo add hello --registry flows --no-default-features", "no line to add it by");
  await page.getByText("None is named").waitFor();
  check((await page.getByRole("complementary", { name: "How to use it" }).getByText("ada").count()) === 1, "its publisher does not own it");
  await page.waitForTimeout(300);
  await shot("private-crate");
  await page.emulateMedia({ colorScheme: "dark" });
  await page.waitForTimeout(200);
  await shot("private-crate-dark");
  await page.emulateMedia({ colorScheme: "light" });
}

/** A licence is said once: it makes a version, and the next one keeps it. */
async function licensed(page, shot) {
  await page.goto(`${base}/workflows/hello`);
  await page.getByRole("button", { name: "Publish", exact: true }).click();
  await dialog(page).getByText("Nothing has changed since 1.0.0").waitFor();
  await dialog(page).getByLabel("Licence").fill("MIT or so");
  await dialog(page).getByRole("button", { name: "Publish 1.0.1" }).click();
  await dialog(page).getByRole("alert").getByText(/no licence as SPDX writes it/).waitFor();
  await shot("private-licence-wrong");
  await dialog(page).getByLabel("Licence").fill("MIT OR Apache-2.0");
  await dialog(page).getByRole("button", { name: "Publish 1.0.1" }).click();
  await dialog(page).getByText(/is published/).waitFor();
  await dialog(page).getByRole("button", { name: "Its page" }).click();
  await page.getByRole("heading", { name: /hello 1\.0\.1/ }).waitFor();
  await page.getByText("MIT OR Apache-2.0").first().waitFor();
  await page.getByRole("tab", { name: "Versions" }).click();
  await page.getByText("the licence is MIT OR Apache-2.0").first().waitFor();
  await shot("private-licence");
}

/** A tab that knows a reader's token shows everything, and yanks nothing until it knows another. */
async function read(page, shot) {
  await forget(page);
  await page.goto(`${base}/crates/hello`);
  await token(page).waitFor();
  await token(page).fill(reader);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: /hello 1\.0\.1/ }).waitFor();
  await page.getByRole("tab", { name: "Versions" }).click();
  await page.getByRole("button", { name: "Yank 1.0.0" }).click();
  await page.getByText(/read, not publish/).waitFor();
  await shot("private-yank-reader");
  const headers = { Authorization: `Bearer ${reader}` };
  const yanked = async () => /"yanked":true/.test(await (await page.request.get(`${base}/index/he/ll/hello`, { headers })).text());
  check((await yanked()) === false, "a reader yanked a version");
  await token(page).fill(publisher);
  await page.keyboard.press("Enter");
  await eventually(yanked, true, "the index after the yank");
}
