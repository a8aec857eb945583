import { PathlightError } from "../common/errors.ts";
import type { NodeId } from "../engine/port.ts";
import type { ExplainRequest, SampleRef } from "../protocol/explain.ts";

/**
 * Which sample each input of the model gets: by name, and those without a name in order to the inputs that are left;
 * where they do not reach, inputs for which `canBeFilled` holds get none. Throws `usage` when a name is unknown or given twice, or when samples are too many or too few.
 */
export function assignSamples<T extends { readonly id: NodeId }>(
  samples: ExplainRequest["samples"],
  inputs: readonly T[],
  canBeFilled: (id: NodeId) => boolean = () => false,
): { readonly spec: T; readonly sample: SampleRef | null }[] {
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
  const open = inputs.filter(({ id }) => !named.has(id)).length;
  const fills = unnamed.length < open;
  const assigned = inputs.map((spec) => {
    const filled = fills && canBeFilled(spec.id);
    const sample = named.get(spec.id) ?? (filled ? null : unnamed.shift());
    if (sample !== undefined) return { spec, sample };
    throw missingInput(spec.id, samples, inputs);
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

/** `usage`: nothing is given for an input that needs a sample. */
export function missingInput(
  id: NodeId,
  samples: ExplainRequest["samples"],
  inputs: readonly { readonly id: NodeId }[],
): PathlightError {
  return new PathlightError("usage", `The input ${id} of the model is missing.`, {
    expected: `a sample for each of ${inputs.map((input) => input.id).join(", ")}`,
    found: samples.map(({ input }) => input ?? "one without a name").join(", "),
    whatToDo: `Add --input ${id}=FILE.`,
  });
}
