import { PathlightError } from "../common/errors.ts";
import type { NodeId } from "../engine/port.ts";
import type { ExplainRequest, SampleRef } from "../protocol/explain.ts";

/**
 * Which sample each input of the model gets: by name, and those without a name in order to the inputs that are left.
 * Throws `usage` when a name is unknown or given twice, or when samples are too many or too few.
 */
export function assignSamples<T extends { readonly id: NodeId }>(
  samples: ExplainRequest["samples"],
  inputs: readonly T[],
): { readonly spec: T; readonly sample: SampleRef }[] {
  const names = inputs.map(({ id }) => id);
  const named = new Map<NodeId, SampleRef>();
  for (const { input, sample } of samples) {
    if (input === undefined) continue;
    if (!names.includes(input)) {
      throw new PathlightError("usage", `The model has no input ${JSON.stringify(input)}.`, {
        expected: `one of ${names.join(", ")}`,
        found: JSON.stringify(input),
        whatToDo: "Correct the name before the equals sign.",
      });
    }
    if (named.has(input)) {
      throw new PathlightError("usage", `The input ${input} of the model is given twice.`, {
        whatToDo: "Leave one of the two.",
      });
    }
    named.set(input, sample);
  }
  const unnamed = samples.flatMap(({ input, sample }) => (input === undefined ? [sample] : []));
  const assigned = inputs.map((spec) => {
    const sample = named.get(spec.id) ?? unnamed.shift();
    if (sample !== undefined) return { spec, sample };
    throw new PathlightError("usage", `The input ${spec.id} of the model is missing.`, {
      expected: `a sample for each of ${names.join(", ")}`,
      found: samples.map(({ input }) => input ?? "one without a name").join(", "),
      whatToDo: `Add --input ${spec.id}=FILE.`,
    });
  });
  if (unnamed.length > 0) {
    throw new PathlightError("usage", "There are more samples than inputs of the model.", {
      expected: inputs.length === 1 ? "one sample" : `${inputs.length} samples, for ${names.join(", ")}`,
      found: String(samples.length),
      whatToDo: "Explain one sample at a time.",
    });
  }
  return assigned;
}
