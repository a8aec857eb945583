import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import type { Browser, Page } from "playwright-core";
import { inspectToHostSchema } from "../../../src/protocol/inspectPage.ts";
import { inspectScenes } from "./harness/inspectScenes.ts";
import { type BuiltPanel, buildPanel, launch, openPanel, settle, type Theme } from "./harness/page.ts";

let browser: Browser;
let built: BuiltPanel;

before(async () => {
  built = await buildPanel(undefined, "inspect");
  browser = await launch();
});
after(() => browser?.close());

function open(scene: string, options: { theme?: Theme; width?: number; height?: number } = {}): Promise<Page> {
  return openPanel(browser, built, { scene, ...options });
}

async function posted(page: Page): Promise<unknown[]> {
  const messages = await page.evaluate(() => window.posted);
  return messages.filter((message) => inspectToHostSchema.parse(message).type !== "ready");
}

function active(page: Page): Promise<string | null> {
  return page.evaluate(() => {
    const id = document.querySelector("[role=tree]")?.getAttribute("aria-activedescendant") ?? "";
    return document.getElementById(id)?.getAttribute("aria-label") ?? null;
  });
}

test("every state draws in every theme and width, without errors, policy violations or sideways scrolling", async () => {
  for (const [index, scene] of Object.keys(inspectScenes).entries()) {
    for (const width of [420, 960]) {
      const theme = (["dark", "light", "hc", "hc-light"] as const)[(index + (width === 420 ? 1 : 0)) % 4] ?? "dark";
      const page = await open(scene, { theme, width, height: 900 });
      assert.deepEqual(await page.evaluate(() => Reflect.get(window, "violations")), [], `${scene} ${theme}`);
      assert.deepEqual(await posted(page), [], `${scene} ${theme}`);
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      assert.ok(overflow <= 0, `${scene} at ${width}: ${overflow} px too wide`);
      await page.close();
    }
  }
});

test("the tree by keyboard: arrows open and move, letters jump, the row that is read is always in the page", async () => {
  const page = await open("encoder");
  await page.locator("[role=tree]").focus();
  assert.match((await active(page)) ?? "", /^embeddings\/word\/Gather, Gather/);
  await page.keyboard.press("ArrowDown");
  assert.match((await active(page)) ?? "", /^encoder\/layer, 48 nodes/);
  await page.keyboard.press("ArrowLeft");
  assert.equal(await page.locator("[aria-selected=true]").getAttribute("aria-expanded"), "false");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  assert.match((await active(page)) ?? "", /^0, 8 nodes/);
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  assert.match((await active(page)) ?? "", /^encoder\/layer/);
  await page.keyboard.press("c");
  assert.match((await active(page)) ?? "", /^classifier\/Gemm/);
  await page.keyboard.press("End");
  assert.match((await active(page)) ?? "", /^probabilities/);
  await page.keyboard.press("Control+c");
  assert.deepEqual(await posted(page), [{ type: "copy", text: "probabilities" }]);
  await page.close();
});

test("thousands of nodes: only the rows in sight are drawn, and the last one is reached at once", async () => {
  const page = await open("huge");
  const rows = page.locator("[role=treeitem]");
  await page.locator("[role=tree]").focus();
  await page.keyboard.press("*");
  assert.ok((await rows.count()) < 120);
  await page.keyboard.press("End");
  await settle(page);
  assert.match((await active(page)) ?? "", /^probabilities/);
  assert.ok(await page.locator("[aria-selected=true]").isVisible());
  const box = await page.locator("[role=tree]").boundingBox();
  const row = await page.locator("[aria-selected=true]").boundingBox();
  assert.ok(box !== null && row !== null && row.y >= box.y && row.y + row.height <= box.y + box.height + 1);
  await page.close();
});

test("a search by name and a choice of op narrow the tree and say how many fit", async () => {
  const page = await open("encoder");
  await page.locator("input[type=search]").fill("layer.3 query");
  await settle(page);
  assert.match((await page.locator("#layers-title").textContent()) ?? "", /2 of 51 nodes/);
  await page.locator("input[type=search]").fill("");
  await page.locator("#op-filter").selectOption({ label: "Softmax (7)" });
  await settle(page);
  assert.match((await page.locator("#layers-title").textContent()) ?? "", /7 of 51 nodes/);
  await page.locator("input[type=search]").fill("no such");
  await settle(page);
  assert.equal(await page.locator("[role=treeitem]").count(), 0);
  assert.match((await page.locator(".tree").textContent()) ?? "", /No node fits/);
  await page.close();
});

test("a place in a list leads to its row, also out of a search", async () => {
  const page = await open("broken");
  await page.locator("input[type=search]").fill("query");
  await page.locator(".places button", { hasText: "/post/FancyOp" }).click();
  await settle(page);
  assert.match((await active(page)) ?? "", /^post\/FancyOp, FancyOp, not supported/);
  assert.equal(await page.locator("input[type=search]").inputValue(), "");
  await page.locator(".places button", { hasText: "all 9" }).click();
  await settle(page);
  assert.match((await page.locator("#layers-title").textContent()) ?? "", /9 of 26 nodes/);
  assert.match((await page.locator(".banner").textContent()) ?? "", /FancyOp is unknown/);
  await page.close();
});

test("buttons say what they do: copy, manifest, explain, convert, read again", async () => {
  const page = await open("encoder");
  await page.locator("button.manifest").click();
  await page.locator("button.explain").click();
  await page.locator("button[aria-label='Read again']").click();
  await page.locator(".node-details button").click();
  assert.deepEqual(await posted(page), [
    { type: "manifest" },
    { type: "explain" },
    { type: "reload" },
    { type: "copy", text: "/embeddings/word/Gather" },
  ]);
  await page.close();
  const saved = await open("savedModel");
  await saved.locator("[data-action=convert]").click();
  assert.deepEqual(await posted(saved), [{ type: "convert" }]);
  await saved.close();
  const known = await open("stopped");
  assert.equal(await known.locator("button.manifest").textContent(), "Open pathlight.json");
  assert.match((await known.locator(".obstacles").textContent()) ?? "", /cannot pass.*TopK/s);
  await known.close();
});

test("what a screen reader finds: a named tree, levels and places, no nameless button", async () => {
  const page = await open("encoder");
  const found = await page.evaluate(() => ({
    tree: document.getElementById(document.querySelector("[role=tree]")?.getAttribute("aria-labelledby") ?? "")
      ?.textContent,
    rows: [...document.querySelectorAll("[role=treeitem]")]
      .slice(0, 3)
      .map((row) =>
        ["aria-level", "aria-posinset", "aria-setsize", "aria-expanded"].map((name) => row.getAttribute(name)),
      ),
    nameless: [...document.querySelectorAll("button")].filter(
      (button) => (button.textContent?.trim() ?? "") === "" && !button.hasAttribute("aria-label"),
    ).length,
    headings: document.querySelectorAll("main h1").length,
    unlabelled: [...document.querySelectorAll("section")].filter((section) => !section.hasAttribute("aria-label"))
      .length,
  }));
  assert.match(found.tree ?? "", /Layers/);
  assert.deepEqual(found.rows, [
    ["1", "1", "4", null],
    ["1", "2", "4", "true"],
    ["2", "1", "6", "true"],
  ]);
  assert.deepEqual([found.nameless, found.headings, found.unlabelled], [0, 1, 0]);
  await page.close();
});
