import { PathlightError } from "../../common/errors.ts";
import type { WeightEntry } from "./readModelJson.ts";
import { storedBytes } from "./readWeights.ts";

/** Throws `not-finite` for the first weight that holds NaN or infinity. `data` is all weights, packed. */
export function refuseNonFiniteWeights(file: string, specs: readonly WeightEntry[], data: ArrayBuffer): void {
  let offset = 0;
  for (const spec of specs) {
    const bytes = storedBytes(spec);
    // After a string weight the offsets are only known to the decoder.
    if (bytes === undefined) return;
    const place = findNonFinite(spec, data, offset, bytes);
    if (place !== undefined) {
      throw new PathlightError("not-finite", `The weight ${spec.name} is not finite.`, {
        file,
        expected: "finite numbers",
        found: `${place} in ${spec.name}, shape [${spec.shape.join(", ")}]`,
        whatToDo: "Save the model from before the training diverged.",
      });
    }
    offset += bytes;
  }
}

function findNonFinite(spec: WeightEntry, data: ArrayBuffer, offset: number, bytes: number): string | undefined {
  const { quantization } = spec;
  if (quantization?.dtype === "float16") {
    const values = new Uint16Array(data.slice(offset, offset + bytes));
    const index = values.findIndex((bits) => (bits & 0x7c00) === 0x7c00);
    return index < 0 ? undefined : `${(values[index] ?? 0) & 0x3ff ? "NaN" : "infinity"} at ${index}`;
  }
  if (quantization !== undefined) {
    const { min = 0, scale = 1 } = quantization;
    return Number.isFinite(min) && Number.isFinite(scale) ? undefined : `quantisation with ${min} and ${scale}`;
  }
  if (spec.dtype !== "float32") return undefined;
  const values =
    offset % 4 === 0 ? new Float32Array(data, offset, bytes / 4) : new Float32Array(data.slice(offset, offset + bytes));
  const index = values.findIndex((value) => !Number.isFinite(value));
  return index < 0 ? undefined : `${values[index]} at ${index}`;
}
