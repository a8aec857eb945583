import { throwIfCancelled } from "../common/cancellation.ts";
import { PathlightError } from "../common/errors.ts";
import { elementCount, type NumericTensor } from "./numericTensor.ts";
import { tensorFromNpy } from "./tensorSample.ts";

/**
 * The mean of `.npy` arrays of one shape, summed in float64. Arrays of another shape are something else that lies in
 * the same folder and are left out. Throws `baseline-invalid` when none is left, and what `tensorFromNpy` throws.
 */
export async function meanOfArrays(
  paths: readonly string[],
  shape: readonly number[],
  signal?: AbortSignal,
  onProgress?: (done: number, of: number) => void,
): Promise<{ readonly tensor: NumericTensor; readonly count: number }> {
  const sum = new Float64Array(elementCount(shape));
  let count = 0;
  for (const [index, path] of paths.entries()) {
    throwIfCancelled(signal);
    const array = await sampleOfShape(path, shape, signal);
    if (array !== null) {
      count++;
      array.data.forEach((value, at) => {
        sum[at] = (sum[at] ?? 0) + value;
      });
    }
    onProgress?.(index + 1, paths.length);
  }
  if (count > 0)
    return { tensor: { shape: [...shape], data: Float32Array.from(sum, (value) => value / count) }, count };
  throw new PathlightError("baseline-invalid", "There are no arrays to take the mean of.", {
    expected: "at least one .npy file of the sample's shape",
    found: `${paths.length} files, none of them`,
    whatToDo: "Choose another baseline.",
  });
}

async function sampleOfShape(
  path: string,
  shape: readonly number[],
  signal?: AbortSignal,
): Promise<NumericTensor | null> {
  try {
    return await tensorFromNpy(path, shape, false, signal);
  } catch (thrown) {
    if (thrown instanceof PathlightError && thrown.code === "sample-shape") return null;
    throw thrown;
  }
}
