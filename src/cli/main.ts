import { isDebug, runCommandLine } from "./run.ts";
import { processTerminal } from "./terminal.ts";

/** Entry of the program `pathlight`. */

const cancel = new AbortController();
const onSignal = () => {
  // A second one while the first is being answered ends at once; files are only ever renamed into place when whole.
  if (cancel.signal.aborted) process.exit(130);
  cancel.abort();
};
process.on("SIGINT", onSignal);
process.on("SIGTERM", onSignal);
// The reader of a pipe may leave early, as `head` does.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

async function main(): Promise<void> {
  const code = await runCommandLine(process.argv.slice(2), {
    terminal: processTerminal(),
    folder: process.cwd(),
    signal: cancel.signal,
    createExplainer: async ({ threads }) => {
      const { ExplainService } = await import("../compute/explainService.ts");
      // What became of a worker changes nothing in the result: for those who look for it.
      const log = isDebug() ? (message: string) => process.stderr.write(`${message}\n`) : undefined;
      return new ExplainService({ workers: { threads, log } });
    },
  });
  // Threads of a backend would keep the process alive; what was written is flushed first.
  process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
}

void main();
