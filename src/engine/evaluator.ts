import { breathe, throwIfCancelled } from "../common/cancellation.ts";
import { PathlightError } from "../common/errors.ts";
import type { PathIntegrand } from "./pathIntegrand.ts";
import type { PathNodes } from "./pathNodes.ts";

/** Evaluates what is missing, in batches that fit into memory; can be cancelled between them. */
export class Evaluator {
  readonly #integrand: PathIntegrand;
  readonly #nodes: PathNodes;
  readonly #signal: AbortSignal | undefined;
  #batchSize: number;

  constructor(integrand: PathIntegrand, nodes: PathNodes, batchSize: number, signal: AbortSignal | undefined) {
    this.#integrand = integrand;
    this.#nodes = nodes;
    this.#batchSize = Math.max(1, Math.floor(batchSize));
    this.#signal = signal;
  }

  /** Largest batch that is still tried. */
  get batchSize(): number {
    return this.#batchSize;
  }

  /** Which of these nodes would have to be evaluated. */
  missing(alphas: readonly number[]): number[] {
    return [...new Set(alphas)].filter((alpha) => this.#nodes.indexOf(alpha) === undefined);
  }

  /** Afterwards every one of these nodes is known. What a cancelled run had finished stays known. */
  async evaluate(alphas: readonly number[]): Promise<void> {
    let waiting = this.missing(alphas);
    throwIfCancelled(this.#signal);
    while (waiting.length > 0) {
      const batch = waiting.slice(0, this.#batchSize);
      if (await this.#evaluateBatch(batch)) waiting = waiting.slice(batch.length);
      await breathe();
      throwIfCancelled(this.#signal);
    }
  }

  /** False when the batch was too large and is to be tried again in smaller ones. */
  async #evaluateBatch(batch: readonly number[]): Promise<boolean> {
    let samples: Awaited<ReturnType<PathIntegrand["evaluate"]>>;
    try {
      samples = await this.#integrand.evaluate(batch, this.#signal);
    } catch (error) {
      if (!(error instanceof PathlightError) || error.code !== "out-of-memory" || batch.length === 1) throw error;
      this.#batchSize = Math.floor(batch.length / 2);
      return false;
    }
    for (const [j, alpha] of batch.entries()) {
      const f = samples.f[j];
      const g = samples.g[j];
      if (f === undefined || g === undefined || g.length !== this.#integrand.size) {
        throw new PathlightError("internal", "The integrand returned fewer values than it was asked for.", {
          expected: `${batch.length} nodes of ${this.#integrand.size} features`,
          found: `${samples.f.length} scores, ${samples.g.length} gradients of ${g?.length ?? 0}`,
        });
      }
      this.#nodes.add(alpha, f, g);
    }
    return true;
  }
}
