import { type Tensor, tidy } from "@tensorflow/tfjs-core";
import type { DifferentiableModel, NodeId } from "./port.ts";
import { fromTensorError } from "./tensorErrors.ts";

export interface Prediction {
  readonly values: Float32Array;
  /** With the batch axis. */
  readonly shape: readonly number[];
}

/** A forward pass. The feeds stay the caller's. */
export async function predict(
  model: DifferentiableModel,
  feeds: ReadonlyMap<NodeId, Tensor>,
  fetch: NodeId,
): Promise<Prediction> {
  let output: Tensor | undefined;
  try {
    output = tidy(() => model.evaluate(feeds, [fetch])[0] as Tensor);
    return { values: Float32Array.from(await output.data()), shape: output.shape };
  } catch (error) {
    throw fromTensorError(error);
  } finally {
    output?.dispose();
  }
}
