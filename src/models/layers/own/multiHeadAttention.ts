import * as tf from "@tensorflow/tfjs-core";
import { attend, causalMask } from "./attend.ts";
import { type Initializer, knownSize, type LayerVariable, type Mask, OwnLayer, type Shape } from "./ownLayer.ts";

export interface MultiHeadAttentionOptions {
  readonly heads: number;
  readonly keySize: number;
  readonly valueSize: number;
  /** Size of the output; undefined for that of the query. */
  readonly outputSize: number | undefined;
  readonly useBias: boolean;
  readonly causal: boolean;
  /** How the inputs after the query are meant: value, and key where it is another one. */
  readonly inputs: "value" | "value, key";
  /** A row in which everything is masked gives zero, and not the mean of everything. */
  readonly zeroWhenMasked: boolean;
}

/** A projection [..., size] -> [..., heads, head size], or back. */
export interface Projection {
  readonly kernel: LayerVariable;
  readonly bias: LayerVariable | undefined;
}

export type ProjectionName = "query" | "key" | "value" | "output";

/** Vaswani et al. 2017. Inputs query [batch, T, d], value [batch, S, d′] and, where it differs, key. */
export class MultiHeadAttention extends OwnLayer {
  readonly #options: MultiHeadAttentionOptions;
  readonly #initializer: Initializer;
  readonly #projections = new Map<ProjectionName, Projection>();

  constructor(name: string, options: MultiHeadAttentionOptions, initializer: Initializer) {
    super(name, "MultiHeadAttention");
    this.#options = options;
    this.#initializer = initializer;
  }

  /** Once built; kernel and bias, as Keras stores them by projection. */
  projection(name: ProjectionName): LayerVariable[] {
    const found = this.#projections.get(name);
    return found === undefined ? [] : [found.kernel, ...(found.bias === undefined ? [] : [found.bias])];
  }

  override build(inputShape: Shape | Shape[]): void {
    const shapes = inputShape.filter((each) => Array.isArray(each));
    const [query = [], value = [], key = value] = shapes;
    const { heads, keySize, valueSize } = this.#options;
    const width = knownSize(this, query, -1);
    this.#project("query", [width, heads, keySize], [heads, keySize]);
    this.#project("key", [knownSize(this, key, -1), heads, keySize], [heads, keySize]);
    this.#project("value", [knownSize(this, value, -1), heads, valueSize], [heads, valueSize]);
    const outputSize = this.#options.outputSize ?? width;
    this.#project("output", [heads, valueSize, outputSize], [outputSize]);
    this.built = true;
  }

  protected override compute(inputs: readonly tf.Tensor[], masks: readonly Mask[]): tf.Tensor {
    const [query, value, key = value] = inputs;
    if (query === undefined || value === undefined || key === undefined) return tf.scalar(0);
    const { keySize, causal, zeroWhenMasked } = this.#options;
    const scaled = tf.mul(this.#split("query", query), 1 / Math.sqrt(keySize));
    const values = this.#split("value", value);
    const mask = this.#mask(masks, causal ? causalMask(query.shape[1] ?? 1, value.shape[1] ?? 1) : null);
    const attended = attend(scaled, this.#split("key", key), values, mask, zeroWhenMasked);
    // [batch, heads, T, size] -> [batch, T, heads·size] × [heads·size, output]
    const [batch = 1, heads = 1, steps = 1, size = 1] = attended.shape;
    const joined = tf.reshape<tf.Rank.R2>(tf.transpose(attended, [0, 2, 1, 3]), [batch * steps, heads * size]);
    return this.#add("output", tf.reshape(this.#product("output", joined), [batch, steps, -1]));
  }

  protected override shapes(inputs: readonly Shape[]): Shape[] {
    const [query = []] = inputs;
    for (const shape of inputs) if (shape.length !== 3) knownSize(this, [], 2);
    return [[...query.slice(0, -1), this.#options.outputSize ?? query.at(-1) ?? null]];
  }

  /** [batch, 1, T, S]: where the query's, the value's and the key's mask and the causal one all allow. */
  #mask([query, value, key]: readonly Mask[], causal: Mask): Mask {
    const parts: tf.Tensor[] = [];
    if (query) parts.push(tf.reshape(query, [query.shape[0] ?? 1, 1, query.shape[1] ?? 1, 1]));
    const others = this.#options.inputs === "value, key" ? [value, key] : [value];
    for (const other of others)
      if (other) parts.push(tf.reshape(other, [other.shape[0] ?? 1, 1, 1, other.shape[1] ?? 1]));
    if (causal) parts.push(causal);
    return parts.length === 0 ? null : parts.map((part) => tf.cast(part, "float32")).reduce((a, b) => tf.mul(a, b));
  }

  /** [batch, T, size] -> [batch, heads, T, head size] */
  #split(name: ProjectionName, x: tf.Tensor): tf.Tensor {
    const [batch = 1, steps = 1, size = 1] = x.shape;
    const kernel = this.#projections.get(name)?.kernel.shape ?? [];
    const [, heads, each] = kernel;
    const flat = this.#product(name, tf.reshape<tf.Rank.R2>(x, [batch * steps, size]));
    const split = this.#add(name, tf.reshape(flat, [batch, steps, heads ?? 1, each ?? 1]));
    return tf.transpose(split, [0, 2, 1, 3]);
  }

  #product(name: ProjectionName, x: tf.Tensor2D): tf.Tensor {
    const kernel = this.#projections.get(name)?.kernel.read() ?? tf.scalar(0);
    return tf.matMul(x, tf.reshape<tf.Rank.R2>(kernel, [x.shape[1], -1]));
  }

  #add(name: ProjectionName, x: tf.Tensor): tf.Tensor {
    const bias = this.#projections.get(name)?.bias;
    return bias === undefined ? x : tf.add(x, bias.read());
  }

  #project(name: ProjectionName, shape: number[], biasShape: number[]): void {
    const kernel = this.parameter(`${name}/kernel`, shape, this.#initializer);
    const bias = this.#options.useBias ? this.parameter(`${name}/bias`, biasShape, this.#initializer) : undefined;
    this.#projections.set(name, { kernel, bias });
  }
}
