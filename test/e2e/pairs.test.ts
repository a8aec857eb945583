// Two questions and one encoder: both texts highlighted, which token answers which, and the same while one types.
import assert from "node:assert/strict";
import test from "node:test";
import { copySamples } from "../host/sampleWorkspace.ts";
import { Bench, until } from "./support/bench.ts";
import { coloured } from "./support/coloured.ts";

test("a pair of questions", { timeout: 1_000_000 }, async (t) => {
  const bench = await Bench.open({ fill: copySamples });
  const { page } = bench;
  try {
    await bench.step(t, "a row of pairs is explained from its lens, each question under its own heading", async () => {
      await bench.open("question-pairs.jsonl");
      await page.locator(".view-line", { hasText: "Taj Mahal" }).first().click();
      await page.locator(".codelens-decoration a", { hasText: "Explain" }).nth(2).click();
      await bench.panel.locator("h1", { hasText: "question-pairs.jsonl · 3" }).waitFor();
      await bench.settled();
      const text = await bench.panel.locator("pl-text-view").allTextContents();
      assert.match(text.join(" "), /Where.*Mahal.*capital.*Iceland/s);
    });

    await bench.step(t, "the pairs are computed: “Where” is answered by “capital”", async () => {
      await bench.panel.locator("#tab-pairs").click();
      await bench.panel.getByRole("button", { name: "Compute the pairs" }).click();
      await bench.panel.locator("[role=gridcell]").first().waitFor();
      const cells = await bench.panel
        .locator("[role=gridcell]")
        .evaluateAll((all) => all.map((cell) => cell.getAttribute("aria-label") ?? ""));
      const signedOf = (label: string): number =>
        Number(/([+−])(\d[\d.]*)/.exec(label)?.slice(1).join("").replace("−", "-"));
      const [strongest = ""] = cells.toSorted((one, other) => Math.abs(signedOf(other)) - Math.abs(signedOf(one)));
      assert.match(strongest, /Where/);
      assert.match(strongest, /capital/);
    });

    await bench.step(t, "the words of both are coloured in the document", async () => {
      await until("words of both are coloured", async () => {
        const words = (await coloured(bench)).flat();
        return words.includes("Where") && words.includes("capital");
      });
    });

    await bench.step(t, "while one question is written anew, both follow", async () => {
      await page.locator(".view-line", { hasText: "Taj Mahal" }).first().click();
      await bench.command("Pathlight: Explain While Typing");
      await page.locator(".codelens-decoration", { hasText: "Live · location" }).first().waitFor();
      await page.keyboard.press("Home");
      for (let i = 0; i < '{"first":"'.length; i++) await page.keyboard.press("ArrowRight");
      for (let i = 0; i < "Where is the Taj Mahal".length; i++) await page.keyboard.press("Shift+ArrowRight");
      await page.keyboard.type("How many miles is it");
      await page.locator(".codelens-decoration", { hasText: "Live · number" }).first().waitFor();
      await until("the new words and the other question are coloured", async () => {
        const words = (await coloured(bench)).flat();
        return words.includes("many") && words.includes("capital") && !words.includes("Where");
      });
    });
  } finally {
    await bench.close();
  }
});
