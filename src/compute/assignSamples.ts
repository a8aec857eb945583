import { PathlightError } from "../common/errors.ts";
import type { NodeId } from "../engine/port.ts";
import type { ExplainRequest, SampleRef } from "../protocol/explain.ts";

/**
 * Two texts for the same input as one sample: both texts, or two columns of one row; null: they are no pair.
 */
function pairOf(first: SampleRef, second: SampleRef): SampleRef | null {
  if (first.kind === "text" && second.kind === "text") {
    const isPair = [first, second].some((sample) => sample.second !== undefined || sample.row !== undefined);
    return isPair ? null : { ...first, second: second.text };
  }
  if (first.kind !== "file" || second.kind !== "file") return null;
  const sameRow = first.path === second.path && first.row === second.row && first.row !== undefined;
  if (!sameRow || first.secondColumn !== undefined || second.secondColumn !== undefined) return null;
  if (second.column === undefined || second.column === first.column) return null;
  return { ...first, secondColumn: second.column };
}

/**
 * Which sample each input of the model gets: by name, and those without a name in order to the inputs that are left;
 * where they do not reach, inputs for which `canBeFilled` holds get none. Two texts for one input are a pair that it reads
 * as one sequence. Throws `usage` when a name is unknown or given twice, or when samples are too many or too few.
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
    const before = named.get(input);
    const pair = before === undefined ? null : pairOf(before, sample);
    if (before !== undefined && pair === null) {
      throw new PathlightError("usage", `The input ${input} of the model is given twice.`, {
        whatToDo: "Leave one of the two.",
      });
    }
    named.set(input, pair ?? sample);
  }
  const unnamed = samples.flatMap(({ input, sample }) => (input === undefined ? [sample] : []));
  const [one, other, ...rest] = unnamed;
  const needed = inputs.filter(({ id }) => !named.has(id) && !canBeFilled(id)).length;
  const joined =
    needed === 1 && rest.length === 0 && one !== undefined && other !== undefined ? pairOf(one, other) : null;
  if (joined !== null) unnamed.splice(0, 2, joined);
  const open = inputs.filter(({ id }) => !named.has(id)).length;
  // A text is never a mask or the like.
  const fills = unnamed.length < open || unnamed.some(({ kind }) => kind === "text");
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
