// Understands those of VS Code's switches that a test run needs and runs the suite in the workbench in the browser.
import { runInWorkbench } from "./runInWorkbench.ts";
import { RESULT_VARIABLE } from "./suiteResult.ts";

const switches = process.argv.slice(2);

function switchValue(name: string): string {
  const found = switches.find((one) => one.startsWith(`--${name}=`));
  if (found === undefined) throw new Error(`--${name} is missing`);
  return found.slice(name.length + 3);
}

const folder = switches.find((one) => !one.startsWith("-"));
const resultFile = process.env[RESULT_VARIABLE];
if (folder === undefined || resultFile === undefined) throw new Error(`a folder and ${RESULT_VARIABLE} are needed`);
const code = await runInWorkbench({
  extension: switchValue("extensionDevelopmentPath"),
  tests: switchValue("extensionTestsPath"),
  folder,
  resultFile,
  limitMs: 1_000_000,
});
process.exit(code === "hung" ? 2 : code);
