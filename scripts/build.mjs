// Bundles the extension, the compute process, its worker threads, the command line and the webview into dist/. Skips what has not changed.
// Usage: node scripts/build.mjs [--production] [--watch] [--force]
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as esbuild from "esbuild";

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const dist = path.join(root, "dist");
const modules = path.join(root, "node_modules");
const production = process.argv.includes("--production");
const watch = process.argv.includes("--watch");
const force = process.argv.includes("--force");

/** import.meta.url does not exist in CommonJS; sources use it to find the files beside them. */
const metaUrl = 'const pathlightModuleUrl = require("node:url").pathToFileURL(__filename).href;';

/**
 * tfjs as Node itself loads it (each package's CommonJS main), so that the bundles compute with what the tests computed
 * with. Left out: the WebGL backend and the data package, which the union package asks for and Node has no use for.
 * @type {esbuild.Plugin}
 */
const leanTfjs = {
  name: "lean-tfjs",
  setup(build) {
    build.onResolve({ filter: /^@tensorflow\/tfjs-(backend-webgl|data)$/ }, ({ path: name }) => ({
      path: name,
      namespace: "empty",
    }));
    build.onLoad({ filter: /.*/, namespace: "empty" }, () => ({ contents: "module.exports = {};" }));
    // Its main is a UMD file, whose requires a bundler cannot see.
    build.onResolve({ filter: /^jsonc-parser$/ }, () => ({ path: path.join(modules, "jsonc-parser/lib/esm/main.js") }));
  },
};

/** @type {esbuild.BuildOptions} */
const shared = {
  absWorkingDir: root,
  bundle: true,
  sourcemap: true,
  sourcesContent: false,
  minify: production,
  // Class and function names are part of tfjs's registries and of error messages.
  keepNames: true,
  legalComments: "linked",
  logLevel: "warning",
  metafile: true,
};

/** @type {esbuild.BuildOptions} */
const forNode = {
  ...shared,
  platform: "node",
  format: "cjs",
  mainFields: ["main", "module"],
  target: "node20",
  // sharp brings native files, vscode exists in the extension host only.
  external: ["vscode", "sharp"],
  banner: { js: metaUrl },
  define: { "import.meta.url": "pathlightModuleUrl" },
  plugins: [leanTfjs],
};

/** @type {esbuild.BuildOptions} */
const forBrowser = {
  ...shared,
  platform: "browser",
  format: "iife",
  target: "es2022",
  loader: { ".ttf": "file", ".svg": "text" },
  assetNames: "[name]",
};

/** Entry, bundle, options. */
const bundles = [
  { entry: "src/extension.ts", out: "extension.js", options: forNode },
  { entry: "src/compute/main.ts", out: "compute.js", options: forNode },
  { entry: "src/compute/parallel/workerMain.ts", out: "worker.js", options: forNode },
  {
    entry: "src/cli/main.ts",
    out: "cli.js",
    options: { ...forNode, banner: { js: `#!/usr/bin/env node\n${metaUrl}` } },
  },
  // Started by whoever reads an HDF5 file, and never loaded otherwise. Its one library brings its licence in a file.
  {
    entry: "src/models/keras/hdf5/hdf5Worker.ts",
    out: "hdf5Worker.js",
    options: { ...forNode, legalComments: "none" },
  },
  { entry: "webview-ui/main.ts", out: "webview/main.js", options: forBrowser },
  { entry: "webview-ui/inspect.ts", out: "webview/inspect.js", options: forBrowser },
  {
    entry: "webview-ui/report.ts",
    out: "webview/report.js",
    options: { ...forBrowser, loader: { ".ttf": "dataurl" } },
  },
];

if (watch) await watchAll();
else await buildOnce();

async function buildOnce() {
  const stampFile = path.join(dist, ".stamp");
  const stamp = await inputsHash();
  const known = existsSync(stampFile) ? await readFile(stampFile, "utf8") : "";
  if (!force && known === stamp) {
    console.log("Build: up to date.");
    return;
  }
  const started = performance.now();
  await rm(stampFile, { force: true });
  await copyFiles();
  await writeSchema();
  const failures = (await Promise.all(bundles.map(buildBundle))).filter((line) => line !== undefined);
  if (existsSync(path.join(dist, "cli.js"))) await chmod(path.join(dist, "cli.js"), 0o755);
  for (const line of failures) console.error(`Build: FAILED ${line}`);
  if (failures.length > 0) process.exitCode = 1;
  else await writeFile(stampFile, stamp);
  console.log(
    `Build: ${failures.length > 0 ? "ended" : "done"} after ${((performance.now() - started) / 1000).toFixed(1)} s.`,
  );
}

/** What went wrong, in a line; undefined when nothing did. */
async function buildBundle(bundle) {
  if (!existsSync(path.join(root, bundle.entry))) return `${bundle.entry} does not exist`;
  try {
    const result = await esbuild.build(bundleOptions(bundle));
    const output = Object.entries(result.metafile.outputs).find(([file]) => file.endsWith(".js"));
    console.log(`Build: ${path.join("dist", bundle.out)} ${((output?.[1].bytes ?? 0) / 1e6).toFixed(2)} MB`);
    return undefined;
  } catch (error) {
    // esbuild has printed what is wrong and where; the other bundles are worth having.
    return `${bundle.entry}: ${String(error instanceof Error ? error.message : error).split("\n")[0]}`;
  }
}

async function watchAll() {
  await copyFiles();
  await writeSchema();
  for (const bundle of bundles) {
    if (!existsSync(path.join(root, bundle.entry))) continue;
    const context = await esbuild.context({ ...bundleOptions(bundle), logLevel: "info" });
    await context.watch();
  }
  // The lines that VS Code's problem matcher waits for come from esbuild itself (logLevel info).
}

function bundleOptions({ entry, out, options }) {
  return { ...options, entryPoints: [entry], outfile: path.join(dist, out) };
}

/** What the bundles need beside them. */
async function copyFiles() {
  await mkdir(path.join(dist, "webview"), { recursive: true });
  // The bundles are CommonJS; the package is not.
  await writeFile(path.join(dist, "package.json"), '{"type":"commonjs"}\n');
  // Those without threads, see src/backend/wasm.ts.
  for (const name of ["tfjs-backend-wasm.wasm", "tfjs-backend-wasm-simd.wasm"]) {
    await copy(path.join(modules, "@tensorflow/tfjs-backend-wasm/dist", name), path.join(dist, "wasm", name));
  }
  await copy(path.join(modules, "h5wasm/LICENSE.txt"), path.join(dist, "hdf5Worker.js.LEGAL.txt"));
  const icons = path.join(modules, "@vscode/codicons/dist");
  for (const name of ["codicon.css", "codicon.ttf"])
    await copy(path.join(icons, name), path.join(dist, "webview", name));
  const script = "convertSavedModel.py";
  await copy(path.join(root, "src/backend/tensorflow", script), path.join(dist, "python", script));
  // The sources of TensorFlow's binding, so that an installed extension can compile it where no compiled one fits.
  const source = path.join(dist, "native", "source");
  await copy(path.join(modules, "@tensorflow/tfjs-node/binding"), path.join(source, "binding"));
  await copy(path.join(root, "src/backend/native"), path.join(source, "own"));
  await copy(path.join(modules, "node-api-headers/include"), path.join(source, "node-api"));
}

async function copy(from, to) {
  await mkdir(path.dirname(to), { recursive: true });
  await cp(from, to, { recursive: true });
}

/** media/manifest.schema.json from the one validator of pathlight.json. */
async function writeSchema() {
  const entry = path.join(root, "src/protocol/manifest.ts");
  const bundle = path.join(dist, `schema.${process.pid}.mjs`);
  await esbuild.build({
    ...shared,
    stdin: {
      contents: `export { manifestSchema } from ${JSON.stringify(entry)}; export { z } from "zod";`,
      resolveDir: root,
    },
    platform: "node",
    format: "esm",
    sourcemap: false,
    outfile: bundle,
  });
  try {
    const { manifestSchema, z } = await import(pathToFileURL(bundle).href);
    // "input": what a person writes, where everything with a default may be left out.
    const schema = z.toJSONSchema(manifestSchema, { target: "draft-7", io: "input" });
    const file = path.join(root, "media", "manifest.schema.json");
    const text = `${JSON.stringify({ title: "Pathlight manifest", ...schema }, null, 2)}\n`;
    const old = existsSync(file) ? await readFile(file, "utf8") : "";
    await mkdir(path.dirname(file), { recursive: true });
    if (text !== old) await writeFile(file, text);
  } finally {
    await rm(bundle, { force: true });
  }
}

/** Of every file that a bundle is made from, and of the options. */
async function inputsHash() {
  const hash = createHash("sha256").update(JSON.stringify([production, process.version]));
  for (const file of ["package.json", "package-lock.json", "scripts/build.mjs", "src", "webview-ui"]) {
    for (const input of await filesUnder(path.join(root, file))) {
      hash.update(path.relative(root, input)).update(await readFile(input));
    }
  }
  return hash.digest("hex");
}

async function filesUnder(file) {
  if (!existsSync(file)) return [];
  const entries = await readdir(file, { withFileTypes: true, recursive: true }).catch(() => null);
  if (entries === null) return [file];
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}
