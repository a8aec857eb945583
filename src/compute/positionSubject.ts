import { PathlightError } from "../common/errors.ts";
import type { OutputHead } from "../engine/port.ts";
import type { TargetSpec } from "../protocol/explain.ts";
import type { PositionLabel } from "../protocol/explanation.ts";
import type { ManifestModel } from "../protocol/manifest.ts";
import type { HeadValues } from "./predictions.ts";
import { isExplained, type PreparedInput } from "./prepareInputs.ts";
import type { Subject } from "./subject.ts";
import { predictionsOf, resolveTarget, taskOf } from "./target.ts";

/** The label of what is nothing in particular. */
const OUTSIDE = "O";

/** The text whose positions the output labels, one row of it each; undefined where it does not. */
export function labelledText(inputs: readonly PreparedInput[], shape: readonly number[]): PreparedInput | undefined {
  if (shape.length !== 2) return undefined;
  return inputs.find(
    (input) =>
      input.prepared.kind === "text" &&
      input.role === undefined &&
      input.embeddings.length > 0 &&
      isExplained(input) &&
      (input.prepared.windows?.length ?? input.prepared.encoded.tokens.length) === shape[0],
  );
}

/**
 * The label of one position of a text: the position that the target names, else the last where the labels are the next
 * tokens (`isNext`), else the first that is labelled otherwise than `O`, else the one that the model is surest of. Throws
 * `target-invalid`.
 */
export function positionSubject(
  text: PreparedInput,
  head: OutputHead,
  entry: ManifestModel,
  values: HeadValues,
  labels: readonly string[],
  target: TargetSpec,
  isNext: boolean,
): Pick<Subject, "predictions" | "target" | "place" | "positions"> & { readonly position: number } {
  const width = labels.length;
  const task = taskOf(head, entry, width);
  const row = (of: Float32Array, position: number) => of.subarray(position * width, (position + 1) * width);
  const predictionsAt = (position: number) =>
    predictionsOf(head, task, row(values.logits, position), row(values.outputs, position), labels);
  const tokens = text.prepared.kind === "text" ? text.prepared.encoded.tokens : [];
  const read = tokens.flatMap(({ special }, position) => (special === "pad" ? [] : [position]));
  const positions = read.map((position): PositionLabel => {
    const { index, label, score } = resolveTarget({ kind: "predicted" }, predictionsAt(position));
    return { position, index, label, score };
  });
  const words = positions.filter(({ position }) => tokens[position]?.special !== "other");
  const surest = [...words].sort((a, b) => b.score - a.score)[0];
  // A tokenizer may put an end after every text: nothing comes next there.
  const last = read.findLast((at) => tokens[at]?.special !== "other" || tokens[at]?.start !== tokens[at]?.end);
  const chosen = isNext ? last : (words.find(({ label }) => label !== OUTSIDE) ?? surest)?.position;
  const position = target.position ?? chosen ?? read[0] ?? 0;
  if (!read.includes(position)) {
    throw new PathlightError("target-invalid", `There is no token at position ${position}.`, {
      expected: `a position from ${read[0] ?? 0} to ${read.at(-1) ?? 0}`,
      found: tokens[position] === undefined ? String(position) : `${position}, which is padding`,
      whatToDo: "Choose the position of a token of the text.",
    });
  }
  const predictions = predictionsAt(position);
  // An expression is over the labels of the position that the prediction is of.
  const { index, label, logit } = resolveTarget(
    target.kind === "expression" ? { kind: "predicted" } : target,
    predictions,
  );
  return { predictions, target: { index, label, value: logit }, place: [position, index], position, positions };
}
