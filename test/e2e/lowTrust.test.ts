// A map that does not add up says so in the panel, in the Problems panel and in the status bar, and the buttons mend it.
import assert from "node:assert/strict";
import test from "node:test";
import { contextMenu } from "../../scripts/workbench/browser.ts";
import { addSteepFolder, copySamples } from "../host/sampleWorkspace.ts";
import { Bench, until } from "./support/bench.ts";

test("a map that does not add up", { timeout: 1_000_000 }, async (t) => {
  const bench = await Bench.open({
    fill: async (folder) => addSteepFolder(await copySamples(folder)),
    // Too few for a probability that jumps.
    settings: { "pathlight.maxEvaluations": 9 },
  });
  const { page } = bench;
  try {
    await bench.step(t, "too few evaluations for a steep score raise the warning, Refine takes it back", async () => {
      await contextMenu(page, await bench.file("steep", "scene.png"), "Pathlight: Explain");
      const banner = bench.panel.locator(".banner.warning");
      await banner.waitFor();
      assert.equal(await bench.verdict.innerText(), "Low trust");
      assert.match(
        await banner.innerText(),
        /Low trust: do not read this map yet\.[\s\S]*adds up to .* but the score changed by/,
      );
      await page.locator(".statusbar-item", { hasText: "Pathlight: Low trust" }).waitFor();
      for (let round = 0; round < 4 && (await banner.isVisible()); round++) {
        const before = await bench.standing();
        await banner.locator("[data-action=refine]").click();
        await bench.settled(before);
        assert.ok((await bench.evaluations()) > before.evaluations, "there are more evaluations");
      }
      assert.equal(await banner.count(), 0);
      assert.match(await bench.verdict.innerText(), /^(Reliable|Draft)$/);
    });

    await bench.step(t, "the Problems entry of a row opens its fixes", async () => {
      await bench.closeEditors();
      await contextMenu(page, await bench.file("steep", "scene.png"), "Pathlight: Explain");
      await bench.panel.locator(".banner.warning").waitFor();
      await bench.command("View: Focus Problems");
      const problem = page.locator(".markers-panel .monaco-list-row", {
        hasText: "Low trust: do not read this map yet.",
      });
      const problems = async (): Promise<string> => (await problem.allInnerTexts()).join("\n");
      await problem.waitFor();
      const fix = async (name: string): Promise<void> => {
        await problem.locator("a", { hasText: "Fix" }).click();
        await page.locator(".quick-input-widget .monaco-list-row", { hasText: name }).click();
      };
      const steep = await bench.standing();
      await fix("Explain the logit instead");
      await bench.settled(steep);
      await bench.panel.locator("[role=radio][data-value=logit][aria-checked=true]").waitFor();
      // The logit is gentler; what still is not settled is a matter of evaluations.
      await until("the warning speaks of the logit or is gone", async () => !/sigmoid/.test(await problems()));
      // The panel knows it first: the Problems panel may show for a moment what is settled already.
      const banner = bench.panel.locator(".banner.warning");
      for (let round = 0; round < 4 && (await banner.isVisible()); round++) {
        const before = await bench.standing();
        await fix("Refine");
        await bench.settled(before);
        assert.ok((await bench.evaluations()) > before.evaluations, "there are more evaluations");
      }
      await problem.waitFor({ state: "detached" });
      assert.equal(await banner.count(), 0);
    });
  } finally {
    await bench.close();
  }
});
