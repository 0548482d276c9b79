// npm run e2e: drives a running server's editor in a real browser.
//   FLOWCRATE_URL  the server, http://127.0.0.1:7700 by default
//   FLOWCRATE_PRIVATE_URL, FLOWCRATE_PUBLISHER, FLOWCRATE_READER
//                  a server with a private registry, and two of its tokens; run.sh sets them, and
//                  without them that scenario is left out
//   SHOTS          a folder for screenshots; none are taken without it
//   ONLY           the name of one scenario
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { launch, open } from "./browser.mjs";
import * as access from "./access.mjs";
import * as draw from "./draw.mjs";
import * as examples from "./examples.mjs";
import * as fixes from "./fixes.mjs";
import * as keep from "./keep.mjs";
import * as large from "./large.mjs";
import * as limit from "./limit.mjs";
import * as loops from "./loops.mjs";
import * as orders from "./orders.mjs";
import * as privately from "./private.mjs";
import * as publish from "./publish.mjs";

const base = (process.env.FLOWCRATE_URL ?? "http://127.0.0.1:7700").replace(/\/$/, "");
const shots = process.env.SHOTS;
if (shots) mkdirSync(shots, { recursive: true });

const asked = (name) => (process.env.ONLY ? process.env.ONLY === name : name !== "private" || process.env.FLOWCRATE_PRIVATE_URL);
const scenarios = Object.entries({ draw, keep, loops, orders, publish, private: privately, fixes, examples, access, limit, large }).filter(([name]) => asked(name));
const browser = await launch();
let failed = 0;
for (const [name, scenario] of scenarios) {
  const { page, context, complaints } = await open(browser, { expect: scenario.expect, tolerate: scenario.tolerate });
  const shot = async (title) => shots && page.screenshot({ path: join(shots, `${title}.png`) });
  try {
    await scenario.run(page, base, shot);
    if (complaints.length > 0) throw new Error(`the console complained:\n  ${complaints.join("\n  ")}`);
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.error(`FAILED  ${name}: ${error.message}`);
    if (complaints.length > 0) console.error(`console:\n  ${complaints.join("\n  ")}`);
    if (shots) await page.screenshot({ path: join(shots, `${name}-failed.png`) }).catch(() => undefined);
  }
  await context.close();
}
await browser.close();
process.exitCode = failed === 0 ? 0 : 1;
