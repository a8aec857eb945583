import { dispose, engine, keep, sum, type Tensor, tidy } from "@tensorflow/tfjs-core";
import { PathlightError } from "../../common/errors.ts";
import { freeAbandonedTape } from "../abandonedTape.ts";
import type { PathEnds } from "../audit/station.ts";
import type { DifferentiableModel, NodeId } from "../port.ts";
import { type ScoreTarget, scoreOf } from "../scoreOf.ts";
import { fromTensorError } from "../tensorErrors.ts";
import { type LayerMap, type LayerNode, layerMap } from "./layer.ts";
import { feedsAt } from "./pathFeeds.ts";

/** What a layer is looked at in: a model, a path through its input, a score. Tensors stay the caller's. */
export interface LayerPath {
  readonly model: DifferentiableModel;
  readonly ends: readonly PathEnds[];
  /** Feeds that are held still along the path, [1, ...] each. */
  readonly heldFeeds: ReadonlyMap<NodeId, Tensor>;
  readonly target: ScoreTarget;
  readonly layer: readonly LayerNode[];
}

export interface LayerGradients {
  /** Score at each point. */
  readonly f: Float64Array;
  /** ∂F/∂H at each point, [width]: partial derivatives, all nodes of the layer and the input being independent. */
  readonly gradients: readonly Float32Array[];
  /** What passes the layer at each point, ∂F/∂x · (x − x') with the layer held. */
  readonly bypass: Float64Array;
}

/**
 * The gradient of the score with respect to a layer, at points of the path of the input: the layer is computed, cut from
 * what it was computed from, and fed; the input is fed too, for what passes the layer. One forward and one backward pass
 * of the part behind the layer for a batch of points. Holds no tensors between calls.
 */
export class LayerGradient {
  readonly map: LayerMap;
  readonly #path: LayerPath;
  readonly #inputs: readonly PathEnds[];
  #isCut: boolean | null = null;

  constructor(path: LayerPath) {
    this.map = layerMap(path.layer);
    this.#path = path;
    const fed = new Set(path.layer.map(({ id }) => id));
    this.#inputs = path.ends.filter(({ node }) => !fed.has(node));
  }

  /**
   * Whether no gradient of the score reaches the input but through the layer: then, and only then, the conductances of
   * the layer add up to the change of the score. Null before the first point.
   */
  get isCut(): boolean | null {
    return this.#isCut;
  }

  /** Throws `not-finite` for a score, `model-not-differentiable` where the score does not depend on the layer. */
  async at(alphas: readonly number[]): Promise<LayerGradients> {
    const withInput = this.#isCut !== true;
    const found = await this.#differentiate(alphas, this.#path.layer, withInput ? this.#inputs : []);
    const width = this.map.parts.length;
    const [layer, inputs] = [found.parts.slice(0, width), found.parts.slice(width)];
    if (layer.every((part) => part === null)) throw this.#unreached();
    if (withInput) this.#isCut = inputs.every((part) => part === null);
    const gradients = alphas.map((_, row) => {
      const joined = new Float32Array(this.map.width);
      for (const [k, { from, size }] of this.map.parts.entries()) {
        const part = layer[k];
        if (part) joined.set(part.subarray(row * size, (row + 1) * size), from);
      }
      return joined;
    });
    return { f: found.f, gradients, bypass: this.#along(alphas, this.#inputs, inputs) };
  }

  /** dF/dα at each point, by the gradient with respect to the input itself. */
  async slopes(alphas: readonly number[]): Promise<Float64Array> {
    const { parts } = await this.#differentiate(alphas, [], this.#path.ends);
    return this.#along(alphas, this.#path.ends, parts);
  }

  #along(alphas: readonly number[], ends: readonly PathEnds[], parts: readonly (Float32Array | null)[]): Float64Array {
    const sums = new Float64Array(alphas.length);
    for (const [k, { x, baseline }] of ends.entries()) {
      const part = parts[k];
      if (!part) continue;
      for (let i = 0; i < part.length; i++) {
        const feature = i % x.length;
        const row = (i - feature) / x.length;
        const change = (x[feature] as number) - (baseline[feature] as number);
        sums[row] = (sums[row] as number) + (part[i] as number) * change;
      }
    }
    return sums;
  }

  /** Scores, and the gradients with respect to layer nodes and inputs in this order; null where there is no way. */
  async #differentiate(
    alphas: readonly number[],
    layer: readonly LayerNode[],
    inputs: readonly PathEnds[],
  ): Promise<{ f: Float64Array; parts: (Float32Array | null)[] }> {
    const { model, target } = this.#path;
    let scores: Tensor | undefined;
    let gradients: (Tensor | null)[] = [];
    try {
      tidy(() => {
        const feeds = feedsAt(this.#path, alphas);
        const ids = layer.map(({ id }) => id);
        const values = ids.length === 0 ? [] : model.evaluate(feeds, ids);
        for (const [k, id] of ids.entries()) feeds.set(id, values[k] as Tensor);
        const leaves = [...ids, ...inputs.map(({ node }) => node)].map((id) => feeds.get(id) as Tensor);
        const { grads } = engine().gradients(
          () => {
            const rows = scoreOf(model, feeds, target);
            scores = keep(rows.clone());
            return sum(rows);
          },
          leaves,
          undefined,
          true,
        );
        gradients = grads.map((gradient: Tensor | null | undefined) => (gradient ? keep(gradient) : null));
      });
      const f = Float64Array.from((await scores?.data()) ?? []);
      const parts = await Promise.all(
        gradients.map(async (part) => (part === null ? null : ((await part.data()) as Float32Array).slice())),
      );
      const wrong = f.findIndex((value) => !Number.isFinite(value));
      if (wrong >= 0) throw await this.#notFinite(alphas[wrong] as number);
      return { f, parts };
    } catch (error) {
      freeAbandonedTape();
      throw fromTensorError(error);
    } finally {
      dispose([scores, ...gradients].filter((each) => each !== undefined && each !== null));
    }
  }

  async #notFinite(alpha: number): Promise<PathlightError> {
    // One row needs no copy of what is held: only the points of the path are ours.
    const feeds = feedsAt(this.#path, [alpha]);
    try {
      const node = await this.#path.model.firstNonFiniteNode(feeds);
      const place = node === null ? "" : ` The first node that is not finite is ${node}.`;
      return new PathlightError(
        "not-finite",
        `The score is not a finite number at α = ${alpha.toPrecision(4)} of the path.${place}`,
        {
          expected: "finite values along the whole path",
          found: node === null ? "a score that is not" : `not finite from ${node} on`,
          whatToDo: "Check the weights of that node and the sample, or try another baseline.",
        },
      );
    } finally {
      for (const { node } of this.#path.ends) feeds.get(node)?.dispose();
    }
  }

  #unreached(): PathlightError {
    const names = this.#path.layer.map(({ id }) => id).join(", ");
    return new PathlightError("model-not-differentiable", `The score does not depend on ${names}.`, {
      expected: "a layer between the explained input and the score",
      found: `no differentiable way from ${names} to the score`,
      whatToDo: "Choose another layer, or another output as the target.",
    });
  }
}
