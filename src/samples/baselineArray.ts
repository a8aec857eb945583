import { PathlightError } from "../common/errors.ts";
import type { NumericTensor } from "./numericTensor.ts";
import type { SampleContext } from "./prepareSample.ts";
import { tensorFromNpy } from "./tensorSample.ts";

/** A `.npy` file as a baseline: one of another shape is an error of the baseline, not of the sample. */
export async function arrayOfShape(
  path: string,
  shape: readonly number[],
  context: SampleContext,
): Promise<NumericTensor> {
  try {
    return await tensorFromNpy(path, shape, context.integer, context.signal);
  } catch (thrown) {
    if (!(thrown instanceof PathlightError) || thrown.code !== "sample-shape") throw thrown;
    const message = "The baseline does not have the shape of the sample.";
    throw new PathlightError("baseline-invalid", message, { ...thrown.details, whatToDo: "Choose another baseline." });
  }
}
