import * as tf from "@tensorflow/tfjs-core";
import { ValueLayer } from "./valueLayer.ts";

/** Hands its input on: what Identity does always, and dropout, noise and random augmentation do in inference. */
export class Identity extends ValueLayer {
  constructor(name: string, kind: string) {
    super(name, kind, (x) => tf.clone(x));
  }
}
