import type { ExplainRequest } from "../protocol/explain.ts";
import type { Prediction } from "../protocol/explanation.ts";
import { readLabels } from "../samples/index.ts";
import { continuesText } from "./cacheNote.ts";
import { expressionTarget } from "./expressionTarget.ts";
import { withFeeds } from "./feeds.ts";
import type { OpenedModel } from "./openedModel.ts";
import { labelledText, positionSubject } from "./positionSubject.ts";
import { predictHead } from "./predictions.ts";
import { feedOf, type PreparedInput, prepareInputs } from "./prepareInputs.ts";
import type { Subject } from "./subject.ts";
import { checkLabels, chooseHead, resolveTarget, taskOf } from "./target.ts";
import { modelFor, refuseWindows, windowLayout } from "./windows/windowLayout.ts";
import { meanPredictions, windowPredictions } from "./windows/windowPredictions.ts";

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
  const layout = windowLayout(inputs);
  const model = modelFor(loaded.model, layout);
  const values = await predictHead(model, head, inputs.map(feedOf));
  const { shape, logits, outputs } = layout === undefined ? values : { ...values, shape: values.shape.slice(1) };
  const text = labelledText(inputs, shape);
  if (text !== undefined) refuseWindows(inputs, "A text whose tokens the model labels is");
  const named = await readLabels(entry.labels, baseFolder);
  const shared = { head, inputs, fixed: new Map(), notes: [] };
  const wanted = settings.target;
  const labelled = named !== null;
  /** The expression over what the model says of the sample, and of a position of it where it labels each. */
  const calculated = (source: string, predictions: readonly Prediction[], position: number | null) =>
    withFeeds(inputs.map(feedOf), async (feeds) => {
      const task = taskOf(head, entry, predictions.length);
      const facts = {
        model,
        windowed: layout !== undefined,
        feeds,
        inputs,
        head,
        task,
        predictions,
        labelled,
        position,
      };
      return { ...expressionTarget(source, facts), place: null };
    });
  // A vector for each token without names for its values is an embedding, not a choice of labels.
  const isEmbedding = wanted.kind === "expression" && named === null && wanted.position === undefined;
  if (text !== undefined && !isEmbedding) {
    const isNext = continuesText(loaded);
    const labels = checkLabels(named ?? (isNext ? nextTokens(text, shape[1]) : null), shape[1] ?? 0, entry.name);
    const found = positionSubject(text, head, entry, values, labels, wanted, isNext);
    if (wanted.kind !== "expression") return { ...shared, ...found };
    return { ...shared, ...found, ...(await calculated(wanted.expression, found.predictions, found.position)) };
  }
  const width = logits.length / (layout?.places.length ?? 1);
  const task = taskOf(head, entry, width);
  const labels = checkLabels(named, width, entry.name, task === "regression" ? "output" : "class");
  const byWindow = windowPredictions(head, task, { logits, outputs }, labels);
  const predictions = meanPredictions(byWindow);
  const windows = (target: number | null) =>
    layout === undefined
      ? {}
      : { windows: { layout, predictions: byWindow.map((own) => (target === null ? null : (own[target] ?? null))) } };
  if (wanted.kind === "expression") {
    return { ...shared, ...windows(null), ...(await calculated(wanted.expression, predictions, null)) };
  }
  const { index, label, logit } = resolveTarget(wanted, predictions);
  return { ...shared, ...windows(index), predictions, target: { index, label, value: logit }, place: index };
}

/** The tokens that may come next, in the order of the output; null where it is not over the vocabulary of the text. */
function nextTokens({ context, embeddings }: PreparedInput, width: number | undefined): string[] | null {
  const { tokenizer } = context;
  const [embedding] = embeddings;
  if (tokenizer === undefined || embedding === undefined || embedding.vocabularySize !== width) return null;
  return Array.from({ length: width }, (_, id) => tokenizer.idToToken(id)?.text ?? `#${id}`);
}
