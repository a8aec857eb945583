// Reading a map: by keyboard alone, two of them side by side, exported, in code, in a narrow column.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { copySamples } from "../host/sampleWorkspace.ts";
import { Bench, until } from "./support/bench.ts";

test("reading a map", { timeout: 1_000_000 }, async (t) => {
  const bench = await Bench.open({ fill: copySamples });
  const { page } = bench;
  const { keyboard } = page;
  try {
    await bench.step(t, "the command palette explains the file that is open", async () => {
      await bench.command("Pathlight: Explain");
      const samples = page.locator(".quick-input-widget .monaco-list-row", { hasText: "0000.png" });
      await samples.first().waitFor();
      await keyboard.type("0007");
      await page.locator(".quick-input-widget .monaco-list-row", { hasText: "0007.png" }).waitFor();
      await keyboard.press("Enter");
      await bench.panel.locator("h1", { hasText: "0007.png" }).waitFor();
      await bench.settled();
    });

    await bench.step(t, "Tab goes through the bands in their order, arrows move inside a group", async () => {
      await bench.command("View: Focus Active Editor Group");
      // The focus goes from the workbench into the page's own process, which takes a moment of its own.
      await until("the page has the focus", () => bench.panel.locator("body").evaluate(() => document.hasFocus()));
      const seen: string[] = [];
      for (let presses = 0; seen.at(-1) !== "map" && presses < 100; presses++) {
        const before = await focusPlace(bench);
        await keyboard.press("Tab");
        await until("the focus moves on", async () => (await focusPlace(bench)) !== before);
        const where = await focused(bench);
        if (where !== seen.at(-1)) seen.push(where);
      }
      const order = ["title", "predictions", "settings", "path", "tabs", "tools", "map"];
      assert.deepEqual(
        seen.filter((band) => order.includes(band)),
        order,
        seen.join(" → "),
      );
    });

    await bench.step(t, "arrows move the reading, N goes to the next strongest, Home back", async () => {
      const rank = () => reading(bench, "Rank");
      await keyboard.press("Home");
      await until("the strongest is read", async () => (await rank()) === "1");
      const place = await reading(bench, "Where");
      await keyboard.press("n");
      await until("the second strongest is read", async () => (await rank()) === "2");
      await keyboard.press("Home");
      await until("the strongest is read again", async () => (await reading(bench, "Where")) === place);
      await keyboard.press("ArrowRight");
      const [x, y] = place.split(",").map(Number);
      await until("the reading moved", async () => (await reading(bench, "Where")) === `${(x ?? 0) + 1}, ${y}`);
    });

    await bench.step(t, "T shows the same as a table", async () => {
      await keyboard.press("t");
      const rows = bench.panel.locator("pl-value-table tbody tr");
      await rows.first().waitFor();
      assert.match(await rows.first().innerText(), /^1\b/);
      await keyboard.press("t");
      await bench.panel.locator("figure.first canvas").waitFor();
    });

    await bench.step(t, "two explanations are compared on one scale", async () => {
      await bench.panel.locator("#s-baseline").selectOption({ label: "White" });
      await bench.panel.locator("#tab-history").click();
      const rows = bench.panel.locator("table.history tbody tr");
      await rows.nth(1).waitFor();
      await rows.nth(0).locator("label.check").click();
      await rows.nth(1).locator("label.check").click();
      await bench.panel.locator("button", { hasText: "Compare" }).last().click();
      const comparison = bench.panel.locator(".comparison");
      await comparison.waitFor();
      assert.match(await comparison.innerText(), /one scale for all[\s\S]*The two maps agree [\s\S]*Rank correlation/);
      assert.equal(await comparison.locator("canvas").count(), 3);
      await bench.panel.locator('[aria-label="Close the comparison"]').click();
      await comparison.waitFor({ state: "detached" });
      await bench.panel.locator("#tab-attribution").click();
    });

    await bench.step(t, "numbers are exported as JSON and .npy", async () => {
      const folder = await exportAs(bench, "JSON");
      const file = JSON.parse(readFileSync(join(folder, "explanation.json"), "utf8"));
      assert.equal(file.target.label, "5");
      assert.equal(readFileSync(join(folder, file.attributions[0].file)).subarray(1, 6).toString("latin1"), "NUMPY");
    });

    await bench.step(t, "a report is exported that stands alone", async () => {
      const folder = await exportAs(bench, "HTML");
      const html = await until("the report is written", () => {
        const name = readdirSync(folder).find((file) => file.endsWith(".html"));
        return name !== undefined && readFileSync(join(folder, name), "utf8");
      });
      assert.match(html, /0007\.png/);
      assert.doesNotMatch(html, /<(script|img|link)[^>]+(src|href)="(?!data:)/);
    });

    await bench.step(t, "the map is exported as a picture", async () => {
      await openExport(bench, "PNG");
      const file = join(bench.folder, "scenes", "0007_5_White_pathlight.png");
      await accept(bench);
      // The last chunk of a PNG is IEND.
      const png = await until("the picture is written", () => {
        const bytes = existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
        return bytes.subarray(-8, -4).toString("latin1") === "IEND" && bytes;
      });
      assert.ok(png.length > 1000);
      assert.equal(png.subarray(1, 4).toString("latin1"), "PNG");
    });

    await bench.step(t, "a string in code that names a sample shows it", async () => {
      await bench.open("digits.py");
      const name = page.locator(".view-line span span", { hasText: /^"scenes\/0007\.png"$/ }).first();
      await name.hover();
      const hover = page.locator(".monaco-hover:visible", { hasText: "digit-scenes" });
      await hover.waitFor();
      const picture = hover.locator('img[src^="data:image/png"]');
      await until("it is drawn", () =>
        picture.evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth > 0),
      );
      assert.match(await hover.innerText(), /5[\s\S]*(Reliable|Draft)/);
      assert.equal(await hover.locator("a", { hasText: "Open the panel" }).count(), 1);
    });

    await bench.step(t, "420 pixels are wide enough", async () => {
      await page.setViewportSize({ width: 1500, height: 1000 });
      await bench.command("View: Close All Editors");
      await bench.command("Pathlight: Show Panel");
      await bench.settled();
      await bench.command("View: Toggle Primary Side Bar Visibility");
      // What remains beside the activity bar.
      await page.setViewportSize({ width: 468, height: 1000 });
      // What is drawn takes its new size a frame after the page has it.
      const fits = (): Promise<boolean> =>
        bench.panel
          .locator("html")
          .evaluate(({ clientWidth, scrollWidth }) => clientWidth <= 430 && scrollWidth <= clientWidth);
      await until("the map fits into a narrow panel", fits);
      await bench.panel.locator("#tab-history").click();
      await bench.panel.locator("table.history tbody tr").first().waitFor();
      await until("the history does", fits);
    });
  } finally {
    await bench.close();
  }
});

/** Which part of the panel has the focus. */
function focused(bench: Bench): Promise<string> {
  return bench.panel.locator("body").evaluate(() => {
    const element = document.activeElement;
    const parts: readonly (readonly [string, string])[] = [
      ["title", ".title"],
      ["predictions", ".predictions"],
      ["settings", "pl-settings"],
      ["run", ".run"],
      ["banner", "pl-banner"],
      ["path", "pl-path-chart"],
      ["trust", ".trust"],
      ["tabs", ".tabs"],
      ["tools", ".tools"],
      ["map", "canvas"],
    ];
    return parts.find(([, selector]) => element?.closest(selector))?.[0] ?? "elsewhere";
  });
}

/** Where in the panel the focus stands, by the number of its element. */
function focusPlace(bench: Bench): Promise<number> {
  return bench.panel.locator("body").evaluate((body) => {
    const element = document.activeElement;
    return element === null ? -1 : [...body.querySelectorAll("*")].indexOf(element);
  });
}

/** One field of the readout. */
async function reading(bench: Bench, term: string): Promise<string> {
  const fields = await bench.panel
    .locator("pl-map-readout")
    .evaluate((element) =>
      [...element.querySelectorAll("dt")].map((dt) => [dt.textContent ?? "", dt.nextElementSibling?.textContent ?? ""]),
    );
  const value = fields.find(([name]) => name?.trim() === term)?.[1]?.trim() ?? "";
  // Without the note behind it, such as the size of the cell.
  return /^\d+(, \d+)?/.exec(value)?.[0] ?? value;
}

async function openExport(bench: Bench, format: string): Promise<void> {
  await bench.panel.locator('[aria-label="Export…"]').first().click();
  await bench.panel.locator("[role=menuitem]", { hasText: format }).click();
}

/** Takes what the workbench's own file dialog proposes. */
async function accept({ page }: Bench): Promise<void> {
  const dialog = page.locator(".quick-input-widget:visible");
  const button = dialog.locator(".monaco-button", { hasText: /^(OK|Export here)$/ });
  await button.waitFor();
  await until("the dialog is done", async () => {
    // It looks into the folder first and is deaf meanwhile.
    await button.click({ timeout: 1000 }).catch(() => undefined);
    return !(await dialog.isVisible());
  });
}

/** Exports beside the sample; returns where the files are. */
async function exportAs(bench: Bench, format: string): Promise<string> {
  const folder = join(bench.folder, "scenes", "0007_5_White_pathlight");
  rmSync(folder, { recursive: true, force: true });
  await openExport(bench, format);
  await accept(bench);
  return await until("the files are written", () => existsSync(join(folder, "explanation.json")) && folder);
}
