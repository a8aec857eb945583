// Inside the network: a rectangle, the neurons that it drives, one of them through a grid of patches, and the score without
// it; by mouse, and again by keyboard alone.
import assert from "node:assert/strict";
import test from "node:test";
import type { Locator } from "playwright-core";
import { contextMenu } from "../../scripts/workbench/browser.ts";
import { copySamples } from "../host/sampleWorkspace.ts";
import { Bench, until } from "./support/bench.ts";
import { ablatedScores, number, tabTo } from "./support/reading.ts";

/** Pixels a side of the model's picture. */
const SIDE = 48;
/** Where the two digits of the scene stand, as `scenes/labels.csv` has it: x, y, width, height. */
const five = [2, 22, 16, 24] as const;
const three = [23, 19, 16, 23] as const;

test("layers", { timeout: 1_000_000 }, async (t) => {
  const bench = await Bench.open({ fill: copySamples });
  const { page } = bench;
  const { keyboard } = page;
  const tab = (): Locator => bench.panel.locator("pl-layers");
  const layer = (name: string): Locator => tab().locator(`.strip [data-node="${name}"]`);
  const rows = (): Locator => tab().locator("pl-neurons .rows .neuron");
  const checks = (): Locator => tab().locator(".checks");
  /** Once nothing of it is under way any more. */
  const rest = (): Promise<unknown> =>
    until("the panel rests", async () => (await tab().locator(".work [role=progressbar]").count()) === 0, 90_000);
  const drag = async ([x, y, width, height]: readonly [number, number, number, number]): Promise<void> => {
    const field = tab().locator(".patch-field");
    await field.scrollIntoViewIfNeeded();
    const box = await field.boundingBox();
    assert.ok(box !== null);
    const at = (px: number, py: number): [number, number] => [
      box.x + (px / SIDE) * box.width,
      box.y + (py / SIDE) * box.height,
    ];
    await page.mouse.move(...at(x, y));
    await page.mouse.down();
    await page.mouse.move(...at(x + width / 2, y + height / 2));
    await page.mouse.move(...at(x + width, y + height));
    await page.mouse.up();
  };
  /** The share of the change that a check says is missing. */
  const off = async (check: string): Promise<number> => {
    const text = await until(`the check of ${check}`, async () => {
      const found = checks().locator("span", { hasText: check });
      return (await found.count()) > 0 && ((await found.first().textContent()) ?? false);
    });
    const percent = /off by (<\s*)?([\d.]+)\s*%/u.exec(text);
    assert.ok(percent !== null, text);
    return Number(percent[2]) / 100;
  };
  let score = 0;
  try {
    await bench.step(t, "a scene with two digits is explained", async () => {
      await contextMenu(page, await bench.file("scenes", "0007.png"), "Pathlight: Explain");
      await bench.panel.locator("h1", { hasText: "0007.png" }).waitFor();
      await bench.settled();
      score = number(await bench.panel.locator(".ledger").textContent(), /Sample\s*([−\d.]+)/);
    });

    await bench.step(t, "every layer carries the whole change", async () => {
      await bench.panel.locator("#tab-layers").click();
      await tab().locator(".strip .layer").first().waitFor();
      await rest();
      const cuts = await tab()
        .locator(".strip .layer.cut")
        .evaluateAll((all) => all.map((each) => each.getAttribute("aria-label") ?? ""));
      assert.ok(cuts.length >= 8, cuts.join("\n"));
      for (const said of cuts) assert.ok(number(said, /off by (?:<\s*)?([\d.]+)/) <= 10, said);
    });

    await bench.step(t, "a rectangle round the 5: the neurons that it drives, strongest first", async () => {
      await layer("conv3").click();
      await rows().first().waitFor();
      await rest();
      await drag(five);
      await tab().locator(".neurons .head", { hasText: "From A" }).waitFor({ timeout: 90_000 });
      await rest();
      assert.ok((await off("Patches add up")) <= 0.02);
      assert.ok((await off("Layer adds up")) <= 0.02);
      const values = await labels(rows(), /, ([+−][\d.]+) ±/);
      const strengths = values.map(Math.abs);
      assert.deepEqual(
        strengths,
        [...strengths].sort((a, b) => b - a),
      );
      // The 5 is what is explained: its place carries most of the change, that of the 3 little.
      await drag(three);
      await tab().locator(".carries", { hasText: "B" }).waitFor({ timeout: 90_000 });
      await rest();
      const carries = (await tab().locator(".carries").textContent()) ?? "";
      const [a, b] = [number(carries, /A carries ([+−\d.]+)/), number(carries, /B ([+−\d.]+)/)];
      assert.ok(a > 0 && a > 2 * Math.abs(b), carries);
    });

    await bench.step(t, "a click on the strongest: its patch grid adds up to all that it carries", async () => {
      await rows().first().click();
      const all = number(await rows().first().getAttribute("aria-label"), /all ([+−\d.]+)/);
      await gridAddsUp(tab(), all);
      await tab().getByRole("radio", { name: "Active" }).click();
      await tab().locator("pl-neuron p", { hasText: "at the baseline" }).waitFor();
      await tab().getByRole("radio", { name: "Own map" }).click();
      await tab().locator("pl-neuron pl-compared-map canvas").waitFor();
      await tab().getByRole("radio", { name: "From" }).click();
    });

    await bench.step(t, "without it: before and after, the control, and two maps", async () => {
      await rows().first().locator("label.check").click();
      await tab().getByRole("button", { name: "Ablate 1", exact: true }).click();
      await ablated(tab(), score, 1);
      assert.equal(await tab().locator("pl-ablation .two-maps canvas").count(), 2);
    });

    await bench.step(t, "the samples that drive it most come from its folder, and one is opened", async () => {
      await tab().getByRole("button", { name: "Samples that drive it most" }).click();
      const samples = tab().locator(".top-samples li");
      await samples.first().waitFor({ timeout: 90_000 });
      const activations = await samples.evaluateAll((all) => all.map((each) => each.textContent ?? ""));
      assert.ok(activations.length > 3, activations.join());
      const means = activations.map((text) => number(text, /png\s*([−\d.]+)/));
      assert.deepEqual(
        means,
        [...means].sort((a, b) => b - a),
      );
      const other = samples.locator("button:not(:disabled)").first();
      const title = ((await other.textContent()) ?? "").trim();
      await other.click();
      await bench.panel.locator("h1", { hasText: title }).waitFor();
      await bench.settled();
      await page.keyboard.press("Control+F4");
      await bench.closeEditors();
    });

    await bench.step(t, "again, by keyboard alone", async () => {
      await contextMenu(page, await bench.file("scenes", "0007.png"), "Pathlight: Explain");
      await bench.panel.locator("h1", { hasText: "0007.png" }).waitFor();
      await bench.settled();
      await bench.panel.locator("#tab-attribution").focus();
      await keyboard.press("ArrowRight");
      await tab().locator(".strip .layer").first().waitFor();
      await rest();
      await tabTo(bench, ".strip .layer");
      await keyboard.press("Home");
      for (let steps = 0; steps < 60; steps++) {
        if (
          await bench.panel
            .locator("body")
            .evaluate(() => document.activeElement?.matches('[data-node="conv3"]') ?? false)
        )
          break;
        await keyboard.press("ArrowRight");
      }
      await keyboard.press("Enter");
      await rows().first().waitFor({ timeout: 90_000 });
      await rest();
      await keyboard.press("r");
      // The middle quarter of 48 pixels, two a step: to the left and down over the 5.
      for (let steps = 0; steps < 8; steps++) await keyboard.press("ArrowLeft");
      for (let steps = 0; steps < 2; steps++) await keyboard.press("ArrowDown");
      for (let steps = 0; steps < 2; steps++) await keyboard.press("Shift+ArrowRight");
      for (let steps = 0; steps < 6; steps++) await keyboard.press("Shift+ArrowDown");
      await keyboard.press("Enter");
      await tab().locator(".neurons .head", { hasText: "From A" }).waitFor({ timeout: 90_000 });
      await rest();
      assert.match((await tab().locator(".carries").textContent()) ?? "", /^A carries \+/);
      await tabTo(bench, ".rows .neuron");
      await keyboard.press("Enter");
      const all = number(await rows().first().getAttribute("aria-label"), /all ([+−\d.]+)/);
      await gridAddsUp(tab(), all);
      await keyboard.press("Space");
      await keyboard.press("ArrowDown");
      await keyboard.press("Space");
      await tabTo(bench, "button.ablate");
      await keyboard.press("Enter");
      await ablated(tab(), score, 2);
    });

    await bench.step(
      t,
      "of a question: what each layer carries at each word, and the neurons that a word drives",
      async () => {
        await bench.open("questions.jsonl");
        const line = page.locator(".view-line", { hasText: "first American woman" }).first();
        await line.click();
        await contextMenu(page, line, "Pathlight: Explain Row");
        await bench.panel.locator("h1", { hasText: "questions.jsonl · 12" }).waitFor();
        await bench.settled();
        await bench.panel.locator("#tab-attribution").click();
        const words = bench.panel.locator(".text-rows [role=option]");
        const please = number(await words.filter({ hasText: "please" }).getAttribute("aria-label"), /, ([+−\d.]+)/);
        await bench.panel.locator("#tab-layers").click();
        // At the embedding each word carries what the map says of it.
        const cell = tab().locator('.matrix [aria-label^="embedding from please: "]');
        await cell.waitFor();
        await rest();
        const carried = number(await cell.getAttribute("aria-label"), /: ([+−\d.]+)/);
        assert.ok(Math.abs(carried - please) < 0.03 * Math.abs(please), `${carried} for ${please}`);
        await layer("phrases").click();
        await rows().first().waitFor();
        await rest();
        await tab()
          .locator(".items .item", { hasText: /^please$/ })
          .click();
        await tab().locator(".neurons .head", { hasText: "From A" }).waitFor({ timeout: 90_000 });
        await rest();
        const carries = number(await tab().locator(".carries").textContent(), /A carries ([+−\d.]+)/);
        assert.ok(Math.abs(carries - please) < 0.03 * Math.abs(please), `${carries} for ${please}`);
        await rows().first().click();
        await tab().locator("pl-neuron .tokens [role=option]").first().waitFor();
      },
    );
  } finally {
    await bench.close();
  }
});

async function labels(rows: Locator, pattern: RegExp): Promise<number[]> {
  const all = await rows.evaluateAll((each) => each.map((row) => row.getAttribute("aria-label") ?? ""));
  return all.map((label) => number(label, pattern));
}

/** Waits for the grid of the neuron that is shown; its cells are a partition of the picture. */
async function gridAddsUp(tab: Locator, all: number): Promise<void> {
  const cells = tab.locator("pl-neuron .place-map [role=gridcell]");
  await cells.first().waitFor({ timeout: 90_000 });
  await until(
    "the grid is computed",
    async () => (await tab.locator(".work [role=progressbar]").count()) === 0 && (await cells.count()) === 49,
    90_000,
  );
  const sum = (await labels(cells, /: ([+−]?[\d.e-]+) ±/)).reduce((total, value) => total + value, 0);
  assert.ok(Math.abs(sum - all) < 0.03 * Math.abs(all) + 0.02, `${sum} for ${all}`);
}

async function ablated(tab: Locator, score: number, count: number): Promise<void> {
  const { text, before, after } = await ablatedScores(tab, count, "channel");
  assert.ok(Math.abs(before - score) < 0.02, `${before} for ${score}`);
  assert.ok(after < before, `without what the 5 drives most it is less of a 5: ${text}`);
  const random = number(text, /at random\s*([−\d.]+)/);
  assert.ok(Math.abs(random - before) < Math.abs(after - before), `random neurons matter less: ${text}`);
  assert.match(
    (await tab.locator(".promise").textContent()) ?? "",
    /The conductance promises −[\d.]+, measured is −[\d.]+\./,
  );
}
