import { spawn } from "node:child_process";

export interface RunResult {
  /** Exit code; null when a signal ended the process or it could not be started. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Why the process could not be started, or `timeout`. */
  readonly failure?: string | undefined;
}

export interface RunOptions {
  readonly timeoutMs?: number | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly cwd?: string | undefined;
  /** Ends the process when it is aborted; the result then says `cancelled`. */
  readonly signal?: AbortSignal | undefined;
  readonly onStdout?: ((chunk: string) => void) | undefined;
}

/** Runs a program to its end and never rejects: a program that is missing, hangs or crashes is a result too. */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve) => {
    let stdout = "";
    let stderr = "";
    let failure: string | undefined;
    const child = spawn(program, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: options.env ?? process.env,
      cwd: options.cwd,
      windowsHide: true,
    });
    const timer =
      options.timeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            failure = "timeout";
            child.kill("SIGKILL");
          }, options.timeoutMs);
    const onAbort = (): void => {
      failure = "cancelled";
      child.kill("SIGKILL");
    };
    if (options.signal?.aborted === true) onAbort();
    else options.signal?.addEventListener("abort", onAbort, { once: true });
    const settle = (): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener("abort", onAbort);
    };
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      stdout += chunk;
      options.onStdout?.(chunk);
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      stderr += chunk;
    });
    child.once("error", (error) => {
      settle();
      resolve({ code: null, signal: null, stdout, stderr, failure: error.message });
    });
    child.once("close", (code, signal) => {
      settle();
      resolve({ code, signal, stdout, stderr, failure });
    });
  });
}

/** Whether a program can be started at all. */
export async function canRun(program: string, args: readonly string[] = ["--version"]): Promise<boolean> {
  return (await run(program, args, { timeoutMs: 10_000 })).code === 0;
}
