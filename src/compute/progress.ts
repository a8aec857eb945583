import type { RoundSnapshot } from "../engine/integrate.ts";
import type { Integration } from "../engine/integration.ts";
import type { Running } from "../protocol/compute.ts";

/** How far a run has come, on the scale of the logarithm of its error, or of its evaluations where that is further. */
export class Progress {
  readonly #tolerance: number;
  readonly #most: number;
  readonly #known: number;
  #evaluations: number;
  #rounds: number;
  #firstError: number | null = null;
  #progress: number | null = null;

  constructor(known: Integration | null, tolerance: number, most: number) {
    this.#known = known?.evaluations ?? 0;
    this.#evaluations = this.#known;
    this.#rounds = known?.rounds ?? 0;
    this.#tolerance = tolerance;
    this.#most = most;
  }

  get state(): Omit<Running, "seconds"> {
    return { evaluations: this.#evaluations, rounds: this.#rounds, progress: this.#progress };
  }

  evaluated(count: number): void {
    this.#evaluations = this.#known + count;
  }

  round({ round, completeness, feature }: RoundSnapshot): void {
    this.#rounds = round;
    const error = Math.max(completeness, feature, Number.MIN_VALUE);
    this.#firstError ??= error;
    const wanted = Math.log(this.#firstError / this.#tolerance);
    const done = wanted > 0 ? Math.log(this.#firstError / error) / wanted : 1;
    this.#progress = Math.min(1, Math.max(0, done, this.#evaluations / this.#most));
  }
}
