// What if a word were not there: what the map promises beside what the model says, by mouse and by keyboard.
import assert from "node:assert/strict";
import test from "node:test";
import type { Locator } from "playwright-core";
import { contextMenu } from "../../scripts/workbench/browser.ts";
import { copySamples } from "../host/sampleWorkspace.ts";
import { Bench, until } from "./support/bench.ts";
import { computeProcesses } from "./support/computeProcesses.ts";

test("what if", { timeout: 1_000_000 }, async (t) => {
  const bench = await Bench.open({ fill: copySamples });
  const { page } = bench;
  const { keyboard } = page;
  const card = (): Locator => bench.panel.locator("pl-what-if");
  const rows = (): Locator => card().locator("tr[data-id]");
  const word = (text: string): Locator => bench.panel.locator(`.text-rows [role=option][aria-label^="${text}, "]`);
  let other = "";
  /** Promise, measurement and probability of an edit, once it is measured. */
  const figures = (edit: string): Promise<readonly number[]> =>
    until(`${edit} is measured`, async () => {
      const row = rows().filter({ hasText: edit });
      if ((await row.count()) === 0) return false;
      const cells = await row.first().locator("td.right").allInnerTexts();
      const numbers = cells.map((cell) => Number(cell.replace("−", "-").replaceAll(/[^\d.-]/g, "")));
      return cells.length === 3 && cells.every((cell) => /\d/.test(cell)) && numbers;
    });
  try {
    await bench.step(t, "a row is explained", async () => {
      await bench.open("questions.jsonl");
      const line = page.locator(".view-line", { hasText: "first American woman" }).first();
      await line.click();
      await contextMenu(page, line, "Pathlight: Explain Row");
      await bench.panel.locator("h1", { hasText: "questions.jsonl · 12" }).waitFor();
      await bench.settled();
    });

    await bench.step(t, "a word is chosen and masked: the promise is minus its value", async () => {
      await word("please").click();
      await card().getByRole("button", { name: "Mask “please”" }).click();
      const [promised, measured, probability] = await figures("mask “please”");
      const value = (await word("please").getAttribute("aria-label")) ?? "";
      const attributed = Number(/, ([+−][\d.]+)/.exec(value)?.[1]?.replace("−", "-"));
      assert.ok(attributed > 0, value);
      assert.ok(Math.abs((promised ?? 0) + attributed) < 0.006, `${promised} for ${attributed}`);
      assert.ok((measured ?? 0) < 0, "without “please” it is less of a question for a person");
      assert.ok((probability ?? -1) >= 0 && (probability ?? 101) <= 100);
    });

    await bench.step(t, "by keyboard the next word is chosen and deleted", async () => {
      await word("please").focus();
      await keyboard.press("Home");
      await keyboard.press("n");
      await until(
        "another word is read",
        async () => (await bench.panel.locator("#readout dd").first().innerText()).trim() !== "please",
      );
      const next = (await bench.panel.locator("#readout dd").first().innerText()).trim();
      await bench.panel.locator(".text-rows [role=option][aria-selected=true]").focus();
      await keyboard.press("Enter");
      await until("the focus is in the card", async () => (await focused(bench)).startsWith("Mask "));
      await keyboard.press("Tab");
      assert.equal(await focused(bench), "Delete");
      await keyboard.press("Enter");
      const [, measured] = await figures(`delete “${next}”`);
      assert.notEqual(measured, 0);
      assert.equal(await rows().count(), 2);
    });

    await bench.step(t, "the edits are kept and measured anew for another target", async () => {
      const before = await figures("mask “please”");
      const runnerUp = bench.panel.locator(".predictions [role=radio][aria-checked=false]").first();
      other = ((await runnerUp.getAttribute("aria-label")) ?? "").split(",")[0] ?? "";
      const run = await bench.standing();
      await runnerUp.click();
      await bench.settled(run);
      await bench.panel.locator(".ends span", { hasText: `for ${other}` }).waitFor();
      await until("the figures are others", async () => (await figures("mask “please”")).join() !== before.join());
      assert.equal(await rows().count(), 2);
      assert.match(await card().locator("th.target").innerText(), new RegExp(other));
    });

    await bench.step(t, "two edits are combined by keyboard", async () => {
      await rows().first().focus();
      await keyboard.press("Space");
      await keyboard.press("ArrowDown");
      await keyboard.press("Space");
      await card().getByRole("button", { name: "Combine 2" }).focus();
      await keyboard.press("Enter");
      await rows().nth(2).waitFor();
      const [one] = await figures("mask “please”");
      const [both] = await figures("mask “please”, delete");
      assert.notEqual(both, one);
    });

    await bench.step(t, "when the run is no longer kept, it is offered to be run again", async () => {
      for (const pid of computeProcesses(bench.server)) process.kill(pid, "SIGKILL");
      await word("first").click();
      await card().getByRole("button", { name: "Delete", exact: true }).click();
      const alert = card().locator("[role=alert]");
      await alert.waitFor();
      await alert.getByRole("button", { name: "Run again" }).click();
      await figures("delete “first”");
      assert.equal(await rows().count(), 4);
    });

    await bench.step(t, "an edit is explained in a panel of its own, where the blank shows", async () => {
      await rows().first().click();
      await card().getByRole("button", { name: "Explain it" }).click();
      await bench.panel.locator("h1", { hasText: "mask “please”" }).waitFor();
      await bench.settled();
      await word("[MASK]").waitFor();
      assert.equal(await word("please").count(), 0);
      await bench.panel.locator(".ends span", { hasText: `for ${other}` }).waitFor();
    });
  } finally {
    await bench.close();
  }
});

/** What the focused button of the panel says. */
function focused(bench: Bench): Promise<string> {
  return bench.panel.locator("body").evaluate(() => document.activeElement?.textContent?.trim() ?? "");
}
