import type { OutputHead } from "../../engine/port.ts";
import type { Prediction } from "../../protocol/explanation.ts";
import type { HeadValues } from "../predictions.ts";
import { predictionsOf, type Task } from "../target.ts";

/**
 * What a model says of each window: `logits` and `outputs` are [windows × values], or [values] of a text that is read at
 * once; `labels`: one for each value.
 */
export function windowPredictions(
  head: OutputHead,
  task: Task,
  { logits, outputs }: Pick<HeadValues, "logits" | "outputs">,
  labels: readonly string[],
): Prediction[][] {
  const width = labels.length;
  const part = (values: Float32Array, at: number) => values.subarray(at * width, (at + 1) * width);
  return Array.from({ length: logits.length / width }, (_, at) =>
    predictionsOf(head, task, part(logits, at), part(outputs, at), labels),
  );
}

/** The mean over windows of each number. Of one window, what it says. */
export function meanPredictions(windows: readonly (readonly Prediction[])[]): Prediction[] {
  const [first = [], ...others] = windows;
  if (others.length === 0) return [...first];
  const mean = (read: (own: readonly Prediction[]) => number): number =>
    windows.reduce((sum, own) => sum + read(own), 0) / windows.length;
  return first.map((prediction, at) => ({
    ...prediction,
    score: mean((own) => own[at]?.score ?? Number.NaN),
    logit: mean((own) => own[at]?.logit ?? Number.NaN),
  }));
}
