// A row that is longer than the model takes: cut and said, read in windows at a click, and the other way round.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { contextMenu } from "../../scripts/workbench/browser.ts";
import { addTypingFolder, copySamples } from "../host/sampleWorkspace.ts";
import { Bench, until } from "./support/bench.ts";

const start = "Which country would you visit 🦙 to see Machu Picchu";
const question = `${start}, ${"and then go on to see more and more of it ".repeat(5)}and who wrote the book about it, please?`;

test("a long row in windows", { timeout: 1_000_000 }, async (t) => {
  const bench = await Bench.open({
    fill: async (folder) => {
      await copySamples(folder);
      const rows = join(await addTypingFolder(folder), "long.jsonl");
      await writeFile(rows, `${JSON.stringify({ question })}\n`);
    },
    viewport: { width: 1900, height: 1200 },
  });
  const { page } = bench;
  const words = (): Promise<string[]> =>
    bench.panel
      .locator(".text-rows [role=option]")
      .evaluateAll((all) => all.map((option) => option.querySelector(".word")?.textContent ?? ""));
  /** The last word, where it is coloured in the document. */
  const coloured = page.locator(".view-line span[class*=ced-]", { hasText: /^please$/ });
  try {
    await bench.step(t, "what does not fit is not seen, and that is said", async () => {
      await bench.open("long.jsonl");
      const line = page.locator(".view-line", { hasText: "Machu Picchu" }).first();
      await line.click();
      await contextMenu(page, line, "Pathlight: Explain Row");
      await bench.panel.locator("h1", { hasText: "long.jsonl · 1" }).waitFor();
      await bench.settled();
      assert.match((await bench.panel.locator(".unseen s").textContent()) ?? "", /please\?$/);
      assert.ok(!(await words()).includes("please"));
      assert.equal(await coloured.count(), 0);
    });

    await bench.step(t, "a click reads all of it, in windows", async () => {
      const before = await bench.standing();
      await bench.panel.locator("[data-action=windows]").click();
      await bench.settled(before);
      await bench.panel.locator(".unseen.windows").waitFor();
      const said = (await bench.panel.locator(".unseen.windows").textContent()) ?? "";
      assert.match(said, /read in 3 windows of 32 tokens, overlap 8/);
      assert.ok((await words()).includes("please"));
      const bounds = await bench.panel.locator(".text-rows .window-bound").allTextContents();
      assert.deepEqual([...bounds].sort(), ["1", "2", "2", "3"]);
      assert.match(
        (await bench.panel.locator("h2", { hasText: "adds up to" }).first().textContent()) ?? "",
        /adds up to/,
      );
    });

    await bench.step(t, "the words at its end are coloured in the document", async () => {
      await until("a word that only the last window reads is coloured", async () => (await coloured.count()) > 0);
    });

    await bench.step(t, "its start alone again", async () => {
      const before = await bench.standing();
      await bench.panel.locator("[data-action=cut]").click();
      await bench.settled(before);
      await bench.panel.locator(".unseen s").waitFor();
      assert.ok(!(await words()).includes("please"));
      await until("what is not seen has no colour", async () => (await coloured.count()) === 0);
    });
  } finally {
    await bench.close();
  }
});
