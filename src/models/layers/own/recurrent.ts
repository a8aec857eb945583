import * as tf from "@tensorflow/tfjs-core";
import {
  asShapes,
  firstOf,
  type Initializer,
  knownSize,
  type LayerVariable,
  type Mask,
  OwnLayer,
  type Shape,
} from "./ownLayer.ts";
import { type CellOptions, cells, gatesOf, type RecurrentKind, statesOf } from "./recurrentCells.ts";

export interface RecurrentOptions extends CellOptions {
  readonly kind: RecurrentKind;
  readonly useBias: boolean;
  readonly returnSequences: boolean;
  readonly returnState: boolean;
  readonly goBackwards: boolean;
  /** What stands at masked steps of a sequence: zero, or the last output before. */
  readonly zeroOutputForMask: boolean;
}

/**
 * SimpleRNN, LSTM and GRU as Keras computes them: with `reset_after`, with masks, with states given from outside (inputs
 * after the first) and handed out. Input [batch, steps, features].
 */
export class Recurrent extends OwnLayer {
  readonly options: RecurrentOptions;
  readonly #initializer: Initializer;
  #kernel: LayerVariable | undefined;
  #recurrentKernel: LayerVariable | undefined;
  #bias: LayerVariable | undefined;

  constructor(name: string, options: RecurrentOptions, initializer: Initializer) {
    super(name, options.kind);
    this.options = options;
    this.#initializer = initializer;
    this.handsMaskOn = options.returnSequences;
  }

  override build(inputShape: Shape | Shape[]): void {
    const shape = firstOf(asShapes(inputShape));
    const { units, kind, useBias, resetAfter } = this.options;
    const width = gatesOf[kind] * units;
    this.#kernel = this.parameter("kernel", [knownSize(this, shape, -1), width], this.#initializer);
    this.#recurrentKernel = this.parameter("recurrent_kernel", [units, width], this.#initializer);
    const biasShape = kind === "GRU" && resetAfter ? [2, width] : [width];
    if (useBias) this.#bias = this.parameter("bias", biasShape, this.#initializer);
    this.built = true;
  }

  protected override compute(inputs: readonly tf.Tensor[], masks: readonly Mask[]): tf.Tensor | tf.Tensor[] {
    const x = firstOf(inputs);
    const { units, kind, returnSequences, returnState, goBackwards } = this.options;
    const [batch = 1, steps = 1, features = 1] = x.shape;
    const kernel = this.#kernel?.read();
    const recurrentKernel = this.#recurrentKernel?.read();
    if (kernel === undefined || recurrentKernel === undefined) return [];
    const width = gatesOf[kind] * units;
    const { inputBias, recurrentBias } = this.#biases(width);
    // All steps at once: [batch·steps, features] × [features, gates·units]
    const flat = tf.matMul(
      tf.reshape<tf.Rank.R2>(x, [batch * steps, features]),
      tf.reshape<tf.Rank.R2>(kernel, [features, width]),
    );
    const products = tf.unstack(
      tf.reshape(inputBias === undefined ? flat : tf.add(flat, inputBias), [batch, steps, width]),
      1,
    );
    const [mask] = masks;
    const present = mask ? tf.unstack(tf.reshape(tf.cast(mask, "float32"), [batch, steps, 1]), 1) : undefined;
    const weights = { recurrentKernel: tf.reshape<tf.Rank.R2>(recurrentKernel, [units, width]), recurrentBias };
    let states = inputs.slice(1);
    if (states.length === 0) states = Array.from({ length: statesOf[kind] }, () => tf.zeros([batch, units]));
    let last: tf.Tensor = tf.zeros([batch, units]);
    const outputs: tf.Tensor[] = [];
    const order = Array.from(products.keys());
    for (const step of goBackwards ? order.reverse() : order) {
      const product = products[step];
      if (product === undefined) continue;
      const next = cells[kind](product, states, weights, this.options);
      const here = present?.[step];
      const output = firstOf(next);
      const before = this.options.zeroOutputForMask ? tf.zerosLike(last) : last;
      last = here === undefined ? output : chosen(here, output, before);
      states = here === undefined ? next : next.map((state, i) => chosen(here, state, states[i] ?? state));
      outputs.push(last);
    }
    const result = returnSequences ? tf.stack(outputs, 1) : last;
    return returnState ? [result, ...states] : result;
  }

  protected override shapes(inputs: readonly Shape[]): Shape[] {
    const [batch = null, steps = null] = firstOf(inputs);
    const { units, kind, returnSequences, returnState } = this.options;
    const output: Shape = returnSequences ? [batch, steps, units] : [batch, units];
    if (!returnState) return [output];
    return [output, ...Array.from({ length: statesOf[kind] }, (): Shape => [batch, units])];
  }

  #biases(width: number): { inputBias: tf.Tensor | undefined; recurrentBias: tf.Tensor | undefined } {
    const bias = this.#bias?.read();
    if (bias === undefined || bias.rank === 1) return { inputBias: bias, recurrentBias: undefined };
    const row = (index: number) => tf.reshape(tf.slice(bias, [index, 0], [1, width]), [width]);
    return { inputBias: row(0), recurrentBias: row(1) };
  }
}

/** a where the mask is 1, b where it is 0. */
function chosen(mask: tf.Tensor, a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  return tf.add(tf.mul(mask, a), tf.mul(tf.sub(1, mask), b));
}
