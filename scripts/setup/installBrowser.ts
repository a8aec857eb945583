// What the workbench tests need: code-server from npm and Chromium. Exit 1 with the reason when one cannot be had.
import { spawnSync } from "node:child_process";
import { findChromium } from "../workbench/browser.ts";
import { installWorkbench } from "../workbench/install.ts";

try {
  await installWorkbench();
  if (findChromium() === undefined) installChromium();
} catch (error) {
  console.error(`The workbench tests cannot run: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}

/** From Debian's packages, as root or through a sudo that does not ask. */
function installChromium(): void {
  const sudo = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
  const apt = (...args: string[]) => {
    const [program = "apt-get", ...rest] = [...sudo, "apt-get", ...args];
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const result = spawnSync(program, rest, { env, stdio: ["ignore", "ignore", "pipe"], encoding: "utf8" });
    if (result.status === 0) return;
    const reason = result.error?.message ?? result.stderr.trim().split("\n").at(-1);
    throw new Error(
      `Chromium is not installed, and apt-get ${args[0]} failed: ${reason}. Name a Chromium in CHROMIUM.`,
    );
  };
  console.log("Installing Chromium with apt-get, once");
  apt("update", "-qq");
  apt("install", "-y", "-qq", "--no-install-recommends", "chromium");
  if (findChromium() === undefined) throw new Error("Chromium was installed, but is not where it is looked for.");
}
