import { matMul, mul, reshape, sum, type Tensor, type Tensor2D } from "@tensorflow/tfjs-core";
import type { LayerNode } from "./layer.ts";

/** Points of a stretch of the path, as matrices that multiply batches of its rows, [intervals, rows] both. */
export interface Stretch {
  /** The value at the end of each interval less that at its start. */
  readonly differences: Tensor2D;
  /** Of the gradients, for each interval. */
  readonly weights: Tensor2D;
}

/** Float32, [intervals, neurons] and [intervals, places]. */
export interface Increments {
  readonly neurons: Tensor;
  /** Of a node with one axis beside that of the neurons, summed over the neurons; null of others. */
  readonly places: Tensor | null;
}

/**
 * Σ over the places of each neuron of (weighted gradients) ⊙ (differences of values), for each interval: a value that does
 * not change gives nothing, to the last bit. What is not finite stays with its neuron. To be called inside `tidy`.
 *
 * @param values and `gradients`: [rows, ...shape]
 */
export function incrementsOf(
  { differences, weights }: Stretch,
  { shape, axis }: LayerNode,
  values: Tensor,
  gradients: Tensor,
): Increments {
  const [intervals = 1, rows = 1] = differences.shape;
  const size = values.size / rows;
  const change = matMul(differences, reshape(values, [rows, size]) as Tensor2D);
  const gradient = matMul(weights, reshape(gradients, [rows, size]) as Tensor2D);
  const product = mul(gradient, change);
  const count = shape[axis] ?? 1;
  const inner = shape.slice(axis + 1).reduce((all, side) => all * side, 1);
  const outer = size / count / inner;
  return {
    neurons: sumOver(reshape(product, [intervals, outer, count, inner]), [3, 1]),
    places: shape.length === 2 ? sumOver(reshape(product, [intervals, ...shape]), [axis + 1]) : null,
  };
}

/** One axis after the other, last first: none over an axis of one value, which would be a copy. */
function sumOver(values: Tensor, axes: readonly number[]): Tensor {
  return axes.reduce((rest, axis) => (rest.shape[axis] === 1 ? squeezed(rest, axis) : sum(rest, axis)), values);
}

function squeezed(values: Tensor, axis: number): Tensor {
  return reshape(
    values,
    values.shape.filter((_, at) => at !== axis),
  );
}
