// A date that a model writes: from its row to the alignment, row by row.
import assert from "node:assert/strict";
import test from "node:test";
import { copySamples } from "../host/sampleWorkspace.ts";
import { Bench, until } from "./support/bench.ts";

test("a written date", { timeout: 1_000_000 }, async (t) => {
  const bench = await Bench.open({ fill: copySamples });
  const { page } = bench;
  try {
    await bench.step(t, "a row of dates from its lens to what is written", async () => {
      await bench.open("dates.jsonl");
      await page.locator(".view-line", { hasText: "1935-01-24" }).first().click();
      await page.locator(".codelens-decoration a", { hasText: "Explain" }).nth(0).click();
      await bench.panel.locator("h1", { hasText: "dates.jsonl · 1" }).waitFor();
      await bench.settled();
      assert.equal(await bench.panel.locator(".written-text").innerText(), "1935-01-24");
      const tokens = bench.panel.getByRole("radiogroup", { name: "Written tokens" }).getByRole("radio");
      assert.equal(await tokens.count(), 11);
      assert.equal(await tokens.first().getAttribute("aria-checked"), "true");
    });

    await bench.step(t, "the alignment fills row by row", async () => {
      await bench.panel.locator("#tab-matrix").click();
      await bench.panel.locator("[role=rowheader]").nth(10).waitFor();
      assert.equal(await bench.panel.locator("[role=rowheader]").count(), 11);
      await until("every row is explained", async () => (await bench.panel.locator(".cell.empty").count()) === 0);
      await bench.panel.locator(".matrix-progress").waitFor({ state: "detached" });
      await until("every row says by how much it is off", async () => {
        const headers = await bench.panel.locator("[role=rowheader]").allTextContents();
        return headers.length === 11 && headers.every((header) => header.includes("%"));
      });
    });

    await bench.step(
      t,
      "the second digit of the month comes from the month's name; its row is chosen by key",
      async () => {
        const months = bench.panel.locator('[role=gridcell][aria-label^="1 from January"]').nth(1);
        assert.match((await months.getAttribute("aria-label")) ?? "", /\+\d/);
        await months.click();
        await page.keyboard.press("Enter");
        await bench.panel.locator("[role=rowheader][aria-selected=true]", { hasText: "1" }).waitFor();
        await bench.panel.locator('.written-tokens [aria-checked=true][aria-label^="1, token 7 of 11"]').waitFor();
        await bench.settled();
        await bench.panel.locator("#tab-attribution").click();
        const strongest = bench.panel
          .locator("pl-text-view .tokens")
          .first()
          .locator("[role=option][aria-selected=true]");
        await until("the month's name is the strongest", async () =>
          ((await strongest.getAttribute("aria-label")) ?? "").startsWith("January, +"),
        );
        await bench.panel.locator("#tab-matrix").click();
        assert.equal(await bench.panel.locator(".cell.empty").count(), 0, "the other rows stayed");
      },
    );

    await bench.step(t, "another row of the file is written anew", async () => {
      await page.locator(".codelens-decoration a", { hasText: "Explain" }).nth(1).click();
      await bench.panel.locator("h1", { hasText: "dates.jsonl · 2" }).waitFor();
      await bench.settled();
      assert.equal(await bench.panel.locator(".written-text").innerText(), "1947-02-21");
    });
  } finally {
    await bench.close();
  }
});
