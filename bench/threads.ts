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
 * so that whatever else the machine does meets both. Prints the ratio of wall times (above 1: threads are faster) and of
 * processor times (above 1: threads cost more), over all rounds and over those in which every thread had a core to
 * itself: on a machine with other work the threads of one program share what one thread had.
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

  const { count: threads } = threadCount(undefined);
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
  const pairs = alone.map((one, i) => ({ one, all: together[i] as Cost }));
  const free = pairs.filter(({ one, all }) => coresOf(one) > 0.9 && coresOf(all) > 0.9 * threads);
  console.log(`${parallel.threads} threads, batches of ${alphas.length}, load ${loadavg()[0]?.toFixed(1)}`);
  report("all rounds", pairs, alphas.length);
  report("rounds in which every thread had a core", free, alphas.length);
  await pool.dispose();
  await service.dispose();
  picture.dispose();
  black.dispose();
}

interface Pair {
  readonly one: Cost;
  readonly all: Cost;
}

function coresOf({ wallMs, processorMs }: Cost): number {
  return processorMs / wallMs;
}

function report(what: string, pairs: readonly Pair[], points: number): void {
  console.log(`${what}: ${pairs.length}`);
  if (pairs.length === 0) return;
  const sorted = (of: (pair: Pair) => number): number[] => pairs.map(of).sort((a, b) => a - b);
  const median = (of: (pair: Pair) => number, digits: number): string => middle(sorted(of)).toFixed(digits);
  const spread = (of: (pair: Pair) => number): string =>
    `median ${median(of, 2)}, ${sorted(of)[0]?.toFixed(2)} to ${sorted(of).at(-1)?.toFixed(2)}`;
  const wall = (which: "one" | "all"): string => median((pair) => pair[which].wallMs / points, 0);
  console.log(`  a gradient takes ${wall("one")} ms on one thread, ${wall("all")} ms on all`);
  console.log(`  cores had: ${median(({ one }) => coresOf(one), 2)}, ${median(({ all }) => coresOf(all), 2)}`);
  console.log(`  faster by ${spread(({ one, all }) => one.wallMs / all.wallMs)}`);
  console.log(`  processor time ${spread(({ one, all }) => all.processorMs / one.processorMs)}`);
}

function middle(sorted: readonly number[]): number {
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

await main();
