import * as tf from "@tensorflow/tfjs-core";
import { causalMask, weigh } from "./attend.ts";
import { type Initializer, knownSize, type LayerVariable, type Mask, OwnLayer, type Shape } from "./ownLayer.ts";

export interface AttentionOptions {
  readonly kind: "Attention" | "AdditiveAttention";
  readonly useScale: boolean;
  /** `concat`: Σ tanh(query + key), weighted. */
  readonly score: "dot" | "concat";
  readonly causal: boolean;
}

/** Luong et al. 2015 and Bahdanau et al. 2015. Inputs query [batch, T, d], value [batch, S, d], and a key of its own. */
export class Attention extends OwnLayer {
  readonly #options: AttentionOptions;
  readonly #initializer: Initializer;
  #scale: LayerVariable | undefined;
  #scoreWeight: LayerVariable | undefined;

  constructor(name: string, options: AttentionOptions, initializer: Initializer) {
    super(name, options.kind);
    this.#options = options;
    this.#initializer = initializer;
  }

  override build(inputShape: Shape | Shape[]): void {
    const [query = []] = inputShape.filter((each) => Array.isArray(each));
    const { kind, useScale, score } = this.#options;
    const shape = kind === "AdditiveAttention" ? [knownSize(this, query, -1)] : [];
    if (useScale) this.#scale = this.parameter("scale", shape, this.#initializer);
    if (score === "concat" && kind === "Attention") {
      this.#scoreWeight = this.parameter("concat_score_weight", [], this.#initializer);
    }
    this.built = true;
  }

  protected override compute(inputs: readonly tf.Tensor[], masks: readonly Mask[]): tf.Tensor {
    const [query, value, key = value] = inputs;
    if (query === undefined || value === undefined || key === undefined) return tf.scalar(0);
    const [queryMask, valueMask] = masks;
    const parts: tf.Tensor[] = [];
    if (valueMask) parts.push(tf.expandDims(tf.cast(valueMask, "float32"), 1));
    if (this.#options.causal) parts.push(causalMask(query.shape[1] ?? 1, value.shape[1] ?? 1));
    const mask = parts.length === 0 ? null : parts.reduce((a, b) => tf.mul(a, b));
    const attended = weigh(this.#scores(query, key), value, mask, false);
    return queryMask ? tf.mul(attended, tf.expandDims(tf.cast(queryMask, "float32"), -1)) : attended;
  }

  protected override shapes(inputs: readonly Shape[]): Shape[] {
    const [query = [], value = []] = inputs;
    return [[...query.slice(0, -1), value.at(-1) ?? null]];
  }

  /** [batch, T, S] */
  #scores(query: tf.Tensor, key: tf.Tensor): tf.Tensor {
    const scale = this.#scale?.read();
    const { score, kind } = this.#options;
    if (score === "dot" && kind === "Attention") {
      const scores = tf.matMul(query, key, false, true);
      return scale === undefined ? scores : tf.mul(scores, scale);
    }
    const sum = tf.add(tf.expandDims(query, -2), tf.expandDims(key, -3));
    if (kind === "AdditiveAttention") {
      const bent = tf.tanh(sum);
      return tf.sum(scale === undefined ? bent : tf.mul(bent, scale), -1);
    }
    const bent = tf.sum(tf.tanh(scale === undefined ? sum : tf.mul(sum, scale)), -1);
    return tf.mul(bent, this.#scoreWeight?.read() ?? 1);
  }
}
