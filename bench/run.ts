import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { availableBackends } from "../src/backend/index.ts";
import { type BenchCell, type BenchResult, resultSchema } from "./resultSchema.ts";

/**
 * `npm run bench [-- --quick | --gradient | --table]`: evaluations, seconds, peak memory and the true error of explanations of photographs by
 * MobileNetV2. Prints a table, writes it to out/bench/photographs.md, and fails where a stated error was too small or a
 * gradient costs too much next to a forward pass: figures of one run, so that the machine's speed does not matter.
 * `--quick` takes one photograph and one baseline; `--gradient` measures the cost of a gradient only; `--table` measures nothing and reads the last results again.
 */

const quick = process.argv.includes("--quick");
const gradientOnly = process.argv.includes("--gradient");
const tableOnly = process.argv.includes("--table");
const root = path.resolve(import.meta.dirname, "..");
const folder = path.join(root, "out/bench");
/** Evaluations of the reference, and the most that a gradient may cost in forward passes. */
const REFERENCE = quick ? 1024 : 2048;
const MOST_FORWARD_PASSES = 8;
/** How much longer a gradient may take on WebAssembly than on native TensorFlow. */
const MOST_OF_NATIVE = 6;

function measure(backend: string, reference: boolean): BenchResult {
  const out = path.join(folder, `${backend}.json`);
  const args = [
    "--import",
    "tsx",
    path.join(import.meta.dirname, "photographs.ts"),
    "--backend",
    backend,
    "--out",
    out,
  ];
  if (gradientOnly) args.push("--gradient");
  else if (reference) args.push("--reference", String(REFERENCE));
  if (quick) args.push("--quick");
  if (!tableOnly) run(args, backend);
  return resultSchema.parse(JSON.parse(readFileSync(out, "utf8")));
}

function run(args: readonly string[], backend: string): void {
  const { status } = spawnSync(process.execPath, args, { stdio: ["ignore", "inherit", "inherit"], cwd: root });
  if (status !== 0) throw new Error(`The benchmark on ${backend} ended with status ${status}.`);
}

const sameRun = (a: BenchCell) => (b: BenchCell) =>
  a.photograph === b.photograph && a.baseline === b.baseline && a.link === b.link;

/** Relative L1 distance over the cells. */
function distance(run: BenchCell, reference: BenchCell): number {
  const size = run.cells.reduce((sum, value) => sum + Math.abs(value), 0);
  return run.cells.reduce((sum, value, i) => sum + Math.abs(value - (reference.cells[i] ?? 0)), 0) / size;
}

const percent = (value: number): string => `${(value * 100).toPrecision(2)} %`;

function report(
  results: readonly BenchResult[],
  references: readonly BenchCell[],
): { text: string; failures: string[] } {
  const failures: string[] = [];
  const lines = [
    "| backend | photograph | baseline | link | goal | status | evaluations | sum off by | stated error | true error | seconds |",
    "|---|---|---|---|---|---|---|---|---|---|---|",
  ];
  for (const result of results) {
    for (const run of result.runs) {
      const reference = references.find(sameRun(run));
      const error = reference === undefined ? Number.NaN : distance(run, reference);
      // The reference is itself only as good as it says.
      const allowed = run.stated + (reference?.stated ?? 0);
      const name = `${result.backend} ${run.photograph} ${run.baseline} ${run.link} ${percent(run.tolerance)}`;
      if (error > allowed)
        failures.push(`${name}: true error ${percent(error)} above the stated ${percent(run.stated)}`);
      if (run.status === "converged" && run.stated > run.tolerance) failures.push(`${name}: converged above its goal`);
      lines.push(
        `| ${result.backend} | ${run.photograph} | ${run.baseline} | ${run.link} | ${percent(run.tolerance)} | ${run.status} | ${run.evaluations} | ${percent(run.completeness)} | ${percent(run.stated)} | ${percent(error)} | ${run.seconds.toFixed(1)} |`,
      );
    }
  }
  lines.push("", "| backend | forward pass | with gradient | ratio | peak memory |", "|---|---|---|---|---|");
  for (const { backend, forwardMs, gradientMs, peakMegabytes } of results) {
    const ratio = gradientMs / forwardMs;
    lines.push(
      `| ${backend} | ${forwardMs.toFixed(0)} ms | ${gradientMs.toFixed(0)} ms | ${ratio.toFixed(1)} | ${peakMegabytes.toFixed(0)} MB |`,
    );
    if (ratio > MOST_FORWARD_PASSES) {
      failures.push(
        `${backend}: a gradient costs ${ratio.toFixed(1)} forward passes, more than ${MOST_FORWARD_PASSES}`,
      );
    }
  }
  const [native, wasm] = ["tensorflow", "wasm"].map(
    (name) => results.find(({ backend }) => backend === name)?.gradientMs,
  );
  if (native !== undefined && wasm !== undefined) {
    lines.push("", `A gradient on wasm takes ${(wasm / native).toFixed(1)} times as long as on tensorflow.`);
    if (wasm > MOST_OF_NATIVE * native) {
      failures.push(
        `a gradient on wasm takes ${(wasm / native).toFixed(1)} times as long, more than ${MOST_OF_NATIVE}`,
      );
    }
  }
  return { text: `${lines.join("\n")}\n`, failures };
}

mkdirSync(folder, { recursive: true });
const backends = (await availableBackends()).filter((backend) => backend !== "cpu");
const results = backends.map((backend, index) => measure(backend, index === 0));
const references = results.flatMap((result) => result.references);
const { text, failures } = report(results, references);
writeFileSync(path.join(folder, "photographs.md"), text);
console.log(text);
for (const failure of failures) console.error(`FAILED ${failure}`);
process.exitCode = failures.length > 0 || !neurons() ? 1 : 0;

/** What patches give to the neurons of a layer, in a benchmark of its own. */
function neurons(): boolean {
  if (gradientOnly || tableOnly) return true;
  const args = ["--import", "tsx", path.join(import.meta.dirname, "neurons.ts"), ...(quick ? ["--quick"] : [])];
  return spawnSync(process.execPath, args, { stdio: "inherit", cwd: root }).status === 0;
}
