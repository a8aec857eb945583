// A long explanation of a photograph by a model that the workspace says nothing about: first use, cancel, a killed
// compute process, a reloaded window.
import assert from "node:assert/strict";
import { cp, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "node:test";
import { contextMenu } from "../../scripts/workbench/browser.ts";
import { repository } from "../../scripts/workbench/install.ts";
import { Bench, until } from "./support/bench.ts";
import { computeProcesses } from "./support/computeProcesses.ts";

async function fill(folder: string): Promise<void> {
  await mkdir(join(folder, "photographs"), { recursive: true });
  await cp(join(repository, "test/fixtures/mobilenet-v2"), join(folder, "mobilenet-v2"), { recursive: true });
  await cp(join(repository, "test/fixtures/photographs/coffee.png"), join(folder, "photographs", "coffee.png"));
}

test("long runs and what ends them", { timeout: 1_000_000 }, async (t) => {
  // A goal that is minutes away, and no limit before it: the run is still under way when it is ended, on any machine.
  const settings = { "pathlight.defaultTolerance": 0.001, "pathlight.maxEvaluations": 100_000 };
  const bench = await Bench.open({ fill, settings });
  const { page } = bench;
  const cancel = bench.panel.locator(".run .cancel");
  try {
    await bench.step(t, "the first use shows what was read off the model and writes pathlight.json", async () => {
      await contextMenu(page, await bench.file("photographs", "coffee.png"), "Pathlight: Explain");
      const rows = page.locator(".quick-input-widget .monaco-list-row");
      await rows.filter({ hasText: "mobilenet-v2" }).click();
      const write = rows.filter({ hasText: "Write pathlight.json and explain" });
      await write.waitFor();
      await rows.filter({ hasText: "%" }).first().waitFor();
      await write.click();
      await cancel.waitFor();
      const manifest = JSON.parse(await readFile(join(bench.folder, "pathlight.json"), "utf8"));
      assert.equal(manifest.models[0].path, "mobilenet-v2/model.json");
      assert.equal(manifest.models[0].inputs[0].kind, "image");
      assert.equal(manifest.datasets[0].files, "photographs/*.png");
    });

    await bench.step(t, "a run that is cancelled leaves a draft and can go on", async () => {
      // After the first map, so that there is a draft.
      await bench.panel.locator("figure.first figcaption", { hasText: "still coarse" }).waitFor();
      await bench.panel.locator("h1").click();
      await page.keyboard.press("Escape");
      const notice = bench.panel.locator(".banner.cancelled");
      await notice.waitFor();
      assert.match(await notice.innerText(), /Cancelled: [\s\S]*\d+ evaluations are kept/);
      assert.match(await bench.verdict.innerText(), /^(Draft|Low trust)$/);
      const before = await bench.evaluations();
      assert.ok(before > 0);
      await notice.locator("[data-action=continue]").click();
      await cancel.waitFor();
      await until("it goes on from what is known", async () => (await bench.evaluations()) > before);
    });

    await bench.step(t, "a killed compute process is named, and the next run works", async () => {
      await cancel.waitFor();
      const [pid, ...others] = computeProcesses(bench.server);
      assert.ok(pid !== undefined && others.length === 0, "there is one compute process");
      process.kill(pid, "SIGKILL");
      const banner = bench.panel.locator(".banner.error");
      await banner.waitFor();
      const text = await banner.innerText();
      assert.match(text, /The compute process ended unexpectedly: it was killed/);
      assert.match(text, /compute-died/);
      assert.match(text, /The map below is kept/);
      await banner.locator("button", { hasText: "Try again" }).click();
      await cancel.waitFor();
      await bench.panel.locator("figure.first figcaption", { hasText: "still coarse" }).waitFor();
      const [next] = computeProcesses(bench.server);
      assert.ok(next !== undefined && next !== pid);
      assert.equal(await banner.count(), 0);
    });

    await bench.step(t, "a goal that is nearer ends it", async () => {
      await bench.panel.locator("#s-tolerance").selectOption({ label: "10\u202f%" });
      // Without native TensorFlow this takes most of a minute on a machine that does nothing else.
      await bench.settled(undefined, 400_000);
      await until("the explanation is in the history", async () =>
        /[1-9]/.test(await bench.panel.locator("#tab-history .count").innerText()),
      );
    });

    await bench.step(t, "the panel is there again after the window was reloaded", async () => {
      const caption = await bench.panel.locator("figure.first figcaption").innerText();
      const before = await bench.evaluations();
      await bench.reload();
      await bench.panel.locator("h1", { hasText: "coffee.png" }).waitFor();
      await bench.settled();
      assert.equal(await bench.evaluations(), before);
      assert.equal(await bench.panel.locator("figure.first figcaption").innerText(), caption);
    });
  } finally {
    await bench.close();
  }
});
