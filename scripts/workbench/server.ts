import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { workbenchEntry, workbenchNode } from "./install.ts";

/** A workbench that shows nothing but the work: no welcome, no updates, no assistants. */
const quietSettings: Readonly<Record<string, unknown>> = {
  "workbench.startupEditor": "none",
  "workbench.tips.enabled": false,
  "workbench.enableExperiments": false,
  "workbench.welcomePage.walkthroughs.openOnInstall": false,
  "telemetry.telemetryLevel": "off",
  "update.mode": "none",
  "extensions.autoUpdate": false,
  "extensions.autoCheckUpdates": false,
  "extensions.ignoreRecommendations": true,
  "git.enabled": false,
  "typescript.disableAutomaticTypeAcquisition": true,
  "chat.disableAIFeatures": true,
  "chat.commandCenter.enabled": false,
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "files.simpleDialog.enable": true,
  "window.confirmBeforeClose": "never",
  "security.workspace.trust.startupPrompt": "never",
};

export interface ServerOptions {
  /** 0 or left out: a free one. */
  readonly port?: number;
  /** User settings on top of the quiet ones. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Environment of the extension host. */
  readonly env?: Readonly<Record<string, string>>;
  /** Folder of installed extensions; left out: an empty one. */
  readonly extensionsFolder?: string;
  /**
   * Makes the page take `extensionDevelopmentPath` and `extensionTestsPath` from its URL; hides notification toasts as a
   * side effect. Default true.
   */
  readonly testDriver?: boolean;
  /** Ask for trust of the workspace as a user's workbench does. Default false. */
  readonly askForTrust?: boolean;
}

export interface WorkbenchServer {
  readonly url: string;
  readonly port: number;
  /** Throw-away folder with the user's data, the server's log and room for a test's workspace. */
  readonly folder: string;
  /** Ends the server with every process that it started; removes the folder unless it is to be kept. */
  stop(options?: { readonly keepFolder?: boolean }): Promise<void>;
}

/** Starts code-server on 127.0.0.1 with fresh user data; up in about a second. Needs `installWorkbench` before. */
export async function startServer(options: ServerOptions = {}): Promise<WorkbenchServer> {
  const folder = await mkdtemp(join(tmpdir(), "pathlight-workbench-"));
  const port = options.port || (await freePort());
  const data = join(folder, "data");
  const home = join(folder, "home");
  const extensions = options.extensionsFolder ?? join(folder, "extensions");
  for (const made of [join(data, "User"), home, extensions]) await mkdir(made, { recursive: true });
  const settings = { ...quietSettings, ...options.settings };
  await writeFile(join(data, "User", "settings.json"), JSON.stringify(settings, null, 2));
  await writeFile(join(folder, "config.yaml"), "{}\n");
  const args = [
    ...[
      workbenchEntry(),
      "--config",
      join(folder, "config.yaml"),
      "--bind-addr",
      `127.0.0.1:${port}`,
      "--auth",
      "none",
    ],
    ..."--disable-telemetry --disable-update-check --disable-getting-started-override --disable-proxy".split(" "),
    "--ignore-last-opened",
    ...(options.askForTrust === true ? [] : ["--disable-workspace-trust"]),
    ...["--user-data-dir", data, "--extensions-dir", extensions],
    ...(options.testDriver === false ? [] : ["--vscode-option", "enable-smoke-test-driver"]),
  ];
  // A process group of its own, so that the extension host and what it forked end with it.
  const child = spawn(workbenchNode(), args, {
    env: environment(home, options.env),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const log = createWriteStream(join(folder, "server.log"));
  child.stdout.pipe(log);
  child.stderr.pipe(log);
  let exited = false;
  const gone = new Promise<void>((resolve) => {
    child.once("exit", () => {
      exited = true;
      resolve();
    });
    child.once("error", () => {
      exited = true;
      resolve();
    });
  });
  const signal = (name: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, name);
    } catch {
      // Gone already.
    }
  };
  const killAtExit = () => signal("SIGKILL");
  process.once("exit", killAtExit);
  const server: WorkbenchServer = {
    url: `http://127.0.0.1:${port}`,
    port,
    folder,
    async stop({ keepFolder = false } = {}) {
      process.off("exit", killAtExit);
      signal("SIGTERM");
      await Promise.race([gone, delay(700)]);
      signal("SIGKILL");
      await gone;
      if (!keepFolder) await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
  for (const end = Date.now() + 60_000; ; await delay(50)) {
    if (exited) throw new Error(`code-server ended at its start, see ${folder}/server.log`);
    const answer = await fetch(`${server.url}/healthz`).catch(() => undefined);
    if (answer?.ok === true) return server;
    if (Date.now() > end) {
      await server.stop({ keepFolder: true });
      throw new Error(`code-server did not start, see ${folder}/server.log`);
    }
  }
}

/** The test's own environment without what belongs to another VS Code, to npm or to another server. */
function environment(home: string, extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const foreign = /^(VSCODE_|NODE_OPTIONS$|NODE_TEST_CONTEXT$|PASSWORD$|HASHED_PASSWORD$|PORT$|CODE_SERVER|npm_)/;
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)));
  // The caches stay where they are, so that TensorFlow is found and not fetched again.
  const cache = clean["XDG_CACHE_HOME"] ?? join(clean["HOME"] ?? home, ".cache");
  const homes = {
    HOME: home,
    XDG_CONFIG_HOME: join(home, ".config"),
    XDG_DATA_HOME: join(home, ".data"),
    XDG_CACHE_HOME: cache,
  };
  return { ...clean, ...homes, EXTENSIONS_GALLERY: "{}", ...extra };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => {
        if (address !== null && typeof address === "object") resolve(address.port);
        else reject(new Error("no free port"));
      });
    });
  });
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
