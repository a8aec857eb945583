import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { PathlightError } from "../../../common/errors.ts";
import { detached } from "../../tape.ts";

/** Batch axis first, as null; so are other sizes that are known only when values come. */
export type Shape = (number | null)[];

export type LayerVariable = ReturnType<InstanceType<typeof tfl.layers.Layer>["weights"]["slice"]>[number];

/** Starting values of a weight, which its stored values replace. */
export type Initializer = ReturnType<typeof tfl.initializers.zeros>;

export type Mask = tf.Tensor | null;

/**
 * A layer of Pathlight's own, where tfjs has none or another one. Layers are handled one by one: shapes when it is built
 * and applied to symbols, `compute` for values. Parameters are variables of the layer, disposed with it.
 */
export abstract class OwnLayer extends tfl.layers.Layer {
  readonly kind: string;
  /** Whether the output of this layer has a mask where its inputs have; otherwise the mask ends here, as in Keras. */
  handsMaskOn = false;
  /** Inputs whose masks are given as inputs too, at the end: Keras 3 writes them into the graph. */
  explicitMasks: readonly number[] = [];

  /** `kind` is the class that a person knows it by. */
  constructor(name: string, kind: string) {
    super({ name });
    this.kind = kind;
  }

  /** Values of the inputs and their masks (of steps, [batch, steps]) to those of the outputs. */
  protected abstract compute(inputs: readonly tf.Tensor[], masks: readonly Mask[]): tf.Tensor | tf.Tensor[];

  /** Shapes of the outputs. Throws `model-unsupported-shape` where the inputs do not fit. */
  protected abstract shapes(inputs: readonly Shape[]): Shape[];

  override getClassName(): string {
    return this.kind;
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    const outputs = this.shapes(this.ownInputs(asShapes(inputShape)));
    const [only] = outputs;
    return outputs.length === 1 && only !== undefined ? only : outputs;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: Record<string, unknown>): tf.Tensor | tf.Tensor[] {
    const list = Array.isArray(inputs) ? inputs : [inputs];
    const given: unknown = kwargs["masks"];
    const own = this.ownInputs(list);
    return tf.tidy(() => {
      const masks = own.map((_, index): Mask => {
        const place = this.explicitMasks.indexOf(index);
        const mask: unknown = place < 0 ? (Array.isArray(given) ? given[index] : null) : list[own.length + place];
        if (!(mask instanceof tf.Tensor)) return null;
        // A mask changes in jumps only: between them it is constant.
        return place < 0 ? mask : detached(mask);
      });
      return this.compute(own, masks);
    });
  }

  /** What is given beside the masks. */
  protected ownInputs<T>(inputs: readonly T[]): T[] {
    return inputs.slice(0, inputs.length - this.explicitMasks.length);
  }

  /** The mask of the first output; that of the first input where masks are handed on. */
  outputMask(_inputs: readonly tf.Tensor[], masks: readonly Mask[]): Mask {
    return this.handsMaskOn ? (masks[0] ?? null) : null;
  }

  /** A parameter, with zeros until the stored values come. */
  protected parameter(
    name: string,
    shape: readonly number[],
    initializer: Initializer,
    trainable = true,
  ): LayerVariable {
    return this.addWeight(name, [...shape], "float32", initializer, undefined, trainable);
  }
}

/** tfjs hands over the shape of one tensor, or a list of them. */
export function asShapes(shape: Shape | Shape[]): Shape[] {
  const lists = shape.filter((each) => Array.isArray(each));
  if (lists.length > 0) return lists;
  return [shape.filter((size): size is number | null => !Array.isArray(size))];
}

/** The first input, which every layer has. */
export function firstOf<T>(inputs: readonly T[]): T {
  const [first] = inputs;
  if (first === undefined) throw new PathlightError("internal", "A layer was called without an input.");
  return first;
}

/** A size that a layer needs to know when it is built. */
export function knownSize(layer: { name: string }, shape: Shape, axis: number): number {
  const size = shape.at(axis);
  if (typeof size === "number") return size;
  throw new PathlightError("model-unsupported-shape", `The layer ${layer.name} needs an input of known size.`, {
    expected: `a size on axis ${axis}`,
    found: `[${shape.map((each) => each ?? "any").join(", ")}]`,
    whatToDo: "Build the model with the sizes of its inputs before saving it.",
  });
}
