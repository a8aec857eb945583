import path from "node:path";
import { ParallelIntegrand } from "../../../src/compute/parallel/parallelIntegrand.ts";
import { WorkerPool, type WorkerPoolOptions } from "../../../src/compute/parallel/workerPool.ts";
import { startWorkerThread, type WorkerThread } from "../../../src/compute/parallel/workerThread.ts";
import { type OpenedPath, openPath, type ScorePath } from "../../../src/compute/scorePath.ts";
import type { PathSamples } from "../../../src/engine/pathIntegrand.ts";
import type { LoadedModel } from "../../../src/models/loadedModel.ts";
import { loadModel } from "../../../src/models/loadModel.ts";

const root = path.resolve(import.meta.dirname, "../../..");
export const fixtures = path.join(root, "test/fixtures");

/** The bundled worker, as the program starts it. */
export function realThread(): WorkerThread {
  return startWorkerThread(path.join(root, "dist/worker.js"), console.error);
}

/** Resolves when every worker that was started is ready or has been given up. */
async function settled(pool: WorkerPool): Promise<void> {
  for (const start = performance.now(); pool.ready.length < pool.size; ) {
    if (performance.now() - start > 120_000) throw new Error("A worker is neither ready nor given up.");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Every share is handed out, however small, and workers are started by the first batch, whatever the machine has free. */
const eager = { paysMs: -1, worthMs: 0, freeBytes: () => 2 ** 36 };

export interface Bench {
  readonly pool: WorkerPool;
  readonly parallel: ParallelIntegrand;
  readonly single: OpenedPath["integrand"];
  readonly log: string[];
  /** Ends the run. */
  release(): void;
  readonly fingerprint: string;
}

/** A path, with workers that are ready; all gone afterwards. */
export async function withWorkers(
  file: string,
  path: (loaded: LoadedModel) => ScorePath,
  options: WorkerPoolOptions,
  use: (bench: Bench) => Promise<void>,
): Promise<void> {
  const loaded = await loadModel(file);
  const log: string[] = [];
  const pool = new WorkerPool({ ...eager, log: (message) => log.push(message), ...options });
  const scorePath = path(loaded);
  const opened = await openPath(loaded.model, scorePath);
  try {
    const { format, fingerprint } = loaded;
    const release = pool.use({ path: file, format, fingerprint });
    const parallel = new ParallelIntegrand({ inner: opened.integrand, pool, path: scorePath, expected: 100 });
    await parallel.evaluate([0]);
    await settled(pool);
    await use({ pool, parallel, single: opened.integrand, log, release, fingerprint });
  } finally {
    opened.dispose();
    loaded.model.dispose();
    await pool.dispose();
  }
}

/** Bit by bit, so that −0 is not 0. */
export function bits({ f, g }: PathSamples): { f: number[]; g: string[] } {
  return {
    f: [...f],
    g: g.map((values) => Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString("base64")),
  };
}

export function points(count: number): number[] {
  return Array.from({ length: count }, (_, i) => (i + 0.25) / count);
}
