import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { availableBackends } from "../src/backend/index.ts";
import { npyBytes } from "../src/samples/index.ts";
import { bertOnnx } from "../test/support/bertOnnx.ts";

/**
 * `node --import tsx bench/transformer.ts`: a BERT encoder of 6 layers, 384 wide, from an ONNX file, explained from its
 * embedding output. Prints evaluations, seconds for one of them and peak memory, for a short text and for the longest.
 * Fails where an explanation takes more than 2 GB or does not converge. Each in a process of its own.
 */

const root = path.resolve(import.meta.dirname, "..");
const folder = path.join(root, "out/bench/bert");
const size = { layers: 6, width: 384, heads: 12, words: 30_522, longest: 512, classes: 2 };
const mostMegabytes = 2000;

const figures = z.object({
  evaluations: z.number(),
  status: z.string(),
  completeness: z.number().nullable(),
  seconds: z.number(),
  peakMegabytes: z.number(),
});

function ids(name: string, length: number, value: (place: number) => number): string {
  const file = path.join(folder, `${name}-${length}.npy`);
  writeFileSync(
    file,
    npyBytes(
      [length],
      Int32Array.from({ length }, (_, place) => value(place)),
    ),
  );
  return file;
}

mkdirSync(folder, { recursive: true });
const model = path.join(folder, "model.onnx");
writeFileSync(model, bertOnnx(size));
const backends = (await availableBackends()).filter((backend) => backend !== "cpu");
let failed = false;
console.log(
  "| backend | tokens | evaluations | seconds for one | sum off by | peak memory |\n|---|---|---|---|---|---|",
);
for (const backend of backends) {
  for (const length of [64, 512]) {
    const args = [
      ids("ids", length, (place) => 1000 + ((place * 7919) % 20_000)),
      ids("mask", length, () => 1),
      ids("types", length, () => 0),
    ];
    const child = path.join(import.meta.dirname, "transformerRun.ts");
    const { status, stdout } = spawnSync(process.execPath, ["--import", "tsx", child, model, backend, ...args], {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    });
    if (status !== 0) throw new Error(`The run on ${backend} with ${length} tokens ended with status ${status}.`);
    const run = figures.parse(JSON.parse(stdout.trim().split("\n").at(-1) ?? ""));
    const off = run.completeness === null ? "" : `${(100 * run.completeness).toPrecision(2)} %`;
    const each = (run.seconds / run.evaluations).toFixed(2);
    console.log(
      `| ${backend} | ${length} | ${run.evaluations} | ${each} | ${off} | ${run.peakMegabytes.toFixed(0)} MB |`,
    );
    if (run.status !== "converged" || run.peakMegabytes > mostMegabytes) {
      failed = true;
      console.error(`FAILED ${backend}, ${length} tokens: ${run.status}, ${run.peakMegabytes.toFixed(0)} MB`);
    }
  }
}
process.exitCode = failed ? 1 : 0;
