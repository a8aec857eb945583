import { breathe, throwIfCancelled } from "../common/cancellation.ts";
import type { PathIntegrand, PathSamples } from "../engine/pathIntegrand.ts";

/** Milliseconds that one uninterruptible batch may take: a cancel is seen, and progress told, between batches. */
const PACE_MS = 400;

/** Nodes that are evaluated in one batch where each takes this long; 0 where one takes longer than the pace. */
export function batchAtPace(msPerNode: number): number {
  return Math.min(64, Math.floor(PACE_MS / Math.max(msPerNode, 0.01)));
}

/** An integrand that evaluates up to so many nodes in about the time of one; 1 where it does not say. */
interface WideIntegrand extends PathIntegrand {
  readonly lanes?: number;
}

/**
 * Splits batches so that none blocks the process for much longer than the pace, and tells after each how many
 * evaluations have been made. The size follows the time of the last batch, so a slow backend gets a node for each lane
 * and a fast one whole rounds.
 */
export function pacedIntegrand(inner: WideIntegrand, onEvaluated: (total: number) => void): PathIntegrand {
  let size = Math.max(2, inner.lanes ?? 1);
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
        await breathe();
        const lanes = inner.lanes ?? 1;
        const wanted = Math.max(lanes, Math.min(2 * size, batchAtPace(elapsed / part.length)));
        size = wanted - (wanted % lanes);
      }
      return { f, g };
    },
  };
}
