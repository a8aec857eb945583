import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../../dist/cli.js", import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Called with everything that has come on standard error so far, and a way to send a signal. */
  readonly onStderr?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** Runs the bundled command line to its end. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  assert.ok(existsSync(program), `${program} is missing: run \`npm run build\` first`);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: options.cwd,
      env: { ...process.env, PATHLIGHT_DEBUG: undefined, NO_COLOR: undefined, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
      stdout += chunk;
    });
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      stderr += chunk;
      options.onStderr?.(stderr, (signal) => child.kill(signal));
    });
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}

export interface ExpectedComplaint {
  /** The file at fault, which must be named. */
  readonly file?: string;
  /** What the line has to say, each somewhere in it. */
  readonly says: readonly RegExp[];
}

/** Bad input: exit 2, nothing on standard output, one line of complaint without a stack, nothing written. */
export function assertBadInput(result: CliResult, out: string, { file, says }: ExpectedComplaint): void {
  const lines = result.stderr.trimEnd().split("\n");
  const complaints = lines.filter((line) => line.startsWith("pathlight: "));
  assert.equal(result.code, 2, `exit ${result.code}: ${result.stderr}${result.stdout}`);
  assert.equal(result.stdout, "");
  assert.equal(complaints.length, 1, result.stderr);
  assert.equal(lines.at(-1), complaints[0], result.stderr);
  // Before the complaint there may be a note or the line that says what is being explained, nothing else.
  for (const line of lines.slice(0, -1)) assert.match(line, /^(Note: |Explaining )/, result.stderr);
  const [line = ""] = complaints;
  assert.doesNotMatch(result.stderr, /^\s+at |node:internal|\.ts:\d+/m);
  assert.doesNotMatch(line, /undefined|\[object|\bTypeError\b/);
  if (file !== undefined) assert.ok(line.includes(file), `${file} is not named in: ${line}`);
  for (const pattern of says) assert.match(line, pattern);
  assert.deepEqual(existsSync(out) ? readdirSync(out) : [], []);
}
