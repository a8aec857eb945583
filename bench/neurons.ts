import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { availableBackends } from "../src/backend/index.ts";

/**
 * `node --import tsx bench/neurons.ts [--quick]`, and part of `npm run bench`: a 7×7 grid of a photograph to every unit of
 * a middle layer of MobileNetV2. Prints seconds, points of the path, memory, what a point costs next to a forward and
 * backward pass of the whole network, and how much longer one neuron at a time would take (measured on five of them and
 * scaled); then what a single neuron through the grid costs, which is what the panel shows, and a point of the sums of all
 * layers. Writes out/bench/neurons.md. Fails where a point costs more than 60 forward and backward passes, of one neuron 12,
 * of the sums 4, or the checks do not hold. Costs are in seconds of computing over all threads, so that other work on the
 * machine does not matter.
 */

const root = path.resolve(import.meta.dirname, "..");
const folder = path.join(root, "out/bench");
const layer = "block_8_add";
const points = process.argv.includes("--quick") ? 5 : 17;
const MOST_PASSES = 60;
/** The same of a single neuron through any number of patches, the checks at the end among them. */
const MOST_PASSES_ONE = 12;
/** The same of a point of the sums of all layers. */
const MOST_STRIP_PASSES = 4;
const MOST_RESIDUAL = 0.01;
/** Of the panel, from the click; printed, since it hangs on the machine. */
const WANTED_SECONDS = 5;

const figuresSchema = z.object({
  units: z.number(),
  neurons: z.number(),
  evaluations: z.number(),
  seconds: z.number(),
  computing: z.number(),
  firstSeconds: z.number(),
  firstComputing: z.number(),
  pointComputing: z.number(),
  gradientComputing: z.number(),
  oneNeuronComputing: z.number(),
  source: z.object({ firstSeconds: z.number(), pointComputing: z.number(), evaluationsOfFiner: z.number() }),
  partition: z.number(),
  conservation: z.number(),
  featureError: z.number().nullable(),
  method: z.string(),
  disagreement: z.number().nullable(),
  bytesOnDisk: z.number(),
  beforeMegabytes: z.number(),
  peakMegabytes: z.number(),
  stripPoints: z.number(),
  stripSeconds: z.number(),
  stripPointComputing: z.number(),
  stripLongestBlock: z.number(),
});

function measure(backend: string): z.output<typeof figuresSchema> {
  const args = [
    ...["--import", "tsx", path.join(import.meta.dirname, "neuronsRun.ts")],
    path.join(root, "test/fixtures/mobilenet-v2"),
    path.join(root, "test/fixtures/photographs/coffee.png"),
    ...[backend, layer, String(points)],
  ];
  const { status, stdout } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (status !== 0) throw new Error(`The run on ${backend} ended with status ${status}.`);
  return figuresSchema.parse(JSON.parse(stdout.trim().split("\n").at(-1) ?? ""));
}

const lines = [
  `A 7×7 grid to every unit of ${layer}, MobileNetV2. Computing: seconds over all threads.`,
  "",
  "| backend | units | points | seconds | first result | a point | in forward and backward passes | one neuron at a time | one neuron through the grid: first result, a point in passes | memory | partition |",
  "|---|---|---|---|---|---|---|---|---|---|---|",
];
const strips = [
  "",
  "Sums of all layers, all looks at them together:",
  "",
  "| backend | points | seconds | a point, in forward and backward passes | nothing else seen for |",
  "|---|---|---|---|---|",
];
const failures: string[] = [];
for (const backend of (await availableBackends()).filter((name) => name !== "cpu")) {
  const run = measure(backend);
  const passes = run.pointComputing / run.gradientComputing;
  const passesOne = run.source.pointComputing / run.gradientComputing;
  const ratio = (run.units * run.oneNeuronComputing) / run.pointComputing;
  const first = `${run.firstSeconds.toFixed(1)} s (${run.firstComputing.toFixed(1)} s computing)`;
  lines.push(
    `| ${backend} | ${run.units} | ${run.evaluations} | ${run.seconds.toFixed(0)} | ${first} | ${run.pointComputing.toFixed(2)} s computing | ${passes.toFixed(0)} | ${ratio.toFixed(0)}× as long | ${run.source.firstSeconds.toFixed(1)} s, ${passesOne.toFixed(1)} | ${run.peakMegabytes.toFixed(0)} MB (${run.beforeMegabytes.toFixed(0)} before) | ${run.partition.toExponential(1)} |`,
  );
  if (passes > MOST_PASSES) failures.push(`${backend}: a point costs ${passes.toFixed(0)} forward and backward passes`);
  if (passesOne > MOST_PASSES_ONE) {
    failures.push(`${backend}: a point of one neuron costs ${passesOne.toFixed(1)} forward and backward passes`);
  }
  if (run.source.evaluationsOfFiner > 0) failures.push(`${backend}: another grid of a neuron evaluates again`);
  const stripPasses = run.stripPointComputing / run.gradientComputing;
  strips.push(
    `| ${backend} | ${run.stripPoints} | ${run.stripSeconds.toFixed(1)} | ${stripPasses.toFixed(1)} | ${run.stripLongestBlock.toFixed(2)} s at most |`,
  );
  if (stripPasses > MOST_STRIP_PASSES) {
    failures.push(`${backend}: a point of the sums of all layers costs ${stripPasses.toFixed(1)} passes`);
  }
  if (run.partition > MOST_RESIDUAL) failures.push(`${backend}: the parts miss the conductance by ${run.partition}`);
  if (run.method !== "double-vjp") failures.push(`${backend}: derivatives are ${run.method}`);
  if (run.disagreement !== null) failures.push(`${backend}: derivatives and forward passes disagree`);
  if (backend === "tensorflow" && Math.max(run.firstSeconds, run.source.firstSeconds) > WANTED_SECONDS) {
    lines.push("", `The first result took longer than the ${WANTED_SECONDS} s that the panel wants.`);
  }
}
lines.push(
  "",
  "One neuron at a time: a gradient of each unit at each point; measured on five units and scaled to all.",
  ...strips,
);
mkdirSync(folder, { recursive: true });
const text = `${lines.join("\n")}\n`;
writeFileSync(path.join(folder, "neurons.md"), text);
console.log(text);
for (const failure of failures) console.error(`FAILED ${failure}`);
process.exitCode = failures.length > 0 ? 1 : 0;
