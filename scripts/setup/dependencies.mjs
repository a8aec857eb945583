// npm's packages, installed when they are missing or not those of the lock file. Runs on a bare Node.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { must, root } from "./run.mjs";

const windows = process.platform === "win32";
const npm = windows ? "npm.cmd" : "npm";
const oldestNode = [20, 19];

export function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return;
  console.error(`Pathlight needs Node ${oldestNode.join(".")} or newer; this is ${process.version}.`);
  process.exit(1);
}

export async function ensureDependencies() {
  if (installedAsLocked()) return;
  console.log("Installing npm packages");
  // Not `npm ci`: it refuses a lock file that lacks a platform's optional packages, as one written behind a partial
  // mirror of the registry does. Everything that is in the lock file is installed as locked; the file stays as it is.
  await must(npm, ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"], { shell: windows });
}

/** Compares npm's own record of what it installed with the lock file. */
function installedAsLocked() {
  const record = path.join(root, "node_modules", ".package-lock.json");
  if (!existsSync(record)) return false;
  const installed = JSON.parse(readFileSync(record, "utf8")).packages;
  const locked = JSON.parse(readFileSync(path.join(root, "package-lock.json"), "utf8")).packages;
  return Object.entries(locked).every(([name, { version, optional }]) => {
    // Optional packages are those of other platforms, mostly.
    if (name === "" || (optional && installed[name] === undefined)) return true;
    return installed[name]?.version === version;
  });
}
