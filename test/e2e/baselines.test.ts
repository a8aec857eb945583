// Where the path of a text starts, chosen in the panel: another text, the text with its stop words, what is kept.
import assert from "node:assert/strict";
import test from "node:test";
import type { Locator } from "playwright-core";
import { contextMenu } from "../../scripts/workbench/browser.ts";
import { copySamples } from "../host/sampleWorkspace.ts";
import { Bench, until } from "./support/bench.ts";

test("baselines of a text", { timeout: 1_000_000 }, async (t) => {
  const bench = await Bench.open({ fill: copySamples, viewport: { width: 1900, height: 1200 } });
  const { page } = bench;
  const baseline = (): Locator => bench.panel.locator("#s-baseline");
  const chosen = (): Promise<string> =>
    baseline().evaluate((select) =>
      select instanceof HTMLSelectElement ? (select.selectedOptions[0]?.text ?? "") : "",
    );
  const box = (): Locator => page.locator('.quick-input-widget input[type="text"]').first();
  /** What a word has got, as it is read to a screen reader. */
  const value = async (word: string): Promise<number> => {
    const said = await bench.panel
      .locator(`.text-rows [role=option][aria-label^="${word}, "]`)
      .getAttribute("aria-label");
    const [, number = ""] = /, ([+−]?[\d.]+)/.exec(said ?? "") ?? [];
    assert.notEqual(number, "", said ?? "nothing is said");
    return Number(number.replace("−", "-"));
  };
  try {
    await bench.step(t, "a row is explained", async () => {
      await bench.open("questions.jsonl");
      const line = page.locator(".view-line", { hasText: "Machu Picchu" }).first();
      await line.click();
      await contextMenu(page, line, "Pathlight: Explain Row");
      await bench.panel.locator("h1", { hasText: "questions.jsonl · 13" }).waitFor();
      await bench.settled();
    });

    await bench.step(t, "another text is typed; Escape leaves everything as it was", async () => {
      const before = await chosen();
      const evaluations = await bench.evaluations();
      await baseline().selectOption({ label: "Another text…" });
      await box().waitFor();
      await page.keyboard.press("Escape");
      await box().waitFor({ state: "hidden" });
      await until("the choice is what it was", async () => (await chosen()) === before);
      assert.equal(await bench.evaluations(), evaluations);

      const start = await bench.standing();
      await baseline().selectOption({ label: "Another text…" });
      await box().waitFor();
      await page.keyboard.type("Which word would you take to see it, please?");
      await page.keyboard.press("Enter");
      await bench.settled(start);
      await until("the text is the baseline", async () => (await chosen()).includes("Which word would you take"));
      // The first words are those of the sample: nothing moves there.
      assert.equal(await value("Which"), 0);
      assert.notEqual(await value("country"), 0);
    });

    await bench.step(t, "stop words are kept, and have nothing", async () => {
      const before = await bench.standing();
      await baseline().selectOption({ label: "Stop words kept…" });
      await box().waitFor();
      await page.keyboard.type("English");
      await page.locator(".quick-input-widget .monaco-list-row", { hasText: "English" }).first().click();
      await bench.settled(before);
      await until("the stop words are kept", async () => (await chosen()).includes("English"));
      assert.equal(await value("you"), 0);
      assert.notEqual(await value("please"), 0);
    });

    await bench.step(t, "padding is kept by another choice", async () => {
      const words = await bench.standing();
      await baseline().selectOption({ label: "Mean embedding" });
      await bench.settled(words);
      assert.equal(await chosen(), "Mean embedding");
      assert.notEqual(await value("[PAD]×20"), 0);
      const mean = await bench.standing();
      await bench.panel.locator("#s-hold").selectOption({ value: "special" });
      await bench.settled(mean);
      assert.equal(await value("[PAD]×20"), 0, "padding has nothing");
      assert.notEqual(await value("please"), 0);
    });
  } finally {
    await bench.close();
  }
});
