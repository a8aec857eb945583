import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as vscode from "vscode";
import { measure } from "./measured.ts";
import { closePanels, explain, explanationOf, pathlightDiagnostics, services, until, uriOf } from "./support.ts";

const PNG = [0x89, 0x50, 0x4e, 0x47];

describe("an image", () => {
  after(closePanels);

  it("is explained in a panel by a process of its own", async () => {
    const panel = await explain("scenes", "0007.png");
    assert.equal(panel.phase, "done");
    const { compute } = await services();
    assert.ok(compute.pid !== undefined && compute.pid !== process.pid);
    process.kill(compute.pid, 0);
    // The workbench tells of its tabs in its own time.
    await until("its tab has its name", () => {
      const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
      const tab = tabs.find(
        ({ input }) => input instanceof vscode.TabInputWebview && /pathlight\.panel$/.test(input.viewType),
      );
      return tab?.label === "Pathlight: 0007.png";
    });
  });

  it("has an attribution for each pixel that adds up to the change of the score", async () => {
    const explanation = explanationOf(await explain("scenes", "0007.png"));
    assert.equal(explanation.status, "converged");
    assert.equal(explanation.target.label, "5");
    assert.equal(explanation.target.link, "logit");
    const [attribution] = explanation.attributions;
    assert.ok(attribution?.kind === "image");
    assert.equal(attribution.values.length, 48 * 48);
    const sum = attribution.values.reduce((total, value) => total + value, 0);
    assert.ok(explanation.deltaF > 1, `the score changes by ${explanation.deltaF}`);
    assert.ok(Math.abs(sum - explanation.deltaF) <= 0.02 * explanation.deltaF, `${sum} of ${explanation.deltaF}`);
    assert.deepEqual(pathlightDiagnostics(uriOf("scenes", "0007.png")), []);
    measure("first image, evaluations", explanation.evaluations);
  });

  it("is painted by the panel's page", async () => {
    const panel = await explain("scenes", "0007.png");
    const png = await panel.capture();
    assert.deepEqual([...png.subarray(0, 4)], PNG);
    assert.ok(png.length > 1000, `${png.length} bytes`);
  });

  it("is explained again in the same panel, another one in a panel beside it", async () => {
    const first = await explain("scenes", "0007.png");
    assert.equal(await explain("scenes", "0007.png"), first);
    const second = await explain("scenes", "0001.png");
    assert.notEqual(second, first);
    assert.equal(second.panel.viewColumn, first.panel.viewColumn);
    assert.notEqual(explanationOf(second).sum, explanationOf(first).sum);
  });

  it("leaves the extension host free of tensors", () => {
    const loaded = Object.keys(require.cache).filter((file) => /tfjs|[\\/]sharp[\\/]|dist[\\/]compute\.js/.test(file));
    assert.deepEqual(loaded, []);
    if (process.platform === "linux") {
      assert.doesNotMatch(readFileSync("/proc/self/maps", "utf8"), /libtensorflow|tfjs_binding|libvips/);
    }
  });
});
