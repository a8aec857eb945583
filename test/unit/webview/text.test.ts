import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import type { Browser, Page } from "playwright-core";
import { panelToHostSchema } from "../../../src/protocol/panel.ts";
import { type BuiltPanel, buildPanel, launch, openPanel } from "./harness/page.ts";

let browser: Browser;
let panel: BuiltPanel;

before(async () => {
  panel = await buildPanel();
  browser = await launch();
});
after(() => browser?.close());

async function withScene(scene: string, run: (page: Page) => Promise<void>): Promise<void> {
  const page = await openPanel(browser, panel, { scene });
  try {
    await run(page);
  } finally {
    await page.close();
  }
}

/** What the panel asked of the host, each as the host would take it. */
async function posted(page: Page) {
  const messages = await page.evaluate(() => window.posted);
  return messages.map((message) => panelToHostSchema.parse(message)).filter(({ type }) => type !== "ready");
}

const reading = (page: Page): Promise<string> => page.locator("#readout").innerText();
const options = (page: Page) => page.locator(".text-rows [role=option]");
const chosen = (page: Page): Promise<string> =>
  page.locator(".text-rows [role=option][aria-selected=true]").getAttribute("aria-label").then(String);

/** Sum of what the options of the main rows are called with. */
async function sumOfOptions(page: Page): Promise<number> {
  const labels = await options(page).evaluateAll((all) => all.map((option) => option.getAttribute("aria-label") ?? ""));
  return labels.reduce((sum, label) => {
    const value = /, ([+−]?[\d.]+)/.exec(label.slice(label.lastIndexOf(", ", label.indexOf(" ± "))))?.[1] ?? "0";
    return sum + Number(value.replace("−", "-"));
  }, 0);
}

test("windows of a long text: said, with their bounds in every unit, and another way to read is one click", () =>
  withScene("textWindows", async (page) => {
    assert.match(
      await page.locator(".unseen.windows").innerText(),
      /read in 3 windows of 42 tokens, overlap 10 \(24 for the last\)/,
    );
    for (const unit of ["sentence", "word", "token"]) {
      await page.locator(`[data-value=${unit}]`).click();
      const bounds = page.locator(".text-rows .window-bound");
      assert.deepEqual(await bounds.allInnerTexts(), ["2", "1", "3", "2"]);
      assert.match(
        (await bounds.first().getAttribute("title")) ?? "",
        /^Window 2 of 3: 40 tokens of the text, human \+2\.20, begins here$/,
      );
      assert.match((await bounds.nth(1).getAttribute("title")) ?? "", /^Window 1 of 3: .* \+3\.20, ends here$/);
    }
    // A token that two windows read is one mark.
    await page.locator(".text-rows [role=option]", { hasText: "lid" }).nth(1).click();
    assert.match(await reading(page), /Read in\s+windows 1 and 2\s+of 3/);
    await page.locator(".text-rows [role=option]").first().click();
    assert.match(await reading(page), /windows 1, 2 and 3\s+of 3/);
    await page.locator("[data-action=cut]").click();
    assert.deepEqual((await posted(page)).at(-1), { type: "set", settings: { long: { kind: "cut" } } });
  }));

test("a text that was cut offers to be read in windows", () =>
  withScene("text", async (page) => {
    await page.locator("[data-action=windows]").click();
    assert.deepEqual((await posted(page)).at(-1), { type: "set", settings: { long: { kind: "windows" } } });
  }));

test("sentences, words and tokens of one text add up alike", () =>
  withScene("textSentences", async (page) => {
    const sums: number[] = [];
    const counts: number[] = [];
    for (const unit of ["sentence", "word", "token"]) {
      await page.locator(`[data-value=${unit}]`).click();
      sums.push(await sumOfOptions(page));
      counts.push(await options(page).count());
      const title = await page.locator(".bars h2").innerText();
      assert.match(title, new RegExp(`^Strongest ${unit}s`));
    }
    // Seven sentences, [CLS] and [SEP].
    assert.equal(counts[0], 9);
    assert.equal(counts[1], counts[2]);
    for (const sum of sums) assert.ok(Math.abs(sum - (sums[2] ?? 9)) < 0.02, sums.join(" "));
    await page.keyboard.press("t");
    await page.locator("[data-value=sentence]").click();
    assert.equal(await page.locator("pl-value-table tbody tr").count(), 9);
    assert.match(await page.locator("pl-value-table thead").innerText(), /Sentence/);
  }));

test("a text of one sentence has no level of sentences", () =>
  withScene("text", async (page) => {
    assert.equal(await page.locator("[data-value=sentence]").count(), 0);
    assert.equal(await page.locator("[data-value=word]").count(), 1);
  }));

test("fields stand under their headings with their totals, on one scale and in one ranking", () =>
  withScene("textPair", async (page) => {
    const headings = await page.locator(".text-rows h3").allInnerTexts();
    assert.match(headings[0] ?? "", /^premise\s+adds up to \+0\.564/);
    assert.match(headings[1] ?? "", /^hypothesis\s+adds up to \+0\.701/);
    assert.match(await page.locator(".added").innerText(), /in none of them, add up to \+0\.0762/);
    assert.match(await reading(page), /music[\s\S]*hypothesis[\s\S]*1\s+of 16 words/);
    assert.equal(await page.locator(".text-rows [role=listbox]").count(), 2);
    assert.equal(await page.locator(".text-rows [tabindex='0']").count(), 1);
    const bars = await page.locator(".bars li .name").allInnerTexts();
    assert.deepEqual(bars.slice(0, 2), ["music (hypothesis)", "on (premise)"]);
    // From the last of the premise over to the first of the hypothesis, and back.
    await page.locator(".text-rows [role=option]", { hasText: "[SEP]" }).first().click();
    await page.keyboard.press("ArrowRight");
    assert.match(await chosen(page), /^Nobody/);
    assert.match(await page.evaluate(() => document.activeElement?.textContent ?? ""), /Nobody/);
    await page.keyboard.press("ArrowLeft");
    assert.match(await chosen(page), /^\[SEP\]/);
  }));

test("what of a field the model does not see stands under that field", () =>
  withScene("textPairCut", async (page) => {
    assert.equal(await page.locator(".unseen").count(), 1);
    assert.match(await page.locator(".unseen").innerText(), /10 characters:\s+on stage\./);
    const next = await page.locator(".unseen + h3").innerText();
    assert.match(next, /^hypothesis/);
  }));

test("inputs of a two-tower model are texts side by side, without a switch between them", () =>
  withScene("textTowers", async (page) => {
    const headings = await page.locator(".text-rows h3").allInnerTexts();
    assert.deepEqual(
      headings.map((heading) => heading.split(/\s+adds/)[0]),
      ["ids_a · sentence", "ids_b · sentence"],
    );
    assert.equal(await page.locator("[aria-label=Input]").count(), 0);
    assert.match(await page.locator(".trust").innerText(), /Error per token/);
  }));

test("special tokens and padding are shown; hidden by the reader, they still add up", () =>
  withScene("text", async (page) => {
    const words = (): Promise<string[]> => options(page).locator(".word").allInnerTexts();
    assert.ok((await words()).includes("[PAD]×9"));
    const whole = await sumOfOptions(page);
    await page.locator("label.check", { hasText: "Special tokens and padding" }).click();
    assert.ok(!(await words()).some((word) => /CLS|SEP|PAD/.test(word)));
    const heading = await page.locator("pl-text-view h2").first().innerText();
    const hidden = /not shown, ([+−][\d.]+)/.exec(heading)?.[1] ?? "";
    assert.ok(Math.abs((await sumOfOptions(page)) + Number(hidden.replace("−", "-")) - whole) < 0.02);
  }));

test("a text from right to left is laid out and read so", () =>
  withScene("textArabic", async (page) => {
    assert.equal(await page.locator(".text-rows [role=listbox]").getAttribute("dir"), "rtl");
    await options(page).first().click();
    await page.keyboard.press("ArrowLeft");
    assert.match(await chosen(page), /^كان/);
    await page.keyboard.press("ArrowRight");
    assert.match(await chosen(page), /^\[CLS\]/);
  }));

test("a click chooses a word, and Mask, Delete and Replace ask for an edit of its tokens", () =>
  withScene("textWhatIfReady", async (page) => {
    await options(page).filter({ hasText: "American" }).click();
    const card = page.locator("pl-what-if");
    await card.getByRole("button", { name: "Mask “American”" }).click();
    await card.getByRole("button", { name: "Delete", exact: true }).click();
    await card.getByRole("button", { name: "Replace…" }).click();
    await card.locator("input[type=text]").fill("Russian");
    await page.keyboard.press("Enter");
    const common = { input: "ids", tokens: [5, 6] };
    assert.deepEqual(await posted(page), [
      { type: "whatIf", runId: "run-text", edit: [{ kind: "blank", ...common }] },
      { type: "whatIf", runId: "run-text", edit: [{ kind: "delete", ...common }] },
      { type: "whatIf", runId: "run-text", edit: [{ kind: "replace", ...common, text: "Russian" }] },
    ]);
    assert.equal(await card.locator("input[type=text]").count(), 0);
    await options(page).first().click();
    assert.match(await card.innerText(), /\[CLS\] is put there by the tokenizer and stays/);
    assert.equal(await card.getByRole("button", { name: /Mask|Delete|Replace/ }).count(), 0);
  }));

test("the keyboard alone masks, replaces, opens, combines and removes", () =>
  withScene("textWhatIfReady", async (page) => {
    await options(page).filter({ hasText: "flew" }).focus();
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Enter");
    const focused = (): Promise<string> => page.evaluate(() => document.activeElement?.textContent?.trim() ?? "");
    // Into the list of edits first, from there on with Tab to the buttons.
    assert.match(await focused(), /^Mask “/);
    await page.keyboard.press("Enter");
    const [mask] = await posted(page);
    assert.deepEqual(mask?.type === "whatIf" && mask.edit[0]?.kind, "blank");
    await page.locator("tr[data-id=edit-0]").focus();
    await page.keyboard.press("Space");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Space");
    await page.keyboard.press("Enter");
    assert.match(await page.locator(".particulars").innerText(), /Who was the first[\s\S]*human 8\.\d+ → 3\.\d+/);
    assert.equal(await page.locator("tr[data-id=edit-1]").getAttribute("aria-expanded"), "true");
    await page.locator("pl-what-if").getByRole("button", { name: "Combine 2" }).focus();
    await page.keyboard.press("Enter");
    const combined = (await posted(page)).at(-1);
    assert.deepEqual(combined?.type === "whatIf" && combined.edit.map(({ kind }) => kind), ["blank", "delete"]);
    await page.locator("tr[data-id=edit-1]").focus();
    await page.keyboard.press("Escape");
    assert.equal(await page.locator(".particulars").count(), 0);
    await page.keyboard.press("Delete");
    assert.deepEqual((await posted(page)).at(-1), { type: "removeWhatIf", id: "edit-1" });
    assert.match(await focused(), /study/);
  }));

test("an edit shows promise and measurement, its particulars, and can be explained and copied", () =>
  withScene("textWhatIf", async (page) => {
    const rows = await page.locator("tr[data-id]").allInnerTexts();
    assert.match(rows[0] ?? "", /mask “please”\s+−3\.51\s+−3\.19\s+99\.7/);
    assert.match(rows[1] ?? "", /delete “Who”\s+−3\.28\s+−4\.76\s+65\.7/);
    assert.match(rows[2] ?? "", /“study” → “paint”/);
    assert.match(rows[3] ?? "", /The text has no tokens/);
    assert.match(rows[4] ?? "", /mask “before”\s+–\s+…/);
    assert.match((await page.locator("tr[data-id=edit-4]").getAttribute("aria-label")) ?? "", /being measured/);
    await page.locator("tr[data-id=edit-2]").click();
    assert.match(await page.locator(".particulars").innerText(), /Not in the vocabulary: paint\./);
    await page.getByRole("button", { name: "Explain it" }).click();
    await page.getByRole("button", { name: "Copy as text" }).click();
    const [explain, copy] = await posted(page);
    assert.deepEqual(explain, {
      type: "explainWhatIf",
      id: "edit-2",
      title: "questions.jsonl : row 12: “study” → “paint”",
    });
    assert.match(copy?.type === "copy" ? copy.text : "", /the map says \+0\.\d+, measured −0\.06/);
    await page.getByRole("button", { name: "Cancel", exact: true }).last().click();
    assert.deepEqual((await posted(page)).at(-1), { type: "cancelWhatIf" });
    // The first Escape closes the particulars.
    await page.locator("tr[data-id=edit-2]").focus();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    assert.equal((await posted(page)).filter(({ type }) => type === "cancelWhatIf").length, 2);
  }));

test("a run that is no longer kept is offered to be run again", () =>
  withScene("textWhatIfLost", async (page) => {
    const alert = page.locator("pl-what-if [role=alert]");
    assert.match(await alert.innerText(), /no longer kept/);
    await alert.getByRole("button", { name: "Run again" }).click();
    assert.deepEqual((await posted(page)).at(-1), { type: "run" });
  }));

test("a long text stays quick to read: a move of the reading takes a moment", () =>
  withScene("textLong", async (page) => {
    assert.ok((await options(page).count()) > 1000);
    await page.keyboard.press("n");
    const before = await reading(page);
    for (let step = 0; step < 5; step++) await page.keyboard.press("n");
    assert.notEqual(await reading(page), before);
    await page.locator("[data-value=sentence]").click();
    assert.ok((await options(page).count()) < 150);
  }));
