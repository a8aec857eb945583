import * as tf from "@tensorflow/tfjs-core";
import { gradient } from "./gradient.ts";

/** Cumsum. tfjs permutes the axes wrongly unless it is the last one. The gradient is the sum from the other end. */
export const cumsumGradient = gradient(tf.Cumsum, [], (dy, _saved, attrs) => ({
  x: () => tf.cumsum(dy, Number(attrs["axis"]), attrs["exclusive"] === true, attrs["reverse"] !== true),
}));
