// The same suite in VS Code on the desktop, through @vscode/test-electron. Needs Node 22 or newer.
// VSCODE_BIN names the program of a VS Code that is there; left out, one is downloaded. Without VS Code at all,
// VSCODE_BIN=test/host/standIn.sh runs it in the workbench in the browser the same way.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { repository } from "../../scripts/workbench/install.ts";
import { buildSuite } from "./buildSuite.ts";
import { addSteepFolder, addTypingFolder, copySamples } from "./sampleWorkspace.ts";
import { RESULT_VARIABLE, readResult } from "./suiteResult.ts";

const { runTests } = await import("@vscode/test-electron");
const program = process.env["VSCODE_BIN"];
const temporary = await mkdtemp(join(tmpdir(), "pathlight-electron-"));
try {
  const folder = await copySamples(join(temporary, "samples"));
  await addSteepFolder(folder);
  await addTypingFolder(folder);
  const resultFile = join(temporary, "result.json");
  const failure = await runTests({
    ...(program === undefined ? {} : { vscodeExecutablePath: resolve(program) }),
    version: process.env["VSCODE_VERSION"] ?? "stable",
    extensionDevelopmentPath: repository,
    extensionTestsPath: await buildSuite(),
    extensionTestsEnv: { [RESULT_VARIABLE]: resultFile },
    launchArgs: [folder, "--disable-workspace-trust"],
  }).then(
    (code) => (code === 0 ? undefined : `exit code ${code}`),
    (error: unknown) => String(error),
  );
  const result = readResult(resultFile);
  for (const { title, ms } of result?.passes ?? []) console.log(`  ok    ${title} (${ms} ms)`);
  for (const { title, stack } of result?.failures ?? []) console.log(`  FAIL  ${title}\n${stack}`);
  const good =
    failure === undefined && result?.done === true && result.failures.length === 0 && result.passes.length > 0;
  console.log(good ? `Passed: ${result.passes.length} tests.` : `FAILED: ${failure ?? "see above"}`);
  process.exitCode = good ? 0 : 1;
} finally {
  await rm(temporary, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
