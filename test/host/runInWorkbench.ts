import { join } from "node:path";
import { startBrowser } from "../../scripts/workbench/browser.ts";
import { installWorkbench } from "../../scripts/workbench/install.ts";
import { startServer } from "../../scripts/workbench/server.ts";
import { workbenchUrl } from "../../scripts/workbench/url.ts";
import { RESULT_VARIABLE } from "./suiteResult.ts";

export interface SuiteRun {
  readonly extension: string;
  /** Module with `run()`. */
  readonly tests: string;
  /** Folder that is opened; the tests may change it. */
  readonly folder: string;
  readonly resultFile: string;
  /** After this many milliseconds without an end the run counts as hung. */
  readonly limitMs: number;
}

/** Runs a suite in code-server's extension host. Returns the workbench's own exit code, or `hung`. */
export async function runInWorkbench(run: SuiteRun): Promise<number | "hung"> {
  await installWorkbench();
  const backend = process.env["PATHLIGHT_TEST_BACKEND"];
  const server = await startServer({
    env: { [RESULT_VARIABLE]: run.resultFile },
    settings: backend === undefined ? {} : { "pathlight.backend": backend },
  });
  try {
    const browser = await startBrowser(server);
    let timer: NodeJS.Timeout | undefined;
    try {
      const ended = new Promise<number>((resolve, reject) => {
        // What VS Code's own test driver calls in a browser in place of leaving the process.
        browser.exposeFunction("codeAutomationExit", resolve).catch(reject);
      });
      const verbose = process.env["PATHLIGHT_TEST_VERBOSE"] !== undefined;
      await browser.exposeFunction("codeAutomationLog", (type: string, args: unknown[]) => {
        if (verbose) console.log(`[host ${type}]`, ...args);
      });
      const page = browser.pages()[0] ?? (await browser.newPage());
      await page.goto(workbenchUrl(server, run));
      const hung = new Promise<"hung">((resolve) => {
        timer = setTimeout(() => resolve("hung"), run.limitMs);
      });
      const outcome = await Promise.race([ended, hung]);
      if (outcome !== 0) await page.screenshot({ path: join("out", "host-fail.png") }).catch(() => undefined);
      return outcome;
    } finally {
      clearTimeout(timer);
      await browser.close();
    }
  } finally {
    await server.stop({ keepFolder: process.env["PATHLIGHT_TEST_KEEP"] !== undefined });
  }
}
