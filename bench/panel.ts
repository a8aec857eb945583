import { cp, mkdir } from "node:fs/promises";
import path from "node:path";
import { contextMenu } from "../scripts/workbench/browser.ts";
import { Bench } from "../test/e2e/support/bench.ts";

/**
 * `node --import tsx bench/panel.ts`: how long the Layers tab of the real workbench takes to answer a click, on MobileNetV2
 * and a photograph: from a layer to its first neurons while the sums of all layers are under way, from a neuron to the
 * first 7×7 grid of who drives it, and from there to another grid. Fails where the first grid takes longer than five
 * seconds; measure on a machine that does nothing else.
 */

const root = path.resolve(import.meta.dirname, "..");
const LAYER = "block_8_add";
const MOST_SECONDS = 5;

async function fill(folder: string): Promise<void> {
  await mkdir(path.join(folder, "photographs"), { recursive: true });
  await cp(path.join(root, "test/fixtures/mobilenet-v2"), path.join(folder, "mobilenet-v2"), { recursive: true });
  await cp(path.join(root, "test/fixtures/photographs/coffee.png"), path.join(folder, "photographs", "coffee.png"));
}

const bench = await Bench.open({ fill, settings: { "pathlight.defaultTolerance": 0.1 } });
const { page, panel } = bench;
const tab = panel.locator("pl-layers");

/** Seconds from a click until something is there. */
async function answer(click: () => Promise<unknown>, there: () => Promise<unknown>): Promise<number> {
  await click();
  const start = performance.now();
  await there();
  return (performance.now() - start) / 1000;
}

try {
  await contextMenu(page, await bench.file("photographs", "coffee.png"), "Pathlight: Explain");
  const rows = page.locator(".quick-input-widget .monaco-list-row");
  await rows.filter({ hasText: "mobilenet-v2" }).click();
  await rows.filter({ hasText: "%" }).first().waitFor();
  await rows.filter({ hasText: "Write pathlight.json and explain" }).click();
  await bench.settled(undefined, 180_000);
  await panel.locator("#tab-layers").click();
  const layer = tab.locator(`.strip [data-node="${LAYER}"]`);
  await layer.waitFor();
  const neuron = tab.locator("pl-neurons .rows .neuron").first();
  const grid = (side: number) => tab.getByRole("grid", { name: new RegExp(`${side} by ${side}`) });
  const neurons = await answer(
    () => layer.click(),
    () => neuron.waitFor(),
  );
  const first = await answer(
    () => neuron.click(),
    () => grid(7).waitFor(),
  );
  const other = await answer(
    () => tab.getByRole("combobox", { name: "Grid of patches" }).selectOption("14"),
    () => grid(14).waitFor(),
  );
  console.log(`Layers of MobileNetV2 in the panel, ${LAYER}, from the click:`);
  for (const [what, seconds] of [
    ["first neurons of the layer", neurons],
    ["first 7×7 grid of a neuron", first],
    ["a 14×14 grid after it", other],
  ] as const) {
    console.log(`  ${what.padEnd(28)} ${seconds.toFixed(1)} s`);
  }
  if (first > MOST_SECONDS) {
    console.error(`FAILED The first grid took longer than ${MOST_SECONDS} s.`);
    process.exitCode = 1;
  }
} finally {
  await bench.close();
}
