import { spawn, spawnSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));

/** Runs a program on this terminal; resolves to its exit code, 1 when it cannot be started or a signal ended it. */
export function run(program, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, stdio: "inherit", ...options });
    child.once("error", (error) => {
      console.error(`${program} cannot be started: ${error.message}`);
      resolve(1);
    });
    child.once("close", (code) => resolve(code ?? 1));
  });
}

/** As `run`, but a failure ends this process with the same code. */
export async function must(program, args, options) {
  const code = await run(program, args, options);
  if (code === 0) return;
  console.error(`Failed with ${code}: ${path.basename(program)} ${args.join(" ")}`);
  process.exit(code);
}

/** Runs a TypeScript file of the repository. */
export function runTypeScript(file, args = []) {
  return run(process.execPath, ["--import", "tsx", file, ...args]);
}

/** Whether a program answers to a harmless call. */
export function answers(program, args = ["--version"]) {
  return spawnSync(program, args, { stdio: "ignore", shell: process.platform === "win32" }).status === 0;
}
