// The suite of suite/ in the extension host of the workbench in the browser, each of its tests as a subtest.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { repository } from "../../scripts/workbench/install.ts";
import { buildSuite } from "./buildSuite.ts";
import { runInWorkbench } from "./runInWorkbench.ts";
import { addSteepFolder, addTypingFolder, copySamples } from "./sampleWorkspace.ts";
import { readResult } from "./suiteResult.ts";

test("the extension in a real extension host", { timeout: 1_100_000 }, async (t) => {
  const tests = await buildSuite();
  const temporary = await mkdtemp(join(tmpdir(), "pathlight-host-"));
  try {
    const folder = await copySamples(join(temporary, "samples"));
    await addSteepFolder(folder);
    await addTypingFolder(folder);
    const resultFile = join(temporary, "result.json");
    const code = await runInWorkbench({ extension: repository, tests, folder, resultFile, limitMs: 1_000_000 });
    const result = readResult(resultFile);
    for (const [name, figure] of Object.entries(result?.measured ?? {})) t.diagnostic(`${name}: ${figure}`);
    for (const { title } of result?.passes ?? []) await t.test(title, () => {});
    for (const { title, message, stack } of result?.failures ?? []) {
      await t.test(title, () => {
        throw Object.assign(new Error(message), { stack });
      });
    }
    // All of these must agree: a host that dies reports 0, and a suite that does not load reports no failure.
    assert.equal(result?.done, true, `the suite came to no end (exit code ${code})`);
    assert.equal(code, 0);
    assert.equal(result.failures.length, 0);
    assert.equal(result.pending, 0, "no test is skipped");
    assert.ok(result.passes.length > 0);
  } finally {
    await rm(temporary, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
});
