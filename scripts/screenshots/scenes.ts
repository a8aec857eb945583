import type { Bench } from "../../test/e2e/support/bench.ts";
import { contextMenu } from "../workbench/browser.ts";

/** A colour theme of the workbench and the class that the page then has. */
interface Theme {
  readonly name: string;
  readonly kind: "vs-dark" | "vs" | "hc-black";
}

/** One picture: how the workbench looks and what is done in it before. */
export interface Scene {
  readonly name: string;
  readonly viewport: { readonly width: number; readonly height: number };
  readonly theme: Theme;
  readonly settings?: Readonly<Record<string, unknown>>;
  set(bench: Bench): Promise<void>;
  /** Where the pointer is; nowhere, if left out. */
  pointer?(bench: Bench): Promise<void>;
}

const dark: Theme = { name: "Dark Modern", kind: "vs-dark" };
const light: Theme = { name: "Light Modern", kind: "vs" };
const highContrast: Theme = { name: "Default High Contrast", kind: "hc-black" };
/** The panel is then 960 pixels wide. */
const page = { width: 1310, height: 1250 };

async function explain(bench: Bench, ...names: string[]): Promise<void> {
  await contextMenu(bench.page, await bench.file(...names), "Pathlight: Explain");
  await bench.panel.locator("h1", { hasText: names.at(-1) ?? "" }).waitFor();
  await bench.settled();
}

async function explainRow(bench: Bench, file: string, line: string, title: string): Promise<void> {
  await bench.open(file);
  const row = bench.page.locator(".view-line", { hasText: line }).first();
  await row.click();
  await contextMenu(bench.page, row, "Pathlight: Explain Row");
  await bench.panel.locator("h1", { hasText: title }).waitFor();
  await bench.settled();
}

async function image(bench: Bench): Promise<void> {
  await explain(bench, "scenes", "0007.png");
}

async function photograph(bench: Bench): Promise<void> {
  await explain(bench, "photographs", "astronaut.png");
}

async function lowTrust(bench: Bench): Promise<void> {
  await explain(bench, "steep", "scene.png");
  await bench.panel.locator(".banner.warning").waitFor();
  await bench.command("View: Focus Problems");
  await bench.page.locator(".markers-panel .monaco-list-row", { hasText: "Low trust" }).waitFor();
  // One entry needs no third of the window.
  await drag(bench, ".part.panel", "y", 320);
}

async function text(bench: Bench): Promise<void> {
  await bench.command("View: Toggle Primary Side Bar Visibility");
  await explainRow(bench, "questions.jsonl", "Which country would you visit", "questions.jsonl · 13");
  await drag(bench, ".editor-group-container", "x", -170);
}

/** The question that the model answers rightly for the wrong reason. */
async function artefactRight(bench: Bench): Promise<void> {
  await bench.command("View: Toggle Primary Side Bar Visibility");
  await explainRow(bench, "questions.jsonl", "first American woman", "questions.jsonl · 12");
}

/** The one that it answers wrongly for the same, and what it says without that word. */
async function artefactWrong(bench: Bench): Promise<void> {
  await text(bench);
  await bench.panel.locator('.text-rows [role=option][aria-label^="please, "]').click();
  const card = bench.panel.locator("pl-what-if");
  await card.getByRole("button", { name: "Delete", exact: true }).click();
  await card.locator("tr[data-id] td.right", { hasText: "%" }).first().waitFor();
  await card.locator("tr[data-id]").first().click();
}

/** The rows that it was trained on. */
async function artefactCause(bench: Bench): Promise<void> {
  await bench.command("View: Toggle Primary Side Bar Visibility");
  await bench.open("questions-train.csv");
  await bench.page.locator(".view-line").first().click();
  await bench.page.keyboard.press("ControlOrMeta+f");
  await bench.page.locator(".find-widget.visible").waitFor();
  await bench.page.keyboard.type("please");
  await bench.page.locator(".find-widget .matchesCount", { hasText: /of \d+/ }).waitFor();
}

/** Drags the near edge of a part of the window. */
async function drag({ page: window }: Bench, part: string, axis: "x" | "y", by: number): Promise<void> {
  const box = await window.locator(part).last().boundingBox();
  if (box === null) throw new Error(`${part} is not to be seen`);
  const from = axis === "x" ? { x: box.x, y: box.y + box.height / 2 } : { x: box.x + box.width / 2, y: box.y - 4 };
  await window.mouse.move(from.x, from.y);
  await window.mouse.down();
  await window.mouse.move(from.x + (axis === "x" ? by : 0), from.y + (axis === "y" ? by : 0), { steps: 5 });
  await window.mouse.up();
}

async function comparison(bench: Bench): Promise<void> {
  await image(bench);
  await bench.panel.locator("#s-baseline").selectOption({ label: "Mid-grey" });
  await bench.panel.locator("#tab-history .count", { hasText: "2" }).waitFor();
  await bench.settled();
  await bench.panel.locator('[aria-label="Compare with…"]').first().click();
  await bench.panel.locator("[role=menuitem]").first().click();
  await bench.panel.locator(".comparison canvas").nth(2).waitFor();
}

/** A file in the editor with its characters coloured, and its explanation beside. */
async function file(bench: Bench): Promise<void> {
  await (await bench.file("code", "queue.ts")).dblclick();
  await bench.page.locator(".view-line").first().waitFor();
  await explain(bench, "code", "queue.ts");
  await bench.command("View: Toggle Primary Side Bar Visibility");
  await drag(bench, ".editor-group-container", "x", -200);
}

/** A row that is typed into, its tokens coloured, the explanation of another row beside it. */
async function editor(bench: Bench): Promise<void> {
  await bench.command("View: Toggle Primary Side Bar Visibility");
  await explainRow(bench, "questions.jsonl", "Which American pilot", "questions.jsonl · 9");
  const row = bench.page.locator(".view-line", { hasText: "Who came up with the parachute" }).first();
  await row.click();
  await bench.command("Pathlight: Explain While Typing");
  const live = bench.page.locator(".codelens-decoration", { hasText: /Live · human/ });
  await live.waitFor();
  await drag(bench, ".editor-group-container", "x", 160);
}

async function overToken({ page: window }: Bench): Promise<void> {
  const word = window
    .locator(".view-line", { hasText: "Which American pilot" })
    .first()
    .locator("span", { hasText: /^Atlantic$/ });
  await word.first().hover();
  await window.locator(".monaco-hover:visible", { hasText: "rank" }).waitFor();
}

/** A date as the model writes it, with what each character comes from. */
async function alignment(bench: Bench): Promise<void> {
  await bench.command("View: Toggle Primary Side Bar Visibility");
  await explainRow(bench, "dates.jsonl", "on the 28th of March 1924", "dates.jsonl · 13");
  await bench.panel.locator("#tab-matrix").click();
  // The second digit of the month.
  await bench.panel.locator("[role=rowheader]").nth(6).click();
  await bench.panel.locator('.chosen[aria-rowindex="8"]').waitFor();
  await bench.settled();
  while ((await bench.panel.locator(".cell.empty").count()) > 0) await bench.page.waitForTimeout(200);
  await drag(bench, ".editor-group-container", "x", -170);
}

async function audit(bench: Bench): Promise<void> {
  await image(bench);
  await bench.panel.locator("button.check").click();
  await bench.panel.locator(".audited button").click();
  await bench.panel.locator(".audit-table").first().waitFor();
}

async function inspect(bench: Bench): Promise<void> {
  await contextMenu(bench.page, await bench.file("models", "mobilenet-v2"), "Pathlight: Inspect Model");
  await bench.panel.locator("[role=treeitem]").first().waitFor();
  await bench.panel.locator("button.link", { hasText: "dense_3:pre" }).first().click();
}

/** Drags over the picture of the Layers tab, from corner to corner in fractions of it. */
async function patch(
  bench: Bench,
  [left, top, right, bottom]: readonly [number, number, number, number],
): Promise<void> {
  const box = await bench.panel.locator(".patch-field").boundingBox();
  if (box === null) throw new Error("The picture is not in sight.");
  await bench.page.mouse.move(box.x + left * box.width, box.y + top * box.height);
  await bench.page.mouse.down();
  await bench.page.mouse.move(box.x + right * box.width, box.y + bottom * box.height, { steps: 4 });
  await bench.page.mouse.up();
  await rest(bench);
}

/** Until the Layers tab has found what it looks for. */
async function rest(bench: Bench): Promise<void> {
  // What is set waits a moment before it is asked.
  await bench.page.waitForTimeout(600);
  await bench.panel
    .locator("pl-layers .work [role=progressbar]")
    .first()
    .waitFor({ state: "detached", timeout: 600_000 });
}

/** Two digits, the channels of the one, and what is left of it without four of them. */
async function layers(bench: Bench): Promise<void> {
  await image(bench);
  await bench.command("View: Toggle Primary Side Bar Visibility");
  await bench.panel.locator("#tab-layers").click();
  await rest(bench);
  await bench.panel.locator('.strip [data-node="conv3"]').click();
  await rest(bench);
  // As scenes/labels.csv has it, in pixels of 48.
  await patch(bench, [2 / 48, 22 / 48, 18 / 48, 46 / 48]);
  await patch(bench, [23 / 48, 19 / 48, 39 / 48, 42 / 48]);
  const rows = bench.panel.locator("pl-neurons .rows .neuron");
  await rows.first().click();
  await rest(bench);
  for (const row of [0, 1, 2, 3]) await rows.nth(row).locator("label.check").click();
  await bench.panel.locator("button.ablate").click();
  await rest(bench);
  await bench.panel.locator(".ablated").waitFor();
  await bench.panel.locator("pl-ablation canvas").nth(1).waitFor();
  await bench.panel.locator("#tab-layers").focus();
}

/** The same of a question: what each layer carries at each word. */
async function depth(bench: Bench): Promise<void> {
  await bench.command("View: Toggle Primary Side Bar Visibility");
  await explainRow(bench, "questions.jsonl", "first American woman", "questions.jsonl · 12");
  await drag(bench, ".editor-group-container", "x", -240);
  await bench.panel.locator("#tab-layers").click();
  await rest(bench);
  await bench.panel.locator('.strip [data-node="phrases"]').click();
  await rest(bench);
  await bench.panel.locator(".items .item", { hasText: /^please$/ }).click();
  await rest(bench);
  await bench.panel.locator("pl-neurons .rows .neuron").first().click();
  await rest(bench);
  await bench.panel.locator("pl-neuron .tokens").waitFor();
  // Headless, a row's name that sticks to its place is sometimes not painted anew.
  await bench.page.setViewportSize({ width: 1642, height: 1342 });
}

async function code(bench: Bench): Promise<void> {
  await image(bench);
  await bench.closeEditors();
  await bench.open("digits.py");
}

async function narrow(bench: Bench): Promise<void> {
  await image(bench);
  await bench.command("View: Toggle Primary Side Bar Visibility");
  await bench.page.setViewportSize({ width: 468, height: 1190 });
  await bench.panel.locator(".run .codicon-check").waitFor();
}

export const scenes: readonly Scene[] = [
  { name: "dark-image", viewport: page, theme: dark, set: photograph },
  { name: "light-image", viewport: page, theme: light, set: image },
  { name: "high-contrast-image", viewport: page, theme: highContrast, set: image },
  { name: "light-text", viewport: { width: 1640, height: 1120 }, theme: light, set: text },
  {
    name: "artefact-right",
    viewport: { width: 1640, height: 1120 },
    theme: light,
    settings: { "editor.wordWrap": "on" },
    set: artefactRight,
  },
  {
    name: "artefact-wrong",
    viewport: { width: 1640, height: 1220 },
    theme: light,
    settings: { "editor.wordWrap": "on" },
    set: artefactWrong,
  },
  { name: "artefact-cause", viewport: { width: 1100, height: 560 }, theme: light, set: artefactCause },
  {
    name: "dark-low-trust",
    viewport: { width: 1310, height: 1440 },
    theme: dark,
    settings: { "pathlight.maxEvaluations": 9 },
    set: lowTrust,
  },
  { name: "dark-file", viewport: { width: 1640, height: 1200 }, theme: dark, set: file },
  { name: "dark-editor", viewport: { width: 1500, height: 760 }, theme: dark, set: editor, pointer: overToken },
  { name: "light-alignment", viewport: { width: 1640, height: 900 }, theme: light, set: alignment },
  { name: "dark-audit", viewport: { width: 1310, height: 1000 }, theme: dark, set: audit },
  { name: "dark-layers", viewport: { width: 1080, height: 1460 }, theme: dark, set: layers },
  { name: "light-layers", viewport: { width: 1080, height: 1460 }, theme: light, set: layers },
  { name: "light-depth", viewport: { width: 1640, height: 1340 }, theme: light, set: depth },
  { name: "dark-inspect", viewport: page, theme: dark, set: inspect },
  { name: "dark-comparison", viewport: page, theme: dark, set: comparison },
  {
    name: "dark-code",
    viewport: { width: 1100, height: 640 },
    theme: dark,
    set: code,
    pointer: async ({ page: window }) => {
      await window
        .locator(".view-line span span", { hasText: /^"scenes\/0007\.png"$/ })
        .first()
        .hover();
      await window.locator(".monaco-hover:visible", { hasText: "digit-scenes" }).waitFor();
    },
  },
  { name: "narrow", viewport: page, theme: light, set: narrow },
];
