import { reshape, slice, type Tensor } from "@tensorflow/tfjs-core";
import { PathlightError } from "../common/errors.ts";
import type { DifferentiableModel, NodeId } from "../engine/port.ts";
import { fetchesOf, type ScoreTarget, scoreFrom } from "../engine/scoreOf.ts";
import type { Explanation, Prediction, TextAttribution } from "../protocol/explanation.ts";
import type { WhatIfAnswer, WhatIfEdit, WhatIfResult } from "../protocol/whatIf.ts";
import type { OpenedModel } from "./explainService.ts";
import { readsPadding, scoreAtSample } from "./expressionTarget.ts";
import { withFeeds } from "./feeds.ts";
import { forwardRows } from "./forwardRows.ts";
import { feedOf, type PreparedInput } from "./prepareInputs.ts";
import type { Run } from "./run.ts";
import { type EditAttempt, RunEditor, tokensOf } from "./runEditor.ts";
import type { RunPlan } from "./runPlan.ts";
import { sampleReader } from "./sequence/sampleReader.ts";
import { predictionsOf, taskOf } from "./target.ts";

const STRONGEST = 5;

export interface WhatIfOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: { readonly done: number; readonly total: number }) => void) | undefined;
}

/**
 * What the model says of edited texts of a run, by forward passes. An edit that cannot be made fails by itself; throws
 * `cancelled`, and what the run's own sample throws when it is read again.
 */
export async function whatIf(
  run: Run,
  explanation: Explanation,
  opened: OpenedModel,
  edits: readonly WhatIfEdit[],
  { signal, onProgress }: WhatIfOptions = {},
): Promise<WhatIfAnswer> {
  const { plan } = run;
  const read = await sampleReader(plan, opened);
  const original = await read(plan.request, signal);
  const texts = new Map<string, TextAttribution>();
  for (const attribution of explanation.attributions) {
    if (attribution.kind === "text") texts.set(attribution.input, attribution);
  }
  for (const [input, { tokens }] of texts) {
    const now = tokensOf(original, input);
    if (now.length !== tokens.length || now.some(({ id }, at) => id !== tokens[at]?.id)) throw hasChanged(explanation);
  }
  const editor = new RunEditor(plan.request, texts, original, read, signal);
  const attempts: (EditAttempt | PathlightError)[] = [];
  for (const edit of edits) {
    const attempt = await editor.attempt(edit);
    const lost = !(attempt instanceof Error) && attempt.isReread && isBoundToPosition(plan, opened);
    attempts.push(lost ? positionLost() : attempt);
  }
  const fed = [original, ...attempts.flatMap((attempt) => (attempt instanceof Error ? [] : [attempt.inputs]))];
  const measured = await measure(plan, opened, fed, { signal, onProgress });
  const [before, ...after] = measured;
  if (before === undefined) throw new PathlightError("internal", "The original was not measured.");
  return {
    original: { score: before.score, target: before.target },
    results: attempts.map((attempt): WhatIfResult => {
      if (attempt instanceof Error) return failed(attempt);
      const found = after.shift();
      if (found === undefined || !Number.isFinite(found.score)) return failed(notFinite());
      return {
        kind: "measured",
        ...found,
        removed: [...attempt.edited].map(([input, { removed }]) => ({ input, tokens: [...removed] })),
        texts: [...attempt.edited].flatMap(([input, { shown }]) =>
          shown.map(({ name, text }) => ({ input, name, text })),
        ),
        notes: [...attempt.notes],
        samples: attempt.request.samples,
        ...(attempt.request.blanked === undefined ? {} : { blanked: attempt.request.blanked }),
      };
    }),
  };
}

function hasChanged({ sample }: Explanation): PathlightError {
  return new PathlightError("run-unknown", "The sample has changed since this explanation was made.", {
    file: sample.path ?? undefined,
    whatToDo: "Run it again.",
  });
}

/** Whether the number that is explained stands at a position of the text itself, which other tokens would move. */
function isBoundToPosition({ positions, produced }: RunPlan, { entry }: OpenedModel): boolean {
  return positions !== undefined || (produced !== undefined && entry.generate?.kind === "decoder-only");
}

function positionLost(): PathlightError {
  return new PathlightError(
    "usage",
    "What is explained stands at one position of the text, which this edit may move.",
    {
      expected: "edits that leave every token at its position",
      found: "a text with other tokens",
      whatToDo: "Blank the tokens instead.",
    },
  );
}

function notFinite(): PathlightError {
  return new PathlightError("not-finite", "The model's score of this text is not a finite number.", {
    whatToDo: "Check the model with this text.",
  });
}

function failed({ code, message, details }: PathlightError): WhatIfResult {
  const { whatToDo } = details;
  return { kind: "failed", code, message, ...(whatToDo === undefined ? {} : { whatToDo }) };
}

/** Score and predictions of each. */
async function measure(
  plan: RunPlan,
  { loaded: { model } }: OpenedModel,
  fed: readonly (readonly PreparedInput[])[],
  { signal, onProgress }: WhatIfOptions,
): Promise<{ score: number; target: Prediction | null; predictions: Prediction[] }[]> {
  const { head, target, predictions, entry } = plan;
  const total = fed.length;
  const read = (score: ScoreTarget) => (feeds: ReadonlyMap<NodeId, Tensor>) => {
    const nodes = [...new Set([head.logit, head.output, ...fetchesOf(score)])];
    const outputs = model.evaluate(feeds, nodes);
    const values = new Map(nodes.map((node, k) => [node, outputs[k] as Tensor]));
    const of = (node: string) => rowAt(values.get(node) as Tensor, plan);
    return [scoreFrom(values, score), of(head.logit), of(head.output)];
  };
  const rows: Float32Array[][] = [];
  // What counts as padding is each text's own: then they do not share a batch.
  for (const together of readsPadding(plan.score) ? fed.map((inputs) => [inputs]) : [fed]) {
    const score = await scoreOfTexts(plan, model, together[0] ?? []);
    const before = rows.length;
    const found = await forwardRows(
      together.map((inputs) => inputs.map(feedOf)),
      read(score),
      { signal, onProgress: (done) => onProgress?.({ done: before + done, total }) },
    );
    rows.push(...found);
  }
  const labels = predictions.map(({ label }) => label);
  return rows.map(([score, logits = new Float32Array(), outputs = new Float32Array()]) => {
    // A run without classes has none here either.
    if (predictions.length === 0) return { score: score?.[0] ?? Number.NaN, target: null, predictions: [] };
    const all =
      plan.produced === undefined
        ? predictionsOf(head, taskOf(head, entry, logits.length), logits, outputs, labels)
        : [writtenPrediction(plan, logits, outputs)];
    const own = all.find(({ index }) => index === target.index) ?? null;
    const strongest = [...all].sort((a, b) => b.score - a.score).slice(0, STRONGEST);
    return {
      score: score?.[0] ?? Number.NaN,
      target: own,
      predictions: own === null || strongest.includes(own) ? strongest : [...strongest, own],
    };
  });
}

/** The score of the run for these texts. */
async function scoreOfTexts(
  plan: RunPlan,
  model: DifferentiableModel,
  inputs: readonly PreparedInput[],
): Promise<ScoreTarget> {
  const { head, target, score, predictions, entry } = plan;
  if (!readsPadding(score)) return score;
  const task = taskOf(head, entry, predictions.length);
  const position = plan.position ?? null;
  return withFeeds(inputs.map(feedOf), async (feeds) =>
    scoreAtSample(target.label, score, { model, feeds, inputs, head, task, predictions, labelled: true, position }),
  );
}

/** Of an output with a row for each position, the row that the place is in, [batch, values]. */
function rowAt(output: Tensor, { place, position: read }: RunPlan): Tensor {
  const position = place === null || typeof place === "number" ? read : place[0];
  const [batch = 1, , width = 1] = output.shape;
  if (position === undefined || output.shape.length !== 3) return output;
  return reshape(slice(output, [0, position, 0], [batch, 1, width]), [batch, width]);
}

/** How likely the written token is now. */
function writtenPrediction(plan: RunPlan, logits: Float32Array, outputs: Float32Array): Prediction {
  const { head, target, place } = plan;
  const id = typeof place === "number" ? place : (place?.at(-1) ?? 0);
  const [found] = predictionsOf(head, "classification", logits, outputs, []).filter(({ index }) => index === id);
  const { score = Number.NaN, logit = Number.NaN } = found ?? {};
  return { index: target.index ?? 0, label: target.label, score, logit };
}
