import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import type { Browser, Page } from "playwright-core";
import { panelToHostSchema } from "../../../src/protocol/panel.ts";
import { type BuiltPanel, buildPanel, launch, openPanel, rest, settle, type Theme } from "./harness/page.ts";
import { insideScenes } from "./harness/scenes.ts";

let browser: Browser;
let panel: BuiltPanel;

before(async () => {
  panel = await buildPanel();
  browser = await launch();
});
after(() => browser?.close());

interface Ask {
  readonly kind: string;
  readonly params?: {
    readonly layer?: string[];
    readonly patches?: { name: string; region: Record<string, unknown> }[];
  } & Record<string, unknown>;
}
interface Posted {
  readonly type: string;
  readonly ask?: Ask;
  readonly [key: string]: unknown;
}

function open(scene: string, options: { theme?: Theme; width?: number; height?: number } = {}): Promise<Page> {
  return openPanel(browser, panel, { scene, height: 1300, ...options });
}

/** All that the panel has posted, each valid. */
async function posted(page: Page): Promise<readonly Posted[]> {
  const all = (await page.evaluate(() => window.posted)) as readonly Posted[];
  for (const message of all) panelToHostSchema.parse(message);
  return all.filter(({ type }) => type !== "ready");
}

async function asks(page: Page, kind?: string): Promise<readonly Ask[]> {
  // What is set waits a moment before it is asked.
  await rest(page, 350);
  return (await posted(page)).flatMap(({ ask }) =>
    ask === undefined || (kind !== undefined && ask.kind !== kind) ? [] : [ask],
  );
}

const active = (page: Page): Promise<string> =>
  page.evaluate(
    () => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent?.trim() ?? "",
  );

test("every state draws in every theme, wide and narrow, without errors or sideways scrolling", async () => {
  const names = Object.keys(insideScenes());
  for (const [index, scene] of names.entries()) {
    for (const [at, width] of [420, 960].entries()) {
      const theme = (["dark", "light", "hc", "hc-light"] as const)[(index + at) % 4] ?? "dark";
      const page = await open(scene, { theme, width });
      assert.equal(await page.locator("#tab-layers[aria-selected=true]").count(), 1, scene);
      assert.deepEqual(await page.evaluate(() => Reflect.get(window, "violations")), [], `${scene} ${theme}`);
      assert.deepEqual(
        (await posted(page)).filter(({ type }) => type === "panelError"),
        [],
        `${scene} ${theme}`,
      );
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      assert.ok(overflow <= 0, `${scene} at ${width}: ${overflow} px too wide`);
      const nameless = await page.evaluate(
        () =>
          [
            ...document.querySelectorAll(
              "pl-layers button, pl-layers select, pl-layers input, pl-layers [role=img], pl-layers [role=grid]",
            ),
          ].filter(
            (element) =>
              (element.textContent?.trim() ?? "") === "" &&
              !element.hasAttribute("aria-label") &&
              element.closest("label") === null,
          ).length,
      );
      assert.equal(nameless, 0, scene);
      await page.close();
    }
  }
});

test("on first opening the sums of all layers are asked for, once", async () => {
  const page = await open("layersStart");
  assert.deepEqual(await asks(page), [{ kind: "conservation", runId: "run-1" }]);
  await page.locator("#tab-attribution").click();
  await page.locator("#tab-layers").click();
  assert.equal((await asks(page)).length, 2);
  await page.close();
});

test("nothing is asked while a run goes on, or of a map that belongs to other settings", async () => {
  for (const scene of ["running", "retarget"]) {
    const page = await open(scene);
    await page.locator("#tab-layers").click();
    assert.deepEqual(await asks(page), [], scene);
    await page.close();
  }
});

test("the strip is a list: arrows read a layer in a sentence, Enter asks for its neurons", async () => {
  const page = await open("layersUnchosen");
  const list = page.getByRole("listbox", { name: "Layers, from input to output" });
  assert.equal(await list.locator("[tabindex='0']").count(), 1);
  await list.locator("[tabindex='0']").focus();
  await page.keyboard.press("ArrowRight");
  assert.match(
    await active(page),
    /^expanded_conv_project_BN, FusedBatchNorm, 112×112×16: carries \+6\.\d+ of \+6\.37, off by [\d.]+\u202f%; the strongest 5\u202f% of its neurons hold \d+\u202f%$/,
  );
  assert.equal(await page.locator(".strip-reading").textContent(), await active(page));
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Enter");
  const [asked, ...more] = await asks(page, "neurons");
  assert.deepEqual(more, []);
  assert.deepEqual(asked, {
    kind: "neurons",
    params: { runId: "run-1", layer: ["out_relu"], patches: [], grid: null },
  });
  assert.equal(await list.locator("[aria-selected=true]").getAttribute("data-node"), "out_relu");
  // One that cannot be looked into says why, and is not chosen.
  const refused = list.locator('[data-node="block_10_project_BN"]');
  assert.match((await refused.getAttribute("aria-label")) ?? "", /cannot be looked into, its values are whole numbers/);
  await refused.click({ force: true });
  assert.equal((await asks(page, "neurons")).length, 1);
  assert.match(
    (await list.locator('[data-node="block_14_expand_relu"]').getAttribute("aria-label")) ?? "",
    /not a cut, part of the change passes it/,
  );
  await page.close();
});

test("the table has the layers too", async () => {
  const page = await open("layersUnchosen");
  await page.keyboard.press("t");
  const rows = page.locator(".layers-table tbody tr");
  assert.equal(await rows.count(), 22);
  assert.match((await rows.nth(17).textContent()) ?? "", /not a cut/);
  await rows.nth(0).focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  assert.deepEqual((await asks(page, "neurons"))[0]?.params?.layer, ["expanded_conv_project_BN"]);
  await page.close();
});

/** Drags over the picture, in fractions of it. */
async function drag(page: Page, from: readonly [number, number], to: readonly [number, number]): Promise<void> {
  const box = await page.locator(".patch-field").boundingBox();
  assert.ok(box !== null);
  const at = ([x, y]: readonly [number, number]): [number, number] => [box.x + x * box.width, box.y + y * box.height];
  await page.mouse.move(...at(from));
  await page.mouse.down();
  await page.mouse.move(...at([(from[0] + to[0]) / 2, (from[1] + to[1]) / 2]));
  await page.mouse.move(...at(to));
  await page.mouse.up();
}

/** The region of a patch in the last question about patches. */
async function region(page: Page, name: string): Promise<Record<string, number | string>> {
  const asked = (await asks(page, "neurons")).at(-1);
  const found = asked?.params?.patches?.find((patch) => patch.name === name);
  assert.ok(found !== undefined, `no patch ${name} in ${JSON.stringify(asked)}`);
  return found.region as Record<string, number | string>;
}

test("a patch is drawn with the mouse, moved, resized and cleared", async () => {
  const page = await open("layers");
  await page.getByRole("button", { name: "Clear" }).click();
  assert.equal(await page.locator(".patch-name").count(), 0);
  // 224 pixels: a quarter is 56.
  await drag(page, [0.25, 0.25], [0.5, 0.75]);
  const drawn = await region(page, "A");
  for (const [side, expected] of Object.entries({ x0: 56, y0: 56, x1: 112, y1: 168 })) {
    assert.ok(Math.abs(Number(drawn[side]) - expected) <= 1, `${side} ${drawn[side]}`);
  }
  await drag(page, [0.4, 0.5], [0.6, 0.5]);
  const moved = await region(page, "A");
  assert.ok(Math.abs(Number(moved["x0"]) - 56 - 0.2 * 224) <= 2, JSON.stringify(moved));
  assert.equal(Number(moved["x1"]) - Number(moved["x0"]), Number(drawn["x1"]) - Number(drawn["x0"]));
  // Its lower right corner.
  await drag(page, [0.7, 0.75], [0.8, 0.9]);
  const larger = await region(page, "A");
  assert.equal(larger["x0"], moved["x0"]);
  assert.ok(
    Math.abs(Number(larger["x1"]) - 0.8 * 224) <= 2 && Math.abs(Number(larger["y1"]) - 0.9 * 224) <= 2,
    JSON.stringify(larger),
  );
  await drag(page, [0.05, 0.05], [0.2, 0.2]);
  assert.ok(Number((await region(page, "B"))["x1"]) < 56);
  await page.close();
});

test("a lasso holds what it goes round", async () => {
  const page = await open("layers");
  await page.getByRole("button", { name: "Clear" }).click();
  await page.getByRole("button", { name: "Lasso" }).click();
  const box = await page.locator(".patch-field").boundingBox();
  assert.ok(box !== null);
  const corner = (x: number, y: number): [number, number] => [box.x + x * box.width, box.y + y * box.height];
  await page.mouse.move(...corner(0.25, 0.25));
  await page.mouse.down();
  for (const [x, y] of [
    [0.5, 0.25],
    [0.75, 0.25],
    [0.75, 0.5],
    [0.75, 0.75],
    [0.5, 0.5],
  ] as const) {
    await page.mouse.move(...corner(x, y));
  }
  await page.mouse.up();
  const lasso = (await region(page, "A")) as unknown as { kind: string; points: { x: number; y: number }[] };
  assert.equal(lasso.kind, "polygon");
  assert.ok(
    lasso.points.some(({ x, y }) => Math.abs(x - 168) < 1.5 && Math.abs(y - 56) < 1.5),
    JSON.stringify(lasso),
  );
  await page.close();
});

test("a patch is made with keys alone: R, arrows, Shift and arrows, Enter; Escape drops it", async () => {
  const page = await open("layersUnchosen");
  await page.locator('[data-node="block_13_expand_relu"]').click();
  await page.keyboard.press("r");
  assert.match(await active(page), /^Picture with no patch yet/);
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Shift+ArrowDown");
  assert.match(
    (await page.locator("pl-patch-picture [aria-live]").textContent()) ?? "",
    /columns 92 to 148, rows 76 to 140/,
  );
  await page.keyboard.press("Enter");
  assert.deepEqual(await region(page, "A"), { kind: "rectangle", y0: 76, x0: 92, y1: 140, x1: 148 });
  await page.keyboard.press("r");
  await page.keyboard.press("Escape");
  // The run is not cancelled by it: there is none, and nothing else was meant.
  assert.deepEqual(
    (await posted(page)).filter(({ type }) => type.startsWith("cancel")),
    [],
  );
  assert.equal(await page.locator(".patch-name").count(), 1);
  // Enter takes it up again, Delete removes it.
  await page.keyboard.press("Enter");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Enter");
  assert.equal((await region(page, "A"))["x0"], 84);
  await page.keyboard.press("Delete");
  assert.equal(await page.locator(".patch-name").count(), 0);
  await page.close();
});

test("neurons: arrows move, Space ticks, Enter shows one and asks who drives it", async () => {
  const page = await open("layers");
  const grid = page.getByRole("grid", { name: "Channels, strongest first" });
  assert.equal(await grid.getAttribute("aria-rowcount"), "577");
  const first = grid.locator(".neuron[tabindex='0']");
  assert.match(
    (await first.getAttribute("aria-label")) ?? "",
    /^Channel 524, \+0\.424 ± [\d.]+, 6\.7\u202f% of the change; A \+0\.424, B \+0\.0568, all \+0\.681, ticked$/,
  );
  await first.focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Space");
  assert.match(await active(page), /^Channel 426, .*, ticked$/);
  assert.match((await page.locator(".ticks").textContent()) ?? "", /4 channels ticked/);
  await page.keyboard.press("Enter");
  assert.match((await page.locator("pl-neuron h2").first().textContent()) ?? "", /3 · Channel 426/);
  const detail = (await asks(page, "detail")).at(-1) as unknown as { neuron: { neuron: number; node: string } };
  assert.deepEqual(detail.neuron, { node: "block_13_expand_relu", axis: 2, neuron: 426 });
  // All channels have their patches already: none are asked for again.
  assert.deepEqual(await asks(page, "neurons"), []);
  await page.close();
});

test("of thousands of neurons only those in sight are drawn; a number finds one", async () => {
  const page = await open("layersWide");
  const rows = page.locator("pl-neurons .rows .neuron");
  assert.ok((await rows.count()) < 40);
  await page.locator("pl-neurons .neuron[tabindex='0']").focus();
  await page.keyboard.press("End");
  await rest(page, 100);
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("aria-rowindex")), "4097");
  assert.ok((await rows.count()) < 40);
  await page.getByRole("searchbox", { name: "Find a unit by its number" }).fill("4090");
  assert.equal(await rows.count(), 1);
  assert.equal(await rows.getAttribute("data-neuron"), "4090");
  await page.getByRole("searchbox", { name: "Find a unit by its number" }).fill("9999");
  assert.match((await page.locator("pl-neurons").textContent()) ?? "", /No unit has that number/);
  await page.close();
});

test("ranked by another patch the list changes, and says by what", async () => {
  const page = await open("layers");
  const label = (): Promise<string | null> =>
    page.locator("pl-neurons .rows .neuron").first().getAttribute("aria-label");
  const before = await label();
  const ranks = page.getByRole("radiogroup", { name: "Rank neurons by" });
  await ranks.getByRole("radio", { name: "B", exact: true }).click();
  assert.notEqual(await label(), before);
  assert.match((await page.locator("pl-neurons h2").textContent()) ?? "", /driven by B/);
  await page.keyboard.press("ArrowRight");
  assert.equal(await ranks.locator("[aria-checked=true]").textContent(), "A − B");
  await page.close();
});

test("the grid over the picture: one tab stop, arrows read; another grid is asked for", async () => {
  const page = await open("layers");
  const grid = page.getByRole("grid", { name: /Parts of the sample that drive channel 524, 7 by 7/ });
  assert.equal(await grid.locator("[tabindex='0']").count(), 1);
  await grid.locator('[data-at="0"]').click();
  await grid.locator('[data-at="0"]').focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowRight");
  assert.match(await active(page), /^Row 2, column 2: [+−][\d.]+ ± /);
  await page.getByRole("combobox", { name: "Grid of patches" }).selectOption("16");
  const asked = (await asks(page, "sources")).at(-1);
  assert.deepEqual(asked?.params?.["grid"], { rows: 16, columns: 16 });
  assert.deepEqual([asked?.params?.["node"], asked?.params?.["neuron"]], ["block_13_expand_relu", 524]);
  await page.keyboard.press("Escape");
  await page.locator("#tab-layers").focus();
  await page.keyboard.press("t");
  assert.equal(await page.locator("pl-neuron tbody tr").count(), 49);
  await page.close();
});

test("what is ticked is what Ablate takes, and what comes back stands beside the control", async () => {
  const page = await open("layersAblated");
  await page.getByRole("button", { name: "Ablate 3" }).click();
  const [asked] = await asks(page, "ablate");
  assert.deepEqual(asked?.params, {
    runId: "run-1",
    ablation: [{ node: "block_13_expand_relu", axis: 2, neurons: [49, 489, 524] }],
    value: "baseline",
    samples: [],
    control: 5,
    attribution: true,
  });
  const card = (await page.locator("pl-ablation").textContent()) ?? "";
  assert.match(card, /Before\s*7\.55/);
  assert.match(card, /Without 12 channels\s*5\.41\s*−2\.14/);
  assert.match(card, /Without 12 at random\s*7\.30 ± 0\.090\s*−0\.250/);
  assert.match(card, /The conductance promises −2\.31, measured is −2\.14\./);
  assert.match(card, /Probability 99\.5\u202f% → 97\.8\u202f%; at random 99\.3\u202f%/);
  assert.match(card, /One scale for both/);
  assert.equal(await page.locator("pl-ablation canvas").count(), 2);
  await page.getByRole("button", { name: "Pruning experiment…" }).click();
  const [pruned] = await asks(page, "prune");
  assert.deepEqual(pruned?.params?.["counts"], [3, 6, 9, 12, 15, 17, 20, 23, 26, 29]);
  assert.match(
    (await page.locator(".prune-chart").getAttribute("aria-label")) ?? "",
    /Attribution inside A .* 1\.36 with all, 0\.239 without the 29 strongest of A/,
  );
  await page.keyboard.press("Escape");
  await page.locator("#tab-layers").focus();
  await page.keyboard.press("t");
  assert.equal(await page.locator(".pruning tbody tr").count(), 31);
  await page.getByRole("button", { name: "coffee.png" }).click();
  assert.deepEqual((await posted(page)).at(-1), { type: "explainNeighbour", index: 1 });
  await page.close();
});

test("a check that fails stands there with its figure, and can be refined", async () => {
  const page = await open("layersChecksFail");
  const checks = page.getByRole("group", { name: "Checks" });
  const bad = await checks.locator(".bad").allTextContents();
  assert.deepEqual(bad, [
    "Patches add up, off by 47\u202f%",
    "Derivatives by differences, good to 0.2\u202f%; a central difference disagrees by 31\u202f%",
    "Stopped at the limit of evaluations",
    "Not finite, left out of all sums: block_13_expand_relu 7",
  ]);
  assert.equal(await checks.locator(".bad .codicon-warning").count(), 4);
  await checks.getByRole("button", { name: "Refine" }).click();
  assert.equal((await asks(page, "neurons")).at(-1)?.params?.["maxEvaluations"], 516);
  await page.close();
  const fine = await open("layers");
  assert.equal(await fine.getByRole("group", { name: "Checks" }).getByRole("button").count(), 0);
  await fine.close();
});

test("a layer that is no cut says what passes it, and offers the nodes that form one", async () => {
  const page = await open("layersNoCut");
  assert.match(
    (await page.locator(".not-cut").textContent()) ?? "",
    /goes round this layer, \+4\.96 of the change passes it/,
  );
  await page.getByRole("button", { name: "Take the 2 nodes that form a cut" }).click();
  assert.deepEqual((await asks(page, "neurons")).at(-1)?.params?.layer, [
    "block_14_expand_relu",
    "block_13_project_BN",
  ]);
  await page.close();
});

test("what fails says what to do and is tried again by its button alone; what is under way can be ended", async () => {
  const failed = await open("layersFailed");
  assert.match(
    (await failed.locator(".work-failed").textContent()) ?? "",
    /holds no pixel[\s\S]*Draw it inside the picture/,
  );
  assert.deepEqual(await asks(failed, "neurons"), []);
  await failed.getByRole("button", { name: "Try again" }).click();
  assert.equal((await asks(failed, "neurons")).length, 1);
  await failed.close();
  const running = await open("layersRunning");
  assert.match((await running.locator(".work").first().textContent()) ?? "", /waits/);
  const work = running.locator(".work", { hasText: "17 evaluations" });
  assert.equal(await work.locator("[role=progressbar]").getAttribute("aria-valuenow"), "30");
  await work.getByRole("button", { name: "Cancel" }).click();
  assert.deepEqual((await posted(running)).at(-1), { type: "cancelLayers", work: "neurons" });
  await running.keyboard.press("Escape");
  assert.deepEqual((await posted(running)).at(-1), { type: "cancelLayers" });
  await running.close();
  const cancelled = await open("layersCancelled");
  assert.deepEqual(await asks(cancelled, "neurons"), []);
  await cancelled.getByRole("button", { name: "Go on" }).click();
  assert.equal((await asks(cancelled, "neurons")).length, 1);
  await cancelled.close();
});

test("a run that is no longer kept is offered to be run again", async () => {
  const page = await open("layersLost");
  assert.deepEqual(await asks(page), []);
  await page.getByRole("button", { name: "Run again" }).last().click();
  assert.deepEqual((await posted(page)).at(-1), { type: "run" });
  await page.close();
});

test("of a text words are put into patches, by click, with Shift and by keys", async () => {
  const page = await open("layersText");
  const words = page.getByRole("listbox", { name: /^Words: Space puts one into patch/ });
  assert.deepEqual(await words.locator("[aria-selected=true]").allTextContents(), ["WhoA", "wasA"]);
  await words.getByRole("option", { name: /^woman,/ }).click();
  assert.deepEqual((await region(page, "A"))["tokens"], [1, 2, 7]);
  await page.getByRole("button", { name: "Patch", exact: true }).click();
  await words.getByRole("option", { name: /^please,/ }).click();
  assert.equal((await region(page, "B"))["kind"], "tokens");
  await page.keyboard.press("Shift+ArrowLeft");
  await page.keyboard.press("Shift+ArrowLeft");
  assert.equal(((await region(page, "B"))["tokens"] as unknown as number[]).length, 3);
  await page.keyboard.press("Space");
  assert.equal(((await region(page, "B"))["tokens"] as unknown as number[]).length, 2);
  assert.deepEqual((await region(page, "A"))["tokens"], [1, 2, 7]);
  await page.close();
});

test("of a row its features are; a neuron is looked at through each of them", async () => {
  const page = await open("layersTable");
  const [sources] = await asks(page, "sources");
  assert.equal(sources?.params?.patches?.length, 30);
  assert.deepEqual(sources?.params?.patches?.[4], { name: "[4]", region: { kind: "features", features: [4] } });
  await page.getByRole("option").filter({ hasText: "[" }).first().click();
  assert.equal((await region(page, "A"))["kind"], "features");
  await page.close();
});

test("after a reload of the window the same layer, patches and neuron are looked at", async () => {
  const page = await open("layersUnchosen");
  await page.locator('[data-node="out_relu"]').click();
  await drag(page, [0.1, 0.1], [0.3, 0.3]);
  const before = await region(page, "A");
  await page.reload();
  await page.evaluate((scene) => window.showScene(scene), "layersUnchosen");
  await settle(page);
  assert.deepEqual(await region(page, "A"), before);
  assert.equal(await page.locator(".strip [aria-selected=true]").getAttribute("data-node"), "out_relu");
  await page.close();
});

test("of a text each layer shows what it carries at each word; a row's name chooses the layer", async () => {
  const page = await open("layersText");
  const grid = page.getByRole("grid", { name: "layer by word, conductance" });
  assert.equal(await grid.getAttribute("aria-rowcount"), "7");
  assert.equal(await grid.locator("[tabindex='0']").count(), 1);
  // What a word of several tokens carries is the sum of them: all of a row add up to what the layer does.
  const row = await grid
    .locator("[role=row]")
    .nth(1)
    .locator("[role=gridcell]")
    .evaluateAll((cells) =>
      cells.map((cell) => Number((cell.getAttribute("aria-label") ?? "").split(": ").at(-1)?.replace("−", "-"))),
    );
  const said = (await page.locator('[data-node="Conv1_relu"]').getAttribute("aria-label")) ?? "";
  const sum = Number(/carries \+([\d.]+)/.exec(said)?.[1]);
  assert.ok(Math.abs(row.reduce((total, value) => total + value, 0) - sum) < 0.05, `${row} for ${sum}`);
  await grid.locator("[tabindex='0']").focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowDown");
  assert.match(await active(page), / from \[CLS\]: /);
  await grid.locator("[role=rowheader]").nth(2).click();
  assert.deepEqual((await asks(page, "neurons")).at(-1)?.params?.layer, ["block_1_expand_relu"]);
  await page.close();
});
