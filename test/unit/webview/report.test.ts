import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import test, { after, before } from "node:test";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { refutingAudit } from "./harness/audits.ts";
import { launch, rest } from "./harness/page.ts";
import { reportHtml } from "./harness/reportPage.ts";
import { imageExplanation, lowTrust, tensorExplanation, textExplanation } from "./harness/scenes.ts";

let browser: Browser;
let folder: string;

before(async () => {
  browser = await launch();
  folder = await mkdtemp(path.join(tmpdir(), "pathlight-report-"));
});
after(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

async function open(explanation: Parameters<typeof reportHtml>[0]): Promise<{ page: Page; problems: string[] }> {
  const file = path.join(folder, `${explanation.runId}.html`);
  await writeFile(file, await reportHtml(explanation));
  const page = await browser.newPage({ viewport: { width: 1000, height: 900 } });
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("console", (message) => problems.push(message.text()));
  page.on("request", (request) => {
    if (!request.url().startsWith("file:") && !request.url().startsWith("data:")) problems.push(request.url());
  });
  await page.goto(pathToFileURL(file).href);
  await page.waitForSelector("pl-panel h1");
  return { page, problems };
}

test("a report stands alone: opened from disk it draws without network, errors or policy violations", async () => {
  for (const explanation of [imageExplanation(), lowTrust(), textExplanation(), tensorExplanation()]) {
    const { page, problems } = await open(explanation);
    await rest(page, 100);
    assert.deepEqual(problems, [], explanation.runId);
    assert.equal(await page.locator("h1").textContent(), explanation.sample.title);
    await page.close();
  }
});

test("a report can be read but not run: verdict, ledger, details, map and table, no settings and no run buttons", async () => {
  const { page } = await open(lowTrust());
  assert.equal(await page.locator("#h-verdict").textContent(), "Low trust");
  assert.equal(await page.locator(".ledger.bad").count(), 1);
  assert.match((await page.locator("#trust-details").textContent()) ?? "", /must equal F\(x\) − F\(x′\)/);
  for (const gone of ["#s-baseline", "button.cancel", "button.refine", "[data-action]", "#tab-history", ".actions"]) {
    assert.equal(await page.locator(gone).count(), 0, gone);
  }
  await page.locator("canvas[role=application]").focus();
  await page.keyboard.press("g");
  assert.match((await page.locator("pl-map-readout").textContent()) ?? "", /Errors are known at 8×8 px only/);
  await page.keyboard.press("t");
  assert.ok((await page.locator("pl-value-table tbody tr").count()) > 20);
  await page.close();
});

test("text in the data cannot end the script that holds it", async () => {
  const hostile = textExplanation({
    runId: "hostile",
    sample: { title: "</script><img src=x onerror=alert(1)>", path: null, row: null },
  });
  const { page, problems } = await open(hostile);
  assert.deepEqual(problems, []);
  assert.equal(await page.locator("h1").textContent(), hostile.sample.title);
  assert.equal(await page.locator("img").count(), 0);
  await page.close();
});

test("a report shows the audit that belongs to its explanation, and nothing to start one with", async () => {
  const { page, problems } = await open(imageExplanation({ runId: "run-audited", audit: refutingAudit() }));
  assert.equal(await page.locator("#h-verdict").textContent(), "Gradient wrong");
  assert.equal(await page.locator("[data-action]").count(), 0);
  await page.locator("#tab-audit").click();
  assert.match((await page.locator("#h-audit").textContent()) ?? "", /block_15_project \(Conv2D\) is wrong/);
  assert.deepEqual(problems, []);
  await page.close();
});
