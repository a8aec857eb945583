import { PathlightError } from "../../common/errors.ts";
import { parseOptions } from "../parseOptions.ts";
import type { Terminal } from "../terminal.ts";
import { doctorSpec } from "./doctorSpec.ts";

/**
 * Runs `pathlight doctor`: what was found, what is missing, and the command that would mend it; with `--install` gets
 * the native TensorFlow first.
 *
 * @returns The exit code: 0, since plain JavaScript computes everywhere.
 * @throws PathlightError when the installation fails.
 */
export async function doctor(
  args: readonly string[],
  { terminal, signal }: { terminal: Terminal; signal: AbortSignal },
) {
  const options = parseOptions(args, doctorSpec);
  const { doctor: examine, formatDoctor } = await import("../../backend/index.ts");
  if (options.has("install")) await install(terminal, signal);
  const report = await examine();
  terminal.out(options.has("json") ? `${JSON.stringify(report, null, 2)}\n` : `${formatDoctor(report)}\n`);
  return 0;
}

async function install(terminal: Terminal, signal: AbortSignal): Promise<void> {
  const { installTensorFlow } = await import("../../backend/index.ts");
  let last = "";
  const cancelled = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(new PathlightError("cancelled", "Cancelled.")), { once: true });
  });
  const installed = installTensorFlow({
    onProgress: (message) => {
      // Without a terminal the megabytes would be a line each.
      if (!terminal.interactive && message.replaceAll(/\d+/g, "") === last.replaceAll(/\d+/g, "")) return;
      terminal.err(terminal.interactive ? `\r${message.slice(0, terminal.columns - 1)}\u001b[K` : `${message}\n`);
      last = message;
    },
  });
  try {
    const { candidate, probe } = await Promise.race([installed, cancelled]);
    if (terminal.interactive) terminal.err("\r\u001b[K");
    terminal.err(`TensorFlow ${probe.version} is ready: ${candidate.folder}\n`);
  } finally {
    if (terminal.interactive) terminal.err("\r\u001b[K");
  }
}
