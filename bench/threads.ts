import { loadavg } from "node:os";
import path from "node:path";
import { randomUniform, type Tensor, zeros } from "@tensorflow/tfjs-core";
import { ExplainService } from "../src/compute/explainService.ts";
import { ParallelIntegrand } from "../src/compute/parallel/parallelIntegrand.ts";
import { threadCount } from "../src/compute/parallel/threadCount.ts";
import { WorkerPool } from "../src/compute/parallel/workerPool.ts";
import { openPath, type ScorePath } from "../src/compute/scorePath.ts";
import type { PathIntegrand } from "../src/engine/pathIntegrand.ts";

/**
 * `node --import tsx bench/threads.ts [rounds]` (after a build): what the worker threads of WebAssembly bring for
 * gradients of MobileNetV2. One process; a batch on the main thread alone and the same batch on all threads take turns,
 * so that whatever else the machine does meets both. Prints the ratio of wall times (above 1: threads are faster), of
 * processor times (above 1: threads cost more), and how many cores each had: on a machine with other work less than it
 * asked for, and then the first ratio says little.
 */

const rounds = Number(process.argv[2] ?? 6);
const modelPath = path.resolve(import.meta.dirname, "../test/fixtures/mobilenet-v2/model.json");

interface Cost {
  readonly wallMs: number;
  readonly processorMs: number;
}

async function cost(integrand: PathIntegrand, alphas: readonly number[]): Promise<Cost> {
  const [start, used] = [performance.now(), process.cpuUsage()];
  await integrand.evaluate(alphas);
  const { user, system } = process.cpuUsage(used);
  return { wallMs: performance.now() - start, processorMs: (user + system) / 1000 };
}

async function main(): Promise<void> {
  const service = new ExplainService();
  const { loaded } = await service.openModel({ path: modelPath }, "wasm");
  const [input] = loaded.model.inputs;
  const [head] = loaded.model.heads;
  if (input === undefined || head === undefined) throw new Error("The model has no input or no output.");
  const shape = input.shape.slice(1).map((side) => side ?? 1);
  const picture = randomUniform([1, ...shape], 0, 1, "float32", 7);
  const black = zeros([1, ...shape]);
  const values = async (tensor: Tensor): Promise<Float32Array> => Float32Array.from(await tensor.data());
  const scorePath: ScorePath = {
    explained: [{ node: input.id, shape, x: await values(picture), baseline: await values(black) }],
    held: [],
    target: { fetch: head.logit, index: 0, link: "identity" },
  };
  const { integrand } = await openPath(loaded.model, scorePath);
  const pool = new WorkerPool({ log: console.error });
  pool.use({ path: modelPath, format: loaded.format, fingerprint: loaded.fingerprint });
  const parallel = new ParallelIntegrand({ inner: integrand, pool, path: scorePath, expected: 1e6 });

  const threads = threadCount(undefined);
  // Two for each thread: what the pace of an explanation comes to.
  const alphas = Array.from({ length: 2 * threads }, (_, i) => (i + 0.5) / (2 * threads));
  await parallel.evaluate(alphas);
  while (pool.ready.length < pool.size) await new Promise((resolve) => setTimeout(resolve, 50));
  // Each thread's compiler warms up on its own.
  for (let i = 0; i < 2; i++) await parallel.evaluate(alphas);

  const alone: Cost[] = [];
  const together: Cost[] = [];
  for (let round = 0; round < rounds; round++) {
    const inTurn: [PathIntegrand, Cost[]][] = [
      [integrand, alone],
      [parallel, together],
    ];
    for (const [which, costs] of round % 2 === 0 ? inTurn : inTurn.toReversed()) costs.push(await cost(which, alphas));
  }
  const ratios = (of: (alone: Cost, together: Cost) => number): number[] =>
    alone.map((cost, i) => of(cost, together[i] as Cost)).sort((a, b) => a - b);
  const text = (sorted: readonly number[]): string =>
    `median ${middle(sorted).toFixed(2)}, ${sorted[0]?.toFixed(2)} to ${sorted.at(-1)?.toFixed(2)}`;
  const perPoint = (costs: readonly Cost[]): string =>
    `${(middle(costs.map(({ wallMs }) => wallMs).sort((a, b) => a - b)) / alphas.length).toFixed(0)} ms`;
  console.log(
    `${parallel.threads} threads, batches of ${alphas.length}, ${rounds} rounds, load ${loadavg()[0]?.toFixed(1)}`,
  );
  console.log(`a gradient on one thread ${perPoint(alone)}, on all ${perPoint(together)}`);
  const cores = (costs: readonly Cost[]): string =>
    middle(costs.map(({ wallMs, processorMs }) => processorMs / wallMs).sort((a, b) => a - b)).toFixed(2);
  console.log(`cores had: one thread ${cores(alone)}, all ${cores(together)}`);
  console.log(`faster by     ${text(ratios((one, all) => one.wallMs / all.wallMs))}`);
  console.log(`costs more by ${text(ratios((one, all) => all.processorMs / one.processorMs))}`);
  await pool.dispose();
  await service.dispose();
  picture.dispose();
  black.dispose();
}

function middle(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

await main();
