import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Mocha from "mocha";
import { emptyResult, RESULT_VARIABLE } from "../suiteResult.ts";
import { measured } from "./measured.ts";

/** Activation first, since it looks at an extension that nobody has used; what ends the compute process last. */
const first = ["activation.spec.cjs"];

/** What VS Code and the workbench in the browser both call: resolves when every test passed. */
export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: "bdd", timeout: 240_000, color: false, forbidOnly: true });
  // While one spec is being written: only the tests whose title has this in it.
  const only = process.env["PATHLIGHT_TEST_ONLY"];
  if (only !== undefined) mocha.fgrep(only);
  const specs = readdirSync(__dirname).filter((file) => file.endsWith(".spec.cjs"));
  specs.sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
  for (const file of specs) mocha.addFile(join(__dirname, file));
  const result = emptyResult();
  const save = (): void => {
    const file = process.env[RESULT_VARIABLE];
    if (file !== undefined) writeFileSync(file, JSON.stringify({ ...result, measured: measured() }));
  };
  await new Promise<void>((resolve, reject) => {
    const runner = mocha.run((failures) => {
      result.done = true;
      save();
      if (failures === 0) resolve();
      else reject(new Error(`${failures} of the tests failed`));
    });
    runner.on("pass", (passed) => {
      result.passes.push({ title: passed.fullTitle(), ms: passed.duration ?? 0 });
      save();
    });
    runner.on("fail", (failed, error: unknown) => {
      const { message, stack } = error instanceof Error ? error : new Error(String(error));
      result.failures.push({ title: failed.fullTitle(), message, stack: stack ?? message });
      save();
    });
    runner.on("pending", () => {
      result.pending++;
    });
  });
}

function rank(file: string): number {
  return first.includes(file) ? 0 : 1;
}
