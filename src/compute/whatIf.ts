import { PathlightError } from "../common/errors.ts";
import type { DifferentiableModel } from "../engine/port.ts";
import type { ScoreTarget } from "../engine/scoreOf.ts";
import type { Explanation, TextAttribution } from "../protocol/explanation.ts";
import type { WhatIfAnswer, WhatIfEdit, WhatIfResult } from "../protocol/whatIf.ts";
import { readsPadding, scoreAtSample } from "./expressionTarget.ts";
import { withFeeds } from "./feeds.ts";
import { forwardRows } from "./forwardRows.ts";
import { type Measured, measuredFrom, measurements } from "./measured.ts";
import type { OpenedModel } from "./openedModel.ts";
import { feedOf, type PreparedInput } from "./prepareInputs.ts";
import type { Run } from "./run.ts";
import { type EditAttempt, RunEditor, tokensOf } from "./runEditor.ts";
import type { RunPlan } from "./runPlan.ts";
import { sampleReader } from "./sequence/sampleReader.ts";
import { taskOf } from "./target.ts";
import { modelFor, windowLayout, withoutWindows } from "./windows/windowLayout.ts";

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
  asRead: OpenedModel,
  edits: readonly WhatIfEdit[],
  { signal, onProgress }: WhatIfOptions = {},
): Promise<WhatIfAnswer> {
  const { plan } = run;
  // An edited text may be read in other windows than the run's, or at once.
  const opened = { ...asRead, loaded: { ...asRead.loaded, model: withoutWindows(asRead.loaded.model) } };
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
      const { score, target, predictions } = found;
      return {
        kind: "measured",
        ...{ score, target, predictions },
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
): Promise<Measured[]> {
  const total = fed.length;
  const rows: Float32Array[][] = [];
  // What counts as padding is each text's own, and so are its windows: then they do not share a batch.
  const apart = readsPadding(plan.score) || fed.some((inputs) => windowLayout(inputs) !== undefined);
  for (const together of apart ? fed.map((inputs) => [inputs]) : [fed]) {
    const layout = windowLayout(together[0] ?? []);
    const own = modelFor(model, layout);
    const score = await scoreOfTexts(plan, own, together[0] ?? [], layout !== undefined);
    const before = rows.length;
    const found = await forwardRows(
      together.map((inputs) => inputs.map(feedOf)),
      measurements(plan, own, score),
      { signal, onProgress: (done) => onProgress?.({ done: before + done, total }) },
    );
    rows.push(...found);
  }
  return rows.map((row) => measuredFrom(plan, row));
}

/** The score of the run for these texts. */
async function scoreOfTexts(
  plan: RunPlan,
  model: DifferentiableModel,
  inputs: readonly PreparedInput[],
  windowed: boolean,
): Promise<ScoreTarget> {
  const { head, target, predictions, entry } = plan;
  const { windows: _, ...once } = plan.score;
  const score: ScoreTarget = windowed ? { ...once, windows: true } : once;
  if (!readsPadding(score)) return score;
  const task = taskOf(head, entry, predictions.length);
  const position = plan.position ?? null;
  return withFeeds(inputs.map(feedOf), async (feeds) =>
    scoreAtSample(target.label, score, {
      model,
      windowed,
      feeds,
      inputs,
      head,
      task,
      predictions,
      labelled: true,
      position,
    }),
  );
}
