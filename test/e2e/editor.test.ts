// Tokens in the document itself, as a person sees them: which characters have a colour, what goes when one types.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { contextMenu } from "../../scripts/workbench/browser.ts";
import { addTypingFolder, copySamples } from "../host/sampleWorkspace.ts";
import { Bench, until } from "./support/bench.ts";
import { coloured } from "./support/coloured.ts";

const row = String.raw`{"note":"漢字 😀","question":"😀漢 👩‍🚀 \u0057ho wrote it, please?"}`;

async function fill(workspace: string): Promise<void> {
  const folder = await addTypingFolder(await copySamples(workspace));
  await writeFile(join(folder, "unicode.jsonl"), `{"question":"Where is Oslo?"}\n${row}\n`);
}

test("tokens in the editor", { timeout: 1_000_000 }, async (t) => {
  const bench = await Bench.open({ fill });
  const { page } = bench;
  const { keyboard } = page;
  const press = async (key: string, times: number): Promise<void> => {
    for (let i = 0; i < times; i++) await keyboard.press(key);
  };
  let first: string[][] = [];
  try {
    await bench.step(t, "a row behind emoji and ideographs has its colours on its very words", async () => {
      await bench.command("View: Toggle Primary Side Bar Visibility");
      await bench.open("unicode.jsonl");
      const line = page.locator(".view-line", { hasText: "wrote it" }).first();
      await line.click();
      await contextMenu(page, line, "Pathlight: Explain Row");
      first = await until("it is coloured", async () => {
        const now = await coloured(bench);
        return now.length > 0 && now;
      });
      assert.equal(first.length, 1);
      const pieces = first[0] ?? [];
      const words = [String.raw`\u0057ho`, "wrote", "it", "please", "😀", "漢", "👩‍🚀", ",", "?"];
      for (const piece of pieces) {
        // An emoji with a joiner is several signs to this tokenizer, each with a colour of its own.
        assert.ok(
          words.some((word) => word === piece || word.includes(piece)),
          `${piece} of ${pieces.join(" ")}`,
        );
      }
      assert.ok(pieces.includes(String.raw`\u0057ho`) && pieces.includes("please"), pieces.join(" "));
      await page
        .locator(".codelens-decoration", { hasText: /human .+"please" \+[\d.]+ · error/ })
        .first()
        .waitFor();
    });

    await bench.step(t, "typing into it takes them away, undoing brings the same ones back", async () => {
      await page.locator(".view-line", { hasText: "wrote it" }).first().click();
      // From the end: an emoji with a joiner is one step for the cursor and several characters of the row.
      await press("End", 1);
      await press("ArrowLeft", 'it, please?"}'.length);
      await keyboard.type("x");
      await until("they are gone", async () => (await coloured(bench)).length === 0);
      await keyboard.press("Control+z");
      await until("they are back", async () => JSON.stringify(await coloured(bench)) === JSON.stringify(first));
    });

    await bench.step(
      t,
      "lines that come above move them, and a second editor of the document has them too",
      async () => {
        await keyboard.press("Control+Home");
        await keyboard.type('{"question":"new"}');
        await keyboard.press("Enter");
        await page.locator(".view-line", { hasText: '"new"' }).first().waitFor();
        await until(
          "they have moved along",
          async () => JSON.stringify(await coloured(bench)) === JSON.stringify(first),
        );
        await bench.command("View: Split Editor Down");
        await until("both editors are coloured", async () => {
          const both = await coloured(bench);
          return both.length === 2 && both.every((pieces) => JSON.stringify([pieces]) === JSON.stringify(first));
        });
      },
    );

    await bench.step(t, "while typing, prediction and colours follow", async () => {
      await page.locator(".view-line", { hasText: "wrote it" }).first().click();
      await bench.command("Pathlight: Explain While Typing");
      const lens = (text: RegExp) => page.locator(".codelens-decoration", { hasText: text }).first();
      await lens(/Live · human/).waitFor();
      await press("End", 1);
      await press("ArrowLeft", '?"}'.length);
      await press("Shift+ArrowLeft", String.raw`\u0057ho wrote it, please`.length);
      await keyboard.type("How many miles is it");
      await lens(/Live · number/).waitFor();
      await until("the new words are coloured", async () =>
        (await coloured(bench)).some((pieces) => pieces.includes("many")),
      );
      const pieces = (await coloured(bench)).flat();
      for (const piece of pieces) assert.ok("😀漢 👩‍🚀 How many miles is it?".includes(piece), piece);
      await page.locator(".statusbar-item", { hasText: "Live: unicode.jsonl" }).click();
      await page.locator(".statusbar-item", { hasText: "Live: unicode.jsonl" }).waitFor({ state: "detached" });
      await until("colours go with the mode", async () => (await coloured(bench)).length === 0);
    });
  } finally {
    await bench.close();
  }
});
