// A picture and a row of text from the right click to the verdict.
import assert from "node:assert/strict";
import test from "node:test";
import { contextMenu } from "../../scripts/workbench/browser.ts";
import { copySamples } from "../host/sampleWorkspace.ts";
import { Bench } from "./support/bench.ts";

test("explaining samples", { timeout: 1_000_000 }, async (t) => {
  const bench = await Bench.open({
    fill: copySamples,
  });
  const { page } = bench;
  try {
    await bench.step(t, "an image from the explorer's menu to the verdict", async () => {
      await contextMenu(page, await bench.file("scenes", "0007.png"), "Pathlight: Explain");
      await bench.panel.locator("h1", { hasText: "0007.png" }).waitFor();
      await bench.settled();
      assert.match(await bench.verdict.innerText(), /^(Reliable|Draft)$/);
      const checked = bench.panel.locator(".predictions [role=radio][aria-checked=true]");
      assert.match((await checked.getAttribute("aria-label")) ?? "", /^5, /);
      const caption = await bench.panel.locator("figure.first figcaption").innerText();
      assert.match(caption, /Integrated Gradients[\s\S]*adds up to \+\d/);
      assert.equal(await isPainted(bench), true);
      await bench.panel.locator("figure.second", { hasText: "Plain gradient" }).waitFor();
      await page.locator(".statusbar-item", { hasText: "Pathlight: " }).waitFor();
    });

    await bench.step(t, "another target is explained at once", async () => {
      const before = await bench.standing();
      await bench.panel.locator('.predictions [role=radio][aria-label^="3, "]').click();
      await bench.settled(before);
      await bench.panel.locator('canvas[aria-label^="Attribution for 3."]').waitFor();
      const caption = await bench.panel.locator("figure.first figcaption").innerText();
      assert.match(caption, /adds up to \+\d/);
    });

    await bench.step(t, "another baseline is explained at once", async () => {
      const before = await bench.standing();
      await bench.panel.locator("#s-baseline").selectOption({ label: "White" });
      await bench.settled(before);
      await bench.panel.locator("#s-baseline option:checked", { hasText: "White" }).waitFor({ state: "attached" });
      await bench.panel.locator("#tab-history").click();
      // Target, baseline: three explanations, three rows.
      await bench.panel.locator("table.history tbody tr").nth(2).waitFor();
      assert.equal(await bench.panel.locator("table.history tbody tr").count(), 3);
      await bench.panel.locator("#tab-attribution").click();
      await bench.closeEditors();
    });

    await bench.step(t, "a row of text from its lens to the words", async () => {
      await bench.open("questions.jsonl");
      await page.locator(".view-line", { hasText: "bones" }).first().click();
      await page.locator(".codelens-decoration a", { hasText: "Explain" }).nth(2).click();
      await bench.panel.locator("h1", { hasText: "questions.jsonl · 3" }).waitFor();
      await bench.settled();
      assert.match(await bench.verdict.innerText(), /^(Reliable|Draft)$/);
      const tokens = bench.panel.locator(".tokens").first().locator("[role=option]");
      assert.ok((await tokens.count()) >= 9, "each word is there");
      assert.match((await tokens.first().getAttribute("aria-label")) ?? "", /^What, [+−]/);
      await page.locator(".codelens-decoration a", { hasText: "description" }).waitFor();
    });

    await bench.step(t, "a row of text from the editor's menu", async () => {
      const line = page.locator(".view-line", { hasText: "Charles Darwin" }).first();
      await line.click();
      await contextMenu(page, line, "Pathlight: Explain Row");
      await bench.panel.locator("h1", { hasText: "questions.jsonl · 1" }).waitFor();
      await bench.settled();
      await bench.closeEditors();
    });
  } finally {
    await bench.close();
  }
});

/** Whether the map's canvas holds more than one colour. */
function isPainted(bench: Bench): Promise<boolean> {
  return bench.panel.locator("figure.first canvas").evaluate((canvas: HTMLCanvasElement) => {
    const pixels = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
    const seen = new Set<number>();
    for (let at = 0; at + 2 < pixels.length; at += 4) {
      seen.add(((pixels[at] ?? 0) << 16) | ((pixels[at + 1] ?? 0) << 8) | (pixels[at + 2] ?? 0));
    }
    return seen.size > 20;
  });
}
