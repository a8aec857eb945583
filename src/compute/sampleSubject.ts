import type { ExplainRequest } from "../protocol/explain.ts";
import { readLabels } from "../samples/index.ts";
import type { OpenedModel } from "./explainService.ts";
import { labelledText, positionSubject } from "./positionSubject.ts";
import { predictHead } from "./predictions.ts";
import { feedOf, prepareInputs } from "./prepareInputs.ts";
import type { Subject } from "./subject.ts";
import { checkLabels, chooseHead, predictionsOf, resolveTarget, taskOf } from "./target.ts";

/**
 * A sample as it is, and one value of the model's output. Throws `target-invalid` where there is no such value, and what
 * `prepareInputs` and `predictHead` throw.
 */
export async function sampleSubject(
  request: ExplainRequest,
  opened: OpenedModel,
  signal: AbortSignal | undefined,
): Promise<Subject> {
  const { settings } = request;
  const { entry, loaded, baseFolder } = opened;
  const head = chooseHead(loaded.model, settings, entry);
  const inputs = await prepareInputs(request, opened, signal);
  const values = await predictHead(loaded.model, head, inputs.map(feedOf));
  const { shape, logits, outputs } = values;
  const text = labelledText(inputs, shape);
  const named = await readLabels(entry.labels, baseFolder);
  const shared = { head, inputs, fixed: new Map(), notes: [] };
  if (text !== undefined) {
    const labels = checkLabels(named, shape[1] ?? 0, entry.name);
    return { ...shared, ...positionSubject(text, head, entry, values, labels, settings.target) };
  }
  const labels = checkLabels(named, logits.length, entry.name);
  const predictions = predictionsOf(head, taskOf(head, entry, logits.length), logits, outputs, labels);
  const target = resolveTarget(settings.target, predictions);
  return { ...shared, predictions, target, place: target.index };
}
