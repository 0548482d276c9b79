// A thousand nodes: opening, dragging and undoing stay quick.
import { centre, check, drag, eventually, node } from "./browser.mjs";

export const expect = [422];

const WIDTH = 40;
const COUNT = 1_000;

export async function run(page, base, shot) {
  await page.addInitScript((graph) => {
    localStorage.setItem("flowcrate.draft.new-e2e", JSON.stringify({ doc: graph, etag: null, at: 0 }));
  }, large());
  const opened = Date.now();
  await page.goto(`${base}/new/new-e2e`);
  await node(page, "n0").waitFor();
  const open = Date.now() - opened;
  check(open < 6_000, `opening took ${open} ms`);
  await page.waitForTimeout(800);

  await page.evaluate(() => {
    globalThis.slowest = 0;
    let last = performance.now();
    const frame = (now) => {
      globalThis.slowest = Math.max(globalThis.slowest, now - last);
      last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  const before = await node(page, "n1").boundingBox();
  const from = await centre(node(page, "n1").locator(".card-icon"));
  await drag(page, from, { x: from.x + 60, y: from.y + 60 });
  const slowest = await page.evaluate(() => globalThis.slowest);
  check(slowest < 1_500, `a frame of the drag took ${Math.round(slowest)} ms`);
  await shot("large");
  await page.keyboard.press("Control+z");
  await eventually(async () => Math.abs((await node(page, "n1").boundingBox()).x - before.x) < 2, true, "the node's place after undo");
  console.log(`        ${COUNT} nodes: open ${open} ms, slowest frame of a drag ${Math.round(slowest)} ms`);
}

function large() {
  const nodes = [{ id: "n0", type: "trigger", position: { x: 0, y: 0 }, data: { label: "Start", kind: "manual@1" } }];
  const edges = [];
  for (let at = 1; at < COUNT; at += 1) {
    const position = { x: (at % WIDTH) * 300, y: Math.floor(at / WIDTH) * 120 };
    nodes.push({ id: `n${at}`, type: "transform", position, data: { label: `Step ${at}`, kind: "transform@1", inputs: { value: { a: at } } } });
    edges.push({ id: `e${at}`, source: `n${at - 1}`, target: `n${at}` });
  }
  return { format: 1, name: "large", nodes, edges, viewport: { x: 40, y: 40, zoom: 1 } };
}
