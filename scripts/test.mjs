// npm test: sets up what the tests need, checks the sources, then runs every test in one run of node:test.
// Usage: node scripts/test.mjs [kind | file.test.ts]...   Kinds are the folders of test/.
import { existsSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";
import { checkNode, ensureDependencies } from "./setup/dependencies.mjs";
import { must, root, run, runTypeScript } from "./setup/run.mjs";

/** Folders of test/ in the order they run; those in the workbench last. */
const kinds = ["unit", "oracle", "cli", "host", "e2e"];
/** Tests that open a browser: those in the workbench, and those of the panel's page. */
const needsBrowser = (file) => /^test[\\/](host|e2e|unit[\\/]webview)[\\/]/.test(file);

const selection = process.argv.slice(2);
const everything = selection.length === 0;
const files = (everything ? kinds : selection).flatMap(testFiles);
if (files.length === 0) {
  console.error(`No test matches: ${selection.join(" ")}`);
  process.exit(1);
}

checkNode();
await ensureDependencies();
await must(process.execPath, ["scripts/build.mjs"]);
await runTypeScript("scripts/setup/installTensorFlow.ts");
if (files.some(needsBrowser)) {
  if ((await runTypeScript("scripts/setup/installBrowser.ts")) !== 0) process.exit(1);
}

let checks = 0;
if (everything) {
  for (const check of ["format:check", "lint", "typecheck", "unused"]) {
    console.log(`Check: ${check}`);
    const code = await run("npm", ["run", "--silent", check], { shell: process.platform === "win32" });
    if (code !== 0) console.error(`Check: ${check} FAILED with ${code}`);
    checks ||= code;
  }
  console.log(checks === 0 ? "Checks passed.\n" : "CHECKS FAILED, see above; the tests follow.\n");
}

const concurrency = process.env.PATHLIGHT_TEST_CONCURRENCY ?? Math.max(1, Math.min(4, availableParallelism()));
const tests = await run(process.execPath, [
  ...["--import", "tsx", "--test", "--test-reporter=spec", `--test-concurrency=${concurrency}`],
  // A test that hangs fails; the longest are minutes.
  ...["--test-timeout=1200000", ...files],
]);
process.exit(checks || tests);

function testFiles(name) {
  if (name.endsWith(".ts")) return [path.relative(root, path.resolve(name))];
  const folder = path.join(root, "test", name);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => path.join("test", name, file))
    .sort();
}
