import * as tf from "@tensorflow/tfjs-core";
import { withoutTape } from "../../tape.ts";

/** |x| as x·sign(x), whose derivative at 0 is 0; that of tfjs's abs is −1 there. */
export function absolute(x: tf.Tensor): tf.Tensor {
  return tf.mul(
    x,
    withoutTape(() => tf.sign(x)),
  );
}
