import { dispose, engine, keep, memory, sum, type Tensor, tensor, tidy, tile } from "@tensorflow/tfjs-core";
import { breathe, throwIfCancelled } from "../common/cancellation.ts";
import { PathlightError } from "../common/errors.ts";
import { freeAbandonedTape } from "./abandonedTape.ts";
import { type GradientBreak, nonFiniteGradient } from "./nonFiniteGradient.ts";
import { nonFiniteScore } from "./nonFiniteTerm.ts";
import type { PathIntegrand, PathSamples } from "./pathIntegrand.ts";
import type { DifferentiableModel, NodeId } from "./port.ts";
import { fetchesOf, type ScoreTarget, scoreOf } from "./scoreOf.ts";
import { fromTensorError } from "./tensorErrors.ts";

/** An input whose features are explained. Both tensors are [1, ...] of the same shape, float, and stay the caller's. */
export interface ExplainedInput {
  /** The node that is fed: an input, the output of an embedding, any inner node. */
  readonly node: NodeId;
  readonly x: Tensor;
  readonly baseline: Tensor;
}

export interface ModelIntegrandOptions {
  readonly model: DifferentiableModel;
  readonly explained: readonly ExplainedInput[];
  /** Feeds that are held still along the path, [1, ...] each. Must live as long as the integrand is used. */
  readonly heldFeeds?: ReadonlyMap<NodeId, Tensor> | undefined;
  readonly target: ScoreTarget;
  /**
   * Models whose scores have the score of `model` as their mean: they are evaluated one after the other, so that no more
   * than one stands on the tape. Default: the model itself.
   */
  readonly parts?: readonly DifferentiableModel[] | undefined;
}

/** Where an explained input stands among the features. */
export interface FeatureSegment {
  readonly node: NodeId;
  readonly offset: number;
  readonly size: number;
  /** Without the batch axis. */
  readonly shape: readonly number[];
}

export interface GradientSamples {
  readonly f: Float64Array;
  /** ∇F at each node, all explained inputs one after the other. */
  readonly gradients: readonly Float32Array[];
}

/** What a batch takes: the weights of the model, and what the tape keeps of each point until the backward pass. Bytes. */
export interface BatchMemory {
  readonly weights: number;
  readonly perPoint: number;
}

/**
 * The path from a baseline to a sample through a model. Score and gradient come from one forward and one backward pass
 * over a batch of path points; rows of a batch do not influence each other, so the gradient of their sum is each row's
 * own. Holds no tensors of its own between calls.
 */
export class ModelIntegrand implements PathIntegrand {
  readonly size: number;
  readonly segments: readonly FeatureSegment[];
  /** x and x − x', all explained inputs one after the other. */
  readonly input: Float32Array;
  readonly difference: Float32Array;
  readonly #baseline: Float32Array;
  readonly #options: ModelIntegrandOptions;
  #bytesPerPoint: number | null = null;

  private constructor(
    options: ModelIntegrandOptions,
    segments: readonly FeatureSegment[],
    input: Float32Array,
    baseline: Float32Array,
  ) {
    this.#options = options;
    this.segments = segments;
    this.size = input.length;
    this.input = input;
    this.#baseline = baseline;
    this.difference = input.map((value, i) => value - (baseline[i] as number));
  }

  /** Reads sample and baseline. Throws `baseline-invalid` for another shape and `same-as-baseline` when nothing differs. */
  static async create(options: ModelIntegrandOptions): Promise<ModelIntegrand> {
    const segments: FeatureSegment[] = [];
    const parts: { x: Float32Array; baseline: Float32Array }[] = [];
    let offset = 0;
    for (const { node, x, baseline } of options.explained) {
      checkInput(node, x, baseline);
      parts.push({ x: Float32Array.from(await x.data()), baseline: Float32Array.from(await baseline.data()) });
      segments.push({ node, offset, size: x.size, shape: x.shape.slice(1) });
      offset += x.size;
    }
    const input = concatenate(parts.map((part) => part.x));
    const start = concatenate(parts.map((part) => part.baseline));
    if (input.every((value, i) => value === start[i])) {
      throw new PathlightError(
        "same-as-baseline",
        "The sample is the same as the baseline: there is nothing to explain.",
        {
          expected: "a baseline that differs from the sample",
          found: `${input.length} equal values`,
          whatToDo: "Choose another baseline.",
        },
      );
    }
    return new ModelIntegrand(options, segments, input, start);
  }

  /** Null before the first batch. */
  get memory(): BatchMemory | null {
    if (this.#bytesPerPoint === null) return null;
    return { weights: 4 * this.#options.model.parameterCount, perPoint: this.#bytesPerPoint };
  }

  async evaluate(alphas: readonly number[], signal?: AbortSignal): Promise<PathSamples> {
    throwIfCancelled(signal);
    const { f, gradients } = await this.gradients(alphas, signal);
    for (const gradient of gradients) {
      for (let i = 0; i < gradient.length; i++) gradient[i] = (gradient[i] as number) * (this.difference[i] as number);
    }
    return { f, g: gradients };
  }

  /** Scores and plain gradients at points of the path. Throws `not-finite` with the node where it begins. */
  async gradients(alphas: readonly number[], signal?: AbortSignal): Promise<GradientSamples> {
    const { model, parts = [model] } = this.#options;
    const [first, ...others] = parts;
    const total = await this.#gradientsOf(first ?? model, alphas);
    if (others.length === 0) return total;
    // In float64 to the end: the mean is as sharp as each of its parts.
    const sums = total.gradients.map((gradient) => Float64Array.from(gradient));
    for (const part of others) {
      await breathe();
      throwIfCancelled(signal);
      const { f, gradients } = await this.#gradientsOf(part, alphas);
      for (const [row, gradient] of gradients.entries()) {
        total.f[row] = (total.f[row] as number) + (f[row] as number);
        const sumOfRow = sums[row] as Float64Array;
        for (const [i, value] of gradient.entries()) sumOfRow[i] = (sumOfRow[i] as number) + value;
      }
    }
    return {
      f: total.f.map((value) => value / parts.length),
      gradients: sums.map((values) => Float32Array.from(values, (value) => value / parts.length)),
    };
  }

  async #gradientsOf(model: DifferentiableModel, alphas: readonly number[]): Promise<GradientSamples> {
    const tensors = this.#differentiate(model, alphas);
    let scores: Float32Array;
    let parts: (Float32Array | null)[];
    try {
      scores = Float32Array.from(await tensors.rows.data());
      parts = await Promise.all(
        tensors.gradients.map(async (part) => (part ? Float32Array.from(await part.data()) : null)),
      );
    } catch (error) {
      throw fromTensorError(error);
    } finally {
      dispose([tensors.rows, ...tensors.gradients.filter((part) => part !== null)]);
    }
    const gradients = alphas.map((_, row) => this.#joinRow(parts, row));
    for (const [row, alpha] of alphas.entries()) {
      if (Number.isFinite(scores[row]) && gradients[row]?.every(Number.isFinite)) continue;
      await this.#throwNotFinite(alpha, Number.isFinite(scores[row]) ? "gradient" : "score");
    }
    return { f: Float64Array.from(scores), gradients };
  }

  #differentiate(
    model: DifferentiableModel,
    alphas: readonly number[],
  ): { rows: Tensor; gradients: (Tensor | null)[] } {
    const { target } = this.#options;
    let rows: Tensor | undefined;
    let gradients: (Tensor | null)[] = [];
    try {
      tidy(() => {
        const points = this.segments.map((segment) => this.#points(segment, alphas));
        const feeds = this.#feeds(points, alphas.length);
        const before = memory().numBytes;
        const { grads } = engine().gradients(
          () => {
            const scores = scoreOf(model, feeds, target);
            rows = keep(scores.clone());
            // The tape is never longer than here: the backward pass frees as it goes.
            this.#bytesPerPoint = (memory().numBytes - before) / alphas.length;
            return sum(scores);
          },
          points,
          undefined,
          true,
        );
        gradients = grads.map((gradient: Tensor | null | undefined) => (gradient ? keep(gradient) : null));
      });
      if (rows === undefined || gradients.every((gradient) => gradient === null)) {
        throw new PathlightError("model-not-differentiable", "The score does not depend on the explained input.", {
          expected: `a differentiable way from ${this.segments.map(({ node }) => node).join(", ")} to ${fetchesOf(target).join(", ")}`,
          found: "none",
          whatToDo: "Choose another output or input.",
        });
      }
      return { rows, gradients };
    } catch (error) {
      rows?.dispose();
      freeAbandonedTape();
      throw fromTensorError(error);
    }
  }

  /** Points of the path, [alphas, ...shape]; exact at both ends, and constant where sample and baseline agree. */
  #points({ offset, size, shape }: FeatureSegment, alphas: readonly number[]): Tensor {
    const values = new Float32Array(alphas.length * size);
    for (const [row, alpha] of alphas.entries()) {
      for (let i = 0; i < size; i++) {
        const [x, start] = [this.input[offset + i] as number, this.#baseline[offset + i] as number];
        values[row * size + i] = alpha < 0.5 ? start + alpha * (x - start) : x - (1 - alpha) * (x - start);
      }
    }
    return tensor(values, [alphas.length, ...shape], "float32");
  }

  #feeds(points: readonly Tensor[], rows: number): Map<NodeId, Tensor> {
    const feeds = new Map<NodeId, Tensor>();
    for (const [node, held] of this.#options.heldFeeds ?? []) {
      feeds.set(node, rows === 1 ? held : tile(held, [rows, ...held.shape.slice(1).map(() => 1)]));
    }
    for (const [k, { node }] of this.segments.entries()) feeds.set(node, points[k] as Tensor);
    return feeds;
  }

  #joinRow(parts: readonly (Float32Array | null)[], row: number): Float32Array {
    const joined = new Float32Array(this.size);
    for (const [k, { offset, size }] of this.segments.entries()) {
      const part = parts[k];
      if (part) joined.set(part.subarray(row * size, (row + 1) * size), offset);
    }
    return joined;
  }

  async #throwNotFinite(alpha: number, what: "score" | "gradient"): Promise<never> {
    const points = this.segments.map((segment) => this.#points(segment, [alpha]));
    const { model, target } = this.#options;
    let node: NodeId | null;
    let broken: GradientBreak | null = null;
    try {
      const feeds = this.#feeds(points, 1);
      node = await model.firstNonFiniteNode(feeds);
      const reason = node === null && "term" in target ? nonFiniteScore(model, feeds, target) : null;
      if (reason !== null) throw undefinedScore(alpha, reason);
      if (node === null) broken = nonFiniteGradient(model, feeds, target);
    } finally {
      dispose(points);
    }
    throw new PathlightError(
      "not-finite",
      `The ${what} is not a finite number at α = ${alpha.toPrecision(4)} of the path.${placeOf(node, broken)}`,
      {
        expected: "finite values along the whole path",
        found: node === null ? "finite values in the forward pass, not in the gradient" : `not finite from ${node} on`,
        whatToDo:
          node === null
            ? "Try another baseline: the path runs through a place where this node has no finite slope."
            : "Check the weights of that node and the sample, or try another baseline.",
      },
    );
  }
}

/** The expression, not the model, is what has no value there. */
function undefinedScore(alpha: number, reason: string): PathlightError {
  const where =
    alpha === 0 ? "at the baseline" : alpha === 1 ? "at the sample" : `at α = ${alpha.toPrecision(4)} of the path`;
  return new PathlightError("not-finite", `The target expression has no finite value ${where}: ${reason}.`, {
    expected: "an expression that is defined along the whole path",
    found: reason,
    whatToDo:
      alpha === 1
        ? "Choose another expression."
        : "Choose another baseline, or another expression (dot in place of cosine).",
  });
}

function placeOf(node: NodeId | null, broken: GradientBreak | null): string {
  if (node !== null) return ` The first node that is not finite is ${node}.`;
  if (broken === null) return "";
  return broken.behind === null
    ? ` Going back from the score, it first appears at ${broken.at}.`
    : ` Going back from the score, it first appears at ${broken.behind}, which reads ${broken.at}.`;
}

function checkInput(node: NodeId, x: Tensor, baseline: Tensor): void {
  if (x.dtype !== "float32") {
    throw new PathlightError(
      "model-not-differentiable",
      `The input ${node} holds ${x.dtype} values, which cannot be moved along a path.`,
      {
        expected: "float32",
        found: x.dtype,
        whatToDo: "Explain from the output of the embedding.",
      },
    );
  }
  if (baseline.shape.join() !== x.shape.join()) {
    throw new PathlightError("baseline-invalid", `The baseline of ${node} has another shape than the sample.`, {
      expected: `[${x.shape.slice(1).join(", ")}]`,
      found: `[${baseline.shape.slice(1).join(", ")}]`,
      whatToDo: "Choose a baseline of the same shape.",
    });
  }
}

function concatenate(parts: readonly Float32Array[]): Float32Array {
  const joined = new Float32Array(parts.reduce((size, part) => size + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}
