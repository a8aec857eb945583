import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import type { Browser, Page } from "playwright-core";
import { panelToHostSchema } from "../../../src/protocol/panel.ts";
import { type BuiltPanel, buildPanel, launch, openPanel, rest, settle, type Theme } from "./harness/page.ts";
import { scenes } from "./harness/scenes.ts";

let browser: Browser;
let panel: BuiltPanel;

before(async () => {
  panel = await buildPanel();
  browser = await launch();
});
after(() => browser?.close());

interface Posted {
  readonly type: string;
  readonly [key: string]: unknown;
}

async function open(scene: string, options: { theme?: Theme; width?: number; height?: number } = {}): Promise<Page> {
  return openPanel(browser, panel, { scene, ...options });
}

function posted(page: Page): Promise<readonly Posted[]> {
  return page.evaluate(() =>
    window.posted.filter((message) => Reflect.get(Object(message), "type") !== "ready"),
  ) as Promise<readonly Posted[]>;
}

async function last(page: Page): Promise<Posted | undefined> {
  return (await posted(page)).at(-1);
}

function reading(page: Page): Promise<string> {
  return page.locator("#readout").evaluate((element) => element.textContent ?? "");
}

test("every state draws in every theme without errors, policy violations or sideways scrolling", async () => {
  for (const [index, scene] of Object.keys(scenes).entries()) {
    const theme = (["dark", "light", "hc", "hc-light"] as const)[index % 4] ?? "dark";
    const width = index % 2 === 0 ? 420 : 960;
    const page = await open(scene, { theme, width, height: 900 });
    if (scene.toLowerCase().includes("comparison")) await page.locator("#tab-history").click();
    const violations = await page.evaluate(() => Reflect.get(window, "violations"));
    assert.deepEqual(violations, [], `${scene} ${theme}`);
    assert.deepEqual(
      (await posted(page)).filter(({ type }) => type === "panelError"),
      [],
      `${scene} ${theme}`,
    );
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.ok(overflow <= 0, `${scene} at ${width}: ${overflow} px too wide`);
    await page.close();
  }
});

test("what a screen reader finds: bands, groups, roles and descriptions", async () => {
  const page = await open("reliable");
  const roles = await page.evaluate(() => ({
    main: document.querySelectorAll("main h1").length,
    radiogroups: [...document.querySelectorAll("[role=radiogroup]")].map((element) =>
      element.getAttribute("aria-label"),
    ),
    tabs: [...document.querySelectorAll("[role=tab]")].map((element) => element.textContent?.trim().split(/\s/)[0]),
    unlabelled: [...document.querySelectorAll("section")].filter(
      (element) => !element.hasAttribute("aria-label") && !element.hasAttribute("aria-labelledby"),
    ).length,
    nameless: [...document.querySelectorAll("button")].filter(
      (element) => (element.textContent?.trim() ?? "") === "" && !element.hasAttribute("aria-label"),
    ).length,
    combos: document.querySelectorAll("select[aria-label]").length,
    images: [...document.querySelectorAll("[role=img]")].filter(
      (element) => (element.getAttribute("aria-label") ?? "").length < 8,
    ).length,
  }));
  assert.deepEqual(roles.radiogroups, ["Target class", "Score explained", "Show"]);
  assert.deepEqual(roles.tabs, ["Attribution", "Layers", "History"]);
  assert.deepEqual([roles.main, roles.unlabelled, roles.nameless, roles.images], [1, 0, 0, 0]);
  assert.ok(roles.combos >= 6);
  const map = page.locator("canvas[role=application]");
  assert.equal(await map.getAttribute("aria-roledescription"), "attribution map");
  assert.equal(await page.locator(`#${await map.getAttribute("aria-describedby")}`).count(), 1);
  const panelId = await page.locator("[role=tab][aria-selected=true]").getAttribute("aria-controls");
  assert.equal(await page.locator(`#${panelId}[role=tabpanel]`).count(), 1);
  await page.close();
});

test("the map by keyboard: arrows read, N and P follow the ranking, keys set sign, grain, threshold and table", async () => {
  const page = await open("reliable");
  const rank = async (): Promise<string> => (await reading(page)).match(/Rank\s*(\d+)/)?.[1] ?? "";
  const where = async (): Promise<string> => (await reading(page)).match(/Where\s*(\d+, \d+)/)?.[1] ?? "";
  await page.locator("canvas[role=application]").focus();
  assert.equal(await rank(), "1");
  const [x, y] = (await where()).split(", ").map(Number) as [number, number];
  await page.keyboard.press("ArrowRight");
  assert.equal(await where(), `${x + 8}, ${y}`);
  await page.keyboard.press("Shift+ArrowDown");
  assert.equal(await where(), `${x + 8}, ${y + 32}`);
  await page.keyboard.press("Home");
  assert.equal(await rank(), "1");
  await page.keyboard.press("n");
  await page.keyboard.press("n");
  assert.equal(await rank(), "3");
  await page.keyboard.press("p");
  assert.equal(await rank(), "2");
  await page.keyboard.press("s");
  assert.equal(await page.locator("[data-value=for]").getAttribute("aria-checked"), "true");
  await page.keyboard.press("[");
  assert.equal(await page.locator("input[aria-label^='Hide values below']").inputValue(), "12");
  await page.keyboard.press("g");
  assert.deepEqual(await last(page), { type: "regrain", grain: 16 });
  assert.match(await reading(page), /16×16 px/);
  await page.keyboard.press("t");
  assert.equal((await page.locator("pl-value-table tbody tr").count()) > 20, true);
  await page.close();
});

test("the spoken reading waits until the reader rests", async () => {
  const page = await open("reliable");
  await page.locator("canvas[role=application]").focus();
  await rest(page, 400);
  const spoken = page.locator("pl-spoken [aria-live=polite]");
  const before = await spoken.textContent();
  const read = await reading(page);
  // By the clock of the page: however slow the machine is, its pause ends after this one.
  const atOnce = await page.evaluate(async () => {
    document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
    await new Promise((resolve) => setTimeout(resolve, 100));
    return [
      document.querySelector("#readout")?.textContent,
      document.querySelector("pl-spoken [aria-live=polite]")?.textContent,
    ];
  });
  assert.notEqual(atOnce[0], read);
  assert.equal(atOnce[1], before);
  await rest(page, 450);
  assert.notEqual(await spoken.textContent(), before);
  await page.close();
});

test("Escape and the button cancel a run, and nothing else does", async () => {
  const page = await open("running");
  await page.keyboard.press("Escape");
  assert.deepEqual(await last(page), { type: "cancel" });
  await page.locator("button.cancel").click();
  assert.equal((await posted(page)).filter(({ type }) => type === "cancel").length, 2);
  const elapsed = page.locator(".elapsed");
  const first = await elapsed.textContent();
  await page.waitForFunction((text) => document.querySelector(".elapsed")?.textContent !== text, first);
  await page.close();
  const done = await open("reliable");
  await done.keyboard.press("Escape");
  assert.deepEqual(await posted(done), []);
  await done.close();
});

test("banner buttons do what they say", async () => {
  const low = await open("low");
  await low.locator("[data-action=refine]").click();
  assert.deepEqual(await last(low), { type: "refine" });
  await low.locator("[data-action=explain-logit]").click();
  assert.deepEqual(await last(low), { type: "explainLogit" });
  await low.locator("[data-action=another-baseline]").click();
  await settle(low);
  assert.equal(await low.evaluate(() => document.activeElement?.id), "s-baseline");
  assert.equal(await low.locator("[role=alert]").count(), 1);
  await low.locator("button[aria-label='Dismiss for this explanation']").click();
  assert.equal(await low.locator(".banner").count(), 0);
  await low.close();
  const cancelled = await open("cancelled");
  await cancelled.locator("[data-action=discard]").click();
  assert.deepEqual(await last(cancelled), { type: "discard" });
  await cancelled.locator("[data-action=continue]").click();
  assert.deepEqual(await last(cancelled), { type: "refine" });
  await cancelled.close();
  const stale = await open("stale");
  assert.equal(await stale.locator(".attribution.dimmed").count(), 1);
  await stale.locator("[data-action=explain-again]").click();
  assert.deepEqual(await last(stale), { type: "run" });
  await stale.close();
});

test("settings and targets post what was chosen, in the protocol's form", async () => {
  const page = await open("reliable");
  await page.locator("#s-baseline").selectOption({ label: "Black" });
  await page.locator("#s-baseline").selectOption({ label: "Choose an image…" });
  await page.locator("#s-tolerance").selectOption("0.005");
  await page.locator("#s-evaluations").selectOption("1024");
  await page.locator("#s-method").selectOption("gradient");
  await page.locator("[role=radio]", { hasText: "Softmax" }).click();
  await page.locator(".prediction", { hasText: "Drawing" }).click();
  await page.locator("button.refine").click();
  const messages = await posted(page);
  assert.deepEqual(messages, [
    { type: "set", settings: { baseline: { kind: "name", name: "black" } } },
    { type: "chooseBaselineFile" },
    { type: "set", settings: { tolerance: 0.005 } },
    { type: "set", settings: { maxEvaluations: 1024 } },
    { type: "set", settings: { method: "gradient" } },
    { type: "set", settings: { link: "softmax" } },
    { type: "set", settings: { target: { kind: "index", index: 1 } } },
    { type: "refine", tolerance: 0.01 },
  ]);
  for (const message of messages) panelToHostSchema.parse(message);
  await page.close();
});

test("a list shows what is set, also after it was used and then grew", async () => {
  const page = await open("reliable");
  const baseline = page.locator("#s-baseline");
  const shown = (): Promise<string> =>
    baseline.evaluate((list) => (list as HTMLSelectElement).selectedOptions[0]?.label ?? "");
  assert.equal(await shown(), "Mid-grey");
  await baseline.selectOption({ label: "Choose an image…" });
  assert.equal(await shown(), "Mid-grey", "until the host has agreed");
  await page.evaluate(() => window.showScene("manyBaselines"));
  await settle(page);
  assert.equal(await shown(), "grey.png");
  await page.evaluate(() => window.showScene("low"));
  await settle(page);
  assert.equal(await shown(), "Black");
  await page.close();
});

test("a run that ended at its budget can go on, by one button and not by two", async () => {
  const draft = await open("budget");
  await draft.locator("button.refine").click();
  assert.deepEqual(await last(draft), { type: "refine" });
  await draft.close();
  const low = await open("low");
  assert.equal(await low.locator("button.refine").count(), 0);
  await low.locator("button[aria-label='Dismiss for this explanation']").click();
  assert.equal(await low.locator("button.refine").count(), 1);
  await low.close();
});

test("the search finds any class and is left by Escape", async () => {
  const page = await open("reliable");
  await page.locator(".prediction.others").click();
  await page.keyboard.type("landsc");
  assert.equal(await page.locator("pl-class-search [role=option]").count(), 1);
  await page.keyboard.press("Enter");
  assert.deepEqual(await last(page), { type: "set", settings: { target: { kind: "index", index: 4 } } });
  await page.locator(".prediction.others").click();
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("pl-class-search").count(), 0);
  assert.equal(await page.evaluate(() => document.activeElement?.classList.contains("others")), true);
  await page.close();
});

test("an expression is checked as it is typed, and becomes the target by Enter", async () => {
  const page = await open("reliable");
  await page.locator(".prediction.written").click();
  const says = page.locator("#expression-says");
  const field = page.locator("pl-expression-editor input");
  await page.keyboard.type('logit["Neutral"] - cosin(');
  assert.equal(await field.getAttribute("aria-invalid"), "true");
  assert.match((await says.textContent()) ?? "", /breaks off/);
  await page.keyboard.press("Enter");
  assert.deepEqual(await posted(page), [], "what is wrong is not sent");
  await field.fill('logit["Neutrl"]');
  assert.match((await says.textContent()) ?? "", /Did you mean "Neutral"/);
  assert.equal(await page.locator("#expression-says mark").textContent(), '"Neutrl"');
  await field.fill("logit['Neutral'] - logit[1]");
  assert.match((await says.textContent()) ?? "", /Explains logit\["Neutral"\] − logit\["Drawing"\]/);
  await page.keyboard.press("Enter");
  assert.deepEqual(await last(page), {
    type: "set",
    settings: { target: { kind: "expression", expression: "logit['Neutral'] - logit[1]" } },
  });
  assert.equal(await page.locator("pl-expression-editor").count(), 0);
  await page.locator(".prediction.written").click();
  await page.keyboard.press("ArrowDown");
  assert.equal(await field.inputValue(), "predicted - runner_up");
  await page.keyboard.press("Escape");
  assert.equal(await page.locator("pl-expression-editor").count(), 0);
  assert.equal(await page.evaluate(() => document.activeElement?.classList.contains("written")), true);
  await page.close();
});

test("a target that is an expression is shown with its value, and a class takes its place", async () => {
  const page = await open("expression");
  const row = page.locator(".prediction.written");
  assert.equal(await row.getAttribute("aria-checked"), "true");
  assert.match((await row.textContent()) ?? "", /logit\["tabby cat"\] − logit\["tiger cat"\].*7\.55/s);
  assert.equal(await page.locator("[aria-label='Score explained']").count(), 0, "an expression says what it is of");
  await row.click();
  assert.equal(await page.locator("pl-expression-editor input").inputValue(), "predicted - runner_up");
  await page.keyboard.press("Escape");
  await page.locator(".prediction[role=radio]").first().click();
  assert.deepEqual(await last(page), { type: "set", settings: { target: { kind: "index", index: 0 } } });
  await page.close();
  const towers = await open("similarity");
  assert.equal(await towers.locator("[role=radio].prediction").count(), 1);
  assert.match((await towers.locator("#h-prediction").textContent()) ?? "", /Score/);
  await towers.close();
});

test("the pairs of two texts are asked for, and say what they leave out", async () => {
  const page = await open("pairsStart");
  await page.locator("#tab-pairs").click();
  await page.locator("pl-token-pairs button").click();
  assert.deepEqual(await last(page), { type: "tokenPairs" });
  await page.close();
  const done = await open("pairs");
  await done.locator("#tab-pairs").click();
  assert.equal(await done.locator("#tab-matrix").count(), 0);
  const text = (await done.locator("pl-token-pairs").textContent()) ?? "";
  assert.match(text, /adds up to \+0\.598 of \+0\.600/);
  assert.match(text, /off by 0\.3\d*\s%, single cells are good to about 3\.?0?\s%/);
  assert.match(text, /change of \+0\.653/);
  await done.close();
});

test("menus export and compare; arrows move in them", async () => {
  const page = await open("reliable");
  await page.locator("button[aria-label='Export…']").click();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  assert.deepEqual(await last(page), { type: "export", format: "html" });
  await page.locator("button[aria-label='Compare with…']").click();
  await page.locator("[role=menuitem]").first().click();
  assert.deepEqual(await last(page), { type: "compare", ids: ["h1", "h2"] });
  assert.equal(await page.locator("#tab-history").getAttribute("aria-selected"), "true");
  await page.close();
});

test("history: tick two and compare, open and delete by key", async () => {
  const page = await open("reliable");
  await page.locator("#tab-history").click();
  const compare = page.locator("pl-history button", { hasText: "Compare" });
  assert.equal(await compare.isDisabled(), true);
  await page.locator("pl-history input[type=checkbox]").nth(1).click();
  await page.locator("pl-history input[type=checkbox]").nth(3).click();
  await compare.click();
  assert.deepEqual(await last(page), { type: "compare", ids: ["h2", "h4"] });
  await page.locator("pl-history tbody tr").first().focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  assert.deepEqual(await last(page), { type: "openHistory", id: "h2" });
  await page.keyboard.press("Delete");
  assert.deepEqual(await last(page), { type: "deleteHistory", id: "h2" });
  await page.close();
});

test("F6 goes from band to band and the key list opens by ?", async () => {
  const page = await open("low");
  const bands: (string | null | undefined)[] = [];
  for (let step = 0; step < 5; step++) {
    await page.keyboard.press("F6");
    bands.push(await page.evaluate(() => document.activeElement?.closest("[data-band]")?.getAttribute("aria-label")));
  }
  assert.deepEqual(bands, ["What is explained", "What to do", "How far to trust it", "Views", "What is explained"]);
  await page.keyboard.press("?");
  assert.equal((await page.locator(".keys dt").count()) > 8, true);
  await page.keyboard.press("Escape");
  assert.equal(await page.locator(".keys").count(), 0);
  await page.close();
});

test("tokens are a listbox with one tab stop; what the model did not see is struck through", async () => {
  const page = await open("text");
  const row = page.locator(".tokens").first();
  assert.equal(await row.locator("[role=option][tabindex='0']").count(), 1);
  await row.locator("[role=option][tabindex='0']").focus();
  const before = await page.evaluate(() => document.activeElement?.textContent);
  await page.keyboard.press("ArrowRight");
  assert.notEqual(await page.evaluate(() => document.activeElement?.textContent), before);
  assert.match((await row.locator("[role=option]").last().getAttribute("aria-label")) ?? "", /\[PAD\]×9/);
  assert.match((await page.locator(".unseen s").textContent()) ?? "", /some more words/);
  const words = await row.locator("[role=option]").count();
  await page.keyboard.press("g");
  assert.equal(await row.locator("[role=option]").count(), words + 1);
  await page.close();
});

test("the reader's view outlives a reload", async () => {
  const page = await open("reliable");
  await page.locator("[data-value=strength]").click();
  await page.locator("button[aria-label='Show as table']").click();
  await page.reload();
  await page.evaluate(() => window.showScene("reliable"));
  await settle(page);
  assert.equal(await page.locator("[data-value=strength]").getAttribute("aria-checked"), "true");
  assert.equal(await page.locator("pl-value-table").count(), 1);
  await page.close();
});

test("a message that the protocol does not know is reported, not drawn", async () => {
  const page = await open("reliable");
  await page.evaluate(() => window.postMessage({ type: "state", state: { phase: "dancing" } }, "*"));
  await rest(page, 50);
  assert.equal((await last(page))?.type, "panelError");
  assert.equal(await page.locator("h1").textContent(), "astronaut.png");
  await page.close();
});

test("the map is answered as a PNG with its caption", async () => {
  for (const scene of ["reliable", "text", "tensor"]) {
    const page = await open(scene);
    await page.evaluate(() => window.postMessage({ type: "capture", captureId: "c1" }, "*"));
    await page.waitForFunction(() => window.posted.some((message) => Reflect.get(Object(message), "type") === "image"));
    const head = await page.evaluate(() => {
      const message = window.posted.find((candidate) => Reflect.get(Object(candidate), "type") === "image");
      const png = Reflect.get(Object(message), "png") as Uint8Array;
      return { id: Reflect.get(Object(message), "captureId"), size: png.length, magic: [...png.slice(0, 4)] };
    });
    assert.deepEqual(head.magic, [0x89, 0x50, 0x4e, 0x47], scene);
    assert.equal(head.id, "c1");
    assert.ok(head.size > 8000, `${scene}: ${head.size} bytes`);
    await page.close();
  }
});

test("gradients are checked from the trust strip and from the banner; a running audit can be cancelled", async () => {
  const page = await open("suspect");
  await page.locator("pl-trust [data-action=audit]").click();
  assert.equal((await last(page))?.type, "audit");
  await page.locator(".banner [data-action=audit]").click();
  assert.equal((await posted(page)).filter(({ type }) => type === "audit").length, 2);
  assert.equal(await page.locator("#tab-audit").count(), 0, "there is nothing to show yet");
  await page.close();

  const busy = await open("auditing");
  assert.match((await busy.locator("pl-trust .auditing").textContent()) ?? "", /57 of 173/);
  assert.equal(await busy.locator(".banner [data-action=audit]").count(), 0);
  await busy.locator("pl-trust [data-action=cancel-audit]").click();
  assert.equal((await last(busy))?.type, "cancelAudit");
  await busy.keyboard.press("Escape");
  assert.equal((await posted(busy)).filter(({ type }) => type === "cancelAudit").length, 2);
  await busy.close();
});

test("what an audit found stands above the map and in a tab of its own, as picture and as table", async () => {
  const page = await open("refuted");
  assert.equal(await page.locator("#h-verdict").textContent(), "Gradient wrong");
  assert.match(
    (await page.locator(".banner").textContent()) ?? "",
    /block_15_project \(Conv2D\).*do not trust this map/,
  );
  await page.locator(".audited button").click();
  const culprit = (await page.locator(".culprit").textContent()) ?? "";
  assert.match(culprit, /Layer\s*block_15_project.*Operation\s*Conv2D.*Node.*off by 9\.1/s);
  const chart = page.locator("pl-audit-chart svg").last();
  assert.match((await chart.getAttribute("aria-label")) ?? "", /beside differences of forward passes.*they differ at/);
  assert.equal(await chart.locator("g.differs .diamond").count(), 7);
  await chart.focus();
  await page.keyboard.press("ArrowRight");
  assert.match(
    (await page.locator("pl-audit-chart .caption").last().textContent()) ?? "",
    /At 5\.0\s% of the path: gradient/,
  );
  await page.keyboard.press("t");
  assert.equal(await page.locator("pl-audit-chart").count(), 0);
  const tables = page.locator(".audit-table");
  assert.equal(await tables.count(), 4);
  assert.equal(await tables.nth(1).locator("tbody tr").count(), 8);
  assert.equal(await tables.last().locator("tbody tr").count(), 12);
  await page.locator(".audit .more-rows").click();
  assert.equal(await tables.last().locator("tbody tr").count(), 40);
  assert.match((await tables.last().locator("tr.differs").textContent()) ?? "", /block_15_project.*differs/s);
  await page.close();
});
