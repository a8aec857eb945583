import * as tf from "@tensorflow/tfjs-core";
import { withoutTape } from "../tape.ts";

/**
 * A value of a graph while it is computed. ONNX puts channels first, tfjs computes with channels last: a value may be
 * there in either order or in both, so that a chain of convolutions and activations is turned round only at its ends.
 * The other order is made when it is asked for, and kept. `shape` is always the ONNX one.
 */
export class Value {
  readonly shape: readonly number[];
  readonly dtype: tf.DataType;
  /** Lives as long as the model: what is derived from it is made once, and outside of any gradient. */
  readonly isConstant: boolean;
  readonly #given: tf.Tensor;
  #plain: tf.Tensor | undefined;
  #channelsLast: tf.Tensor | undefined;
  #numbers: readonly number[] | undefined;
  readonly #derived = new Map<string, tf.Tensor>();

  private constructor(plain: tf.Tensor | undefined, channelsLast: tf.Tensor | undefined, isConstant: boolean) {
    const given = plain ?? channelsLast;
    if (given === undefined) throw new Error("a value needs a tensor");
    this.#given = given;
    this.#plain = plain;
    this.#channelsLast = channelsLast;
    this.isConstant = isConstant;
    this.shape = plain?.shape ?? channelsFirstShape(given.shape);
    this.dtype = given.dtype;
  }

  static of(tensor: tf.Tensor): Value {
    return new Value(tensor, undefined, false);
  }

  /** `tensor` is [batch, ...spatial, channels], of rank 3 or more. */
  static channelsLast(tensor: tf.Tensor): Value {
    return new Value(undefined, tensor, false);
  }

  static constant(tensor: tf.Tensor): Value {
    return new Value(tf.keep(tensor), undefined, true);
  }

  /** Whether the value is there with channels last, so that it costs nothing to go on that way. */
  get prefersChannelsLast(): boolean {
    return this.#plain === undefined;
  }

  plain(): tf.Tensor {
    const channelsLast = this.#channelsLast;
    if (this.#plain === undefined && channelsLast !== undefined) {
      this.#plain = this.#make(() => tf.transpose(channelsLast, toFirst(channelsLast.rank)));
    }
    return this.#plain ?? this.#missing();
  }

  /** [batch, ...spatial, channels]. */
  channelsLast(): tf.Tensor {
    const plain = this.#plain;
    if (this.#channelsLast === undefined && plain !== undefined) {
      this.#channelsLast = this.#make(() => tf.transpose(plain, toLast(plain.rank)));
    }
    return this.#channelsLast ?? this.#missing();
  }

  /** The numbers themselves, for shapes, axes and the like. */
  numbers(): readonly number[] {
    this.#numbers ??= Array.from(this.plain().dataSync(), Number);
    return this.#numbers;
  }

  /** Something made of this value alone, such as a filter in another order; of a constant it is made once. */
  derived(key: string, make: (plain: tf.Tensor) => tf.Tensor): tf.Tensor {
    const known = this.#derived.get(key);
    if (known !== undefined) return known;
    const made = this.#make(() => make(this.plain()));
    this.#derived.set(key, made);
    return made;
  }

  /** The same value for as long as the caller wants it. */
  asConstant(): Value {
    return this.isConstant ? this : Value.constant(withoutTape(() => tf.clone(this.plain())));
  }

  /** The tensors that the value is made of. */
  tensors(): tf.Tensor[] {
    return [this.#plain, this.#channelsLast, ...this.#derived.values()].filter((tensor) => tensor !== undefined);
  }

  /** Frees what was made of the tensor that was given, and leaves that to its owner. A constant keeps everything. */
  disposeMade(): void {
    if (this.isConstant) return;
    if (this.#plain !== this.#given) this.#plain = disposed(this.#plain);
    if (this.#channelsLast !== this.#given) this.#channelsLast = disposed(this.#channelsLast);
    for (const tensor of this.#derived.values()) tensor.dispose();
    this.#derived.clear();
  }

  dispose(): void {
    for (const tensor of this.tensors()) if (!tensor.isDisposed) tensor.dispose();
  }

  /** Kept, because it belongs to this value and not to the operator that asked for it. */
  #make(make: () => tf.Tensor): tf.Tensor {
    return tf.keep(this.isConstant ? withoutTape(() => tf.tidy(make)) : tf.tidy(make));
  }

  #missing(): never {
    throw new Error("the value has no tensor");
  }
}

function disposed(tensor: tf.Tensor | undefined): undefined {
  tensor?.dispose();
}

function toLast(rank: number): number[] {
  return [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1];
}

function toFirst(rank: number): number[] {
  return [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)];
}

function channelsFirstShape(shape: readonly number[]): number[] {
  return [shape[0] ?? 1, shape.at(-1) ?? 1, ...shape.slice(1, -1)];
}
