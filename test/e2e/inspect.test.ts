// A model's folder from the right click to the tree of its layers, and from there to an explanation.
import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { contextMenu } from "../../scripts/workbench/browser.ts";
import { copySamples } from "../host/sampleWorkspace.ts";
import { Bench } from "./support/bench.ts";

test("inspecting models", { timeout: 1_000_000 }, async (t) => {
  const bench = await Bench.open({
    fill: async (folder) => {
      await copySamples(folder);
      await mkdir(join(folder, "saved"));
      await writeFile(join(folder, "saved", "saved_model.pb"), "");
    },
  });
  const { page, panel } = bench;
  try {
    await bench.step(
      t,
      "a folder that is a model has the entry in its menu, and the page shows its layers",
      async () => {
        await contextMenu(page, await bench.file("models", "digit-scenes"), "Pathlight: Inspect Model");
        await panel.locator("h1", { hasText: "digit-scenes" }).waitFor();
        await panel.locator("[role=treeitem]", { hasText: "conv4" }).first().waitFor();
        assert.match(await panel.locator(".ends").innerText(), /picture, channels last, explained/);
        assert.match(await panel.locator(".ends").innerText(), /sigmoid\s+of the logits in\s+digits:pre/);
      },
    );

    await bench.step(t, "the tree by keyboard, and the id of a node on the clipboard", async () => {
      await panel.locator("input[type=search]").fill("dense");
      await panel.locator("#layers-title", { hasText: "1 of 15 nodes" }).waitFor();
      await panel.locator("input[type=search]").press("ArrowDown");
      await panel.locator("[role=tree]").press("Control+c");
      await page.locator(".statusbar-item", { hasText: "Copied: digits:pre" }).waitFor();
    });

    await bench.step(t, "its entry in pathlight.json opens", async () => {
      await panel.locator("button.manifest", { hasText: "Open pathlight.json" }).click();
      await page.locator(".tab.active", { hasText: "pathlight.json" }).waitFor();
      await bench.closeEditors();
    });

    await bench.step(t, "a folder without a model has no such entry, a SavedModel offers to be converted", async () => {
      await (await bench.file("scenes")).click({ button: "right" });
      await page.locator(".monaco-menu .action-label", { hasText: "Copy Path" }).first().waitFor();
      assert.equal(await page.locator(".monaco-menu .action-label", { hasText: "Inspect Model" }).count(), 0);
      await page.keyboard.press("Escape");
      await contextMenu(page, await bench.file("saved"), "Pathlight: Inspect Model");
      await panel.locator("h2", { hasText: "must be converted first" }).waitFor();
      await panel.locator("[data-action=convert]").click();
      await page.locator(".quick-input-widget .monaco-list-row", { hasText: "Convert into saved-tfjs" }).waitFor();
      await page.keyboard.press("Escape");
    });
  } finally {
    await bench.close();
  }
});
