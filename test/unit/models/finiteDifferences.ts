import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";
import { seededRandom } from "../../../src/common/random.ts";

export interface DifferenceOptions {
  /** Length of the step in every direction, in units of the input. */
  readonly step?: number;
  readonly directions?: number;
  readonly seed?: number;
}

/**
 * Compares the gradient of Σ w·f(x), w random, with central differences along random directions. Only forward passes
 * stand behind the differences; they are summed in float64.
 *
 * The tolerance follows from the step h: rounding, 2⁻²³·Σ|w·f| per pass over 2h, and the h² term, which the same
 * difference at 2h measures. A tolerance above 3 % of what could be found would prove nothing and fails the test.
 */
export function assertGradient(f: (x: tf.Tensor) => tf.Tensor, x: tf.Tensor, options: DifferenceOptions = {}): void {
  const { step = 1e-2, directions = 4, seed = 1 } = options;
  const random = seededRandom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

  const shape = tf.tidy(() => f(x).shape);
  const size = shape.reduce((product, each) => product * each, 1);
  const weights = Float32Array.from({ length: size }, normal);
  const w = tf.tensor(weights, shape);
  const gradient = tf.tidy(() =>
    tf
      .grad((each) => tf.sum(tf.mul(f(each), w)))(x)
      .dataSync(),
  );
  assert.ok(gradient.every(Number.isFinite), "the gradient is finite");
  const at = x.dataSync();

  const score = (offset: number, direction: Float32Array): { sum: number; scale: number } => {
    const values = tf.tidy(() =>
      f(
        tf.tensor(
          at.map((value, i) => value + offset * (direction[i] ?? 0)),
          x.shape,
        ),
      ).dataSync(),
    );
    let sum = 0;
    let scale = 0;
    values.forEach((value, i) => {
      sum += value * (weights[i] ?? 0);
      scale += Math.abs(value * (weights[i] ?? 0));
    });
    return { sum, scale };
  };

  for (let k = 0; k < directions; k++) {
    const direction = Float32Array.from(at, normal);
    const difference = (h: number) => {
      const [up, down] = [score(h, direction), score(-h, direction)];
      return { slope: (up.sum - down.sum) / (2 * h), rounding: (2 ** -23 * (up.scale + down.scale)) / (2 * h) };
    };
    const fine = difference(step);
    const coarse = difference(2 * step);
    const expected = fine.slope;
    let actual = 0;
    let reach = 0;
    gradient.forEach((value, i) => {
      actual += value * (direction[i] ?? 0);
      reach += (value * (direction[i] ?? 0)) ** 2;
    });
    const tolerance = 2 * fine.rounding + Math.abs(coarse.slope - fine.slope) + 1e-6 * Math.abs(expected);
    const size = Math.max(Math.sqrt(reach), Math.abs(expected));
    assert.ok(tolerance < 0.03 * size, `the differences are too coarse to judge: ${tolerance} of ${size}`);
    assert.ok(
      Math.abs(actual - expected) <= tolerance,
      `direction ${k}: gradient ${actual}, differences ${expected} ± ${tolerance}`,
    );
  }
  w.dispose();
}

/** Values that are at least `gap` apart from one another and from zero, shuffled: maxima and signs do not flip in a step. */
export function spacedValues(shape: number[], seed: number, gap = 0.1): tf.Tensor {
  const random = seededRandom(seed);
  const size = shape.reduce((product, each) => product * each, 1);
  const values = Array.from({ length: size }, (_, i) => (i - size / 2 + 0.5) * gap);
  for (let i = size - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [values[i], values[j]] = [values[j] ?? 0, values[i] ?? 0];
  }
  return tf.tensor(values, shape);
}
