import { execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** Where code-server and its Node live; outside node_modules, since neither is a part of Pathlight. */
export const toolsFolder = process.env["PATHLIGHT_TOOLS"] ?? join(repository, ".tools");

const versions = { node: "24.21.0", codeServer: "4.139.1" } as const;

/** npm's package of the Node that code-server wants, for this machine. */
function nodePackage(): string {
  const platforms: Partial<Record<NodeJS.Platform, string>> = { linux: "linux", darwin: "darwin" };
  const platform = platforms[process.platform];
  if (platform === undefined) throw new Error(`code-server does not run on ${process.platform}.`);
  return `node-${platform}-${process.arch}`;
}

export const workbenchNode = (): string => join(toolsFolder, "node_modules", nodePackage(), "bin", "node");
export const workbenchEntry = (): string => join(toolsFolder, "node_modules", "code-server", "out", "node", "entry.js");

const stampFile = join(toolsFolder, ".installed");
const stamp = JSON.stringify(versions);

export function workbenchIsInstalled(): boolean {
  return existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp && existsSync(workbenchNode());
}

/** Installs code-server from npm into the tools folder, once. Takes about half a minute; rejects with the reason. */
export async function installWorkbench(log: (line: string) => void = console.log): Promise<void> {
  if (workbenchIsInstalled()) return;
  log("Installing code-server from npm, once");
  mkdirSync(toolsFolder, { recursive: true });
  const manifest = join(toolsFolder, "package.json");
  if (!existsSync(manifest)) writeFileSync(manifest, '{"private":true}\n');
  // Without scripts: code-server's own wants a Kerberos header or a download that many networks block.
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const packages = [`${nodePackage()}@${versions.node}`, `code-server@${versions.codeServer}`];
  await npm(["install", ...quiet, "--engine-strict=false", "--save-exact", ...packages], toolsFolder);
  chmodSync(workbenchNode(), 0o755);
  const server = join(toolsFolder, "node_modules", "code-server", "lib", "vscode");
  // Not `npm ci`: the shipped shrinkwrap lacks an entry, so ci refuses it.
  await npm(["install", "--omit=dev", ...quiet], server);
  // Large and not used: assistants that the workbench brings.
  for (const name of ["@microsoft/mxc-sdk", "@github/copilot-sdk/node_modules/@koromix"]) {
    rmSync(join(server, "node_modules", name), { recursive: true, force: true });
  }
  execFileSync(workbenchNode(), [workbenchEntry(), "--config", join(toolsFolder, "config.yaml"), "--version"], {
    stdio: "ignore",
  });
  writeFileSync(stampFile, stamp);
}

/** Runs npm under the workbench's Node where it is there already, since native parts are chosen for the Node that runs. */
function npm(args: readonly string[], cwd: string): Promise<void> {
  const own = dirname(join(toolsFolder, "node_modules", nodePackage(), "bin", "node"));
  const PATH = existsSync(own) ? `${own}:${process.env["PATH"] ?? ""}` : process.env["PATH"];
  const env = Object.fromEntries(
    Object.entries({ ...process.env, PATH }).filter(
      ([name]) => !/^npm_(package|lifecycle|config_local_prefix)/.test(name),
    ),
  );
  return new Promise((resolve, reject) => {
    const child = spawn("npm", args, { cwd, env, stdio: ["ignore", "ignore", "pipe"] });
    let complaint = "";
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      complaint += chunk;
    });
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`npm ${args[0]} in ${cwd} ended with ${code}: ${complaint.trim().split("\n").at(-1)}`));
    });
  });
}
