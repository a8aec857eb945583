import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import test, { after, before } from "node:test";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { buildPanel, launch, openPanel } from "./harness/page.ts";
import { reportHtml } from "./harness/reportPage.ts";
import { dateExplanation, dateMatrix } from "./harness/sequences.ts";

let browser: Browser;
let panel: Awaited<ReturnType<typeof buildPanel>>;

before(async () => {
  panel = await buildPanel();
  browser = await launch();
});
after(() => browser?.close());

async function open(scene: string, width = 960): Promise<Page> {
  const page = await openPanel(browser, panel, { scene, theme: "dark", width, height: 1000 });
  await page.locator("#tab-matrix").click();
  return page;
}

const posted = (page: Page): Promise<unknown[]> => page.evaluate(() => [...window.posted]);

test("the grid is one tab stop: arrows move the reading, Enter explains the row by itself", async () => {
  const page = await open("dates");
  const grid = page.getByRole("grid");
  assert.equal(await grid.getAttribute("aria-rowcount"), "12");
  assert.equal(await grid.locator("[tabindex='0']").count(), 1);
  const first = grid.locator("[role=gridcell][tabindex='0']");
  // Until the reader moves it is the strongest cell of the row that is explained.
  assert.match((await first.getAttribute("aria-label")) ?? "", /^3 from March: \+7\.25 ±/);
  await first.focus();
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowRight");
  const now = grid.locator("[role=gridcell][tabindex='0']");
  assert.equal(await now.getAttribute("data-cell"), "5 7");
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("data-cell")), "5 7");
  assert.match((await page.locator("#readout").textContent()) ?? "", /Written token\s*0[\s\S]*Source token\s*1/);
  await page.keyboard.press("End");
  assert.equal(await now.getAttribute("data-cell"), "5 10");
  await page.keyboard.press("Enter");
  assert.deepEqual((await posted(page)).at(-1), {
    type: "set",
    settings: { target: { kind: "index", index: 5 } },
  });
  await page.close();
});

test("a row says how far it is off, loudly where that is too far; its cells that are noise are hatched", async () => {
  const page = await open("datesUncertain");
  const header = page.locator("[role=rowheader]").nth(6);
  assert.match((await header.textContent()) ?? "", /^3\s*34\s%/u);
  assert.match((await header.getAttribute("aria-label")) ?? "", /low trust/);
  assert.equal(await header.locator(".codicon-warning").count(), 1);
  assert.match((await page.locator('[data-cell="6 7"]').getAttribute("aria-label")) ?? "", /smaller than its error/);
  assert.equal(await page.locator('[data-cell="6 7"].uncertain').count(), 1);
  assert.equal(await page.locator('[data-cell="6 6"].uncertain').count(), 0);
  await page.close();
});

test("rows that are not explained are empty, and more of them can be asked for or ended", async () => {
  const running = await open("datesRunning");
  assert.equal(await running.locator(".cell.empty").count(), 7 * 11);
  assert.match((await running.locator(".matrix-progress").textContent()) ?? "", /4 of 11 tokens explained/);
  await running.locator(".matrix-progress button").click();
  assert.deepEqual((await posted(running)).at(-1), { type: "cancel" });
  await running.close();
});

test("the table says the same as the grid", async () => {
  const page = await open("dates");
  await page.keyboard.press("t");
  const first = page.locator("tbody tr").first();
  assert.match((await first.textContent()) ?? "", /^1\s*8 \(10\) ← 8 \(4\)\s*\+12\.5/);
  assert.equal(await page.locator("tbody tr").count(), 100);
  await page.locator("input[type=search]").fill("← March");
  assert.equal(await page.locator("tbody tr").count(), 11);
  await page.locator("tbody tr").first().click();
  await page.close();
});

test("the tokens that were written are the target picker", async () => {
  const page = await openPanel(browser, panel, { scene: "dates", theme: "light", width: 420, height: 900 });
  const radios = page.getByRole("radiogroup", { name: "Written tokens" }).getByRole("radio");
  assert.equal(await radios.count(), 11);
  assert.equal(await radios.nth(6).getAttribute("aria-checked"), "true");
  await radios.nth(8).click();
  assert.deepEqual((await posted(page)).at(-1), { type: "set", settings: { target: { kind: "index", index: 8 } } });
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 420, `${wide} px`);
  await page.close();
  const unended = await openPanel(browser, panel, { scene: "datesUnended", theme: "light", width: 420, height: 900 });
  assert.match((await unended.locator("pl-written").textContent()) ?? "", /Not at its end/);
  await unended.close();
});

test("each token carries its label, and is chosen to explain it; another label keeps the token", async () => {
  const page = await openPanel(browser, panel, { scene: "labels", theme: "dark", width: 960, height: 900 });
  const radios = page.getByRole("radiogroup", { name: "Tokens with their labels" }).getByRole("radio");
  assert.equal(await radios.count(), 11);
  assert.equal(await radios.nth(1).getAttribute("aria-checked"), "true");
  assert.match((await radios.nth(9).getAttribute("aria-label")) ?? "", /^London: B-LOC, /);
  await radios.nth(9).click();
  assert.deepEqual((await posted(page)).at(-1), {
    type: "set",
    settings: { target: { kind: "predicted", position: 9 } },
  });
  await page.locator("button.prediction", { hasText: "O" }).first().click();
  assert.deepEqual((await posted(page)).at(-1), {
    type: "set",
    settings: { target: { kind: "index", index: 0, position: 1 } },
  });
  await page.close();
});

test("a report has the matrix, without buttons", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "pathlight-matrix-"));
  try {
    const file = path.join(folder, "report.html");
    await writeFile(file, await reportHtml(dateExplanation(dateMatrix())));
    const page = await browser.newPage({ viewport: { width: 1000, height: 900 } });
    await page.goto(pathToFileURL(file).href);
    await page.locator("#tab-matrix").click();
    assert.equal(await page.locator("[role=gridcell]").count(), 121);
    assert.equal(await page.locator(".matrix-view button").count(), 0);
    await page.close();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
