import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import * as esbuild from "esbuild";
import { repository } from "../../scripts/workbench/install.ts";

const sources = join(repository, "test", "host", "suite");

/**
 * Bundles the suite for an extension host, each spec by itself. Returns the module that exports `run()`.
 * PATHLIGHT_TEST_SPECS names the specs to run, for example `badInput,image`; left out, all of them.
 */
export async function buildSuite(): Promise<string> {
  const outdir = join(repository, "out", "host");
  // A spec that was deleted must not be run from an old bundle.
  await rm(outdir, { recursive: true, force: true });
  await mkdir(outdir, { recursive: true });
  const wanted = process.env["PATHLIGHT_TEST_SPECS"]?.split(",");
  const specs = (await readdir(sources)).filter((file) => {
    if (!file.endsWith(".spec.ts")) return file === "index.ts";
    return wanted === undefined || wanted.includes(file.replace(/\.spec\.ts$/, ""));
  });
  await esbuild.build({
    entryPoints: specs.map((file) => join(sources, file)),
    outdir,
    bundle: true,
    platform: "node",
    // As the extension is bundled: the UMD builds of some packages cannot be.
    mainFields: ["module", "main"],
    format: "cjs",
    target: "node20",
    // The package is made of ES modules; an extension host loads tests with require().
    outExtension: { ".js": ".cjs" },
    external: ["vscode", "mocha"],
    sourcemap: "inline",
    logLevel: "warning",
  });
  return join(outdir, "index.cjs");
}
