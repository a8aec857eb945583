import { breathe, throwIfCancelled } from "../common/cancellation.ts";
import type { PathIntegrand, PathSamples } from "../engine/pathIntegrand.ts";

/** Milliseconds that one uninterruptible batch may take: a cancel is seen, and progress told, between batches. */
const PACE_MS = 400;

/**
 * Splits batches so that none blocks the process for much longer than the pace, and tells after each how many
 * evaluations have been made. The size follows the time of the last batch, so a slow backend gets single nodes and a
 * fast one whole rounds.
 */
export function pacedIntegrand(inner: PathIntegrand, onEvaluated: (total: number) => void): PathIntegrand {
  let size = 2;
  let total = 0;
  return {
    size: inner.size,
    async evaluate(alphas, signal): Promise<PathSamples> {
      const f = new Float64Array(alphas.length);
      const g: Float32Array[] = [];
      while (g.length < alphas.length) {
        throwIfCancelled(signal);
        const part = alphas.slice(g.length, g.length + size);
        const start = performance.now();
        const samples = await inner.evaluate(part, signal);
        const elapsed = performance.now() - start;
        f.set(samples.f, g.length);
        g.push(...samples.g);
        total += part.length;
        onEvaluated(total);
        const perNode = Math.max(elapsed / part.length, 0.01);
        size = Math.max(1, Math.min(64, 2 * size, Math.floor(PACE_MS / perNode)));
        await breathe();
      }
      return { f, g };
    },
  };
}
