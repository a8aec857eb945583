import { resolve } from "node:path";
import { PathlightError } from "../common/errors.ts";
import type { DifferentiableModel, NodeId } from "../engine/port.ts";
import type { ScoreTarget } from "../engine/scoreOf.ts";
import { baselineSpecOf } from "../protocol/baselineText.ts";
import type { BaselineSpec, ExplainRequest, Hold } from "../protocol/explain.ts";
import type { BackendInfo } from "../protocol/explanation.ts";
import type { Link } from "../protocol/manifest.ts";
import { blankOf, type PreparedBaseline, prepareBaseline, shapeText } from "../samples/index.ts";
import { cacheNotes } from "./cacheNote.ts";
import { embeddingMean } from "./embeddingMean.ts";
import { embedIds } from "./embedIds.ts";
import { innerStart } from "./innerStart.ts";
import type { OpenedModel } from "./openedModel.ts";
import { feedOf, isExplained, type PreparedInput } from "./prepareInputs.ts";
import type { ExplainedInput, FeedValue, RunPlan } from "./runPlan.ts";
import { sampleSubject } from "./sampleSubject.ts";
import { openGeneration } from "./sequence/generation.ts";
import { sequenceSubject } from "./sequence/sequenceSubject.ts";
import type { Subject } from "./subject.ts";
import { scalarTarget } from "./target.ts";
import { modelFor } from "./windows/windowLayout.ts";

/**
 * Everything before the integration: sample, baseline, prediction, target, all as plain numbers. A backend is active.
 * `onToken`: where the model writes a text, how many tokens it has written.
 */
export async function planRun(
  request: ExplainRequest,
  opened: OpenedModel,
  backend: BackendInfo,
  signal: AbortSignal | undefined,
  onToken?: (count: number) => void,
): Promise<RunPlan> {
  const { settings } = request;
  const { entry, loaded } = opened;
  const { model, ...file } = loaded;
  const subject = await subjectOf(request, opened, { signal, onToken });
  const { head, inputs } = subject;
  const { expression, ...target } = subject.target;
  const explained: ExplainedInput[] = [];
  const held: FeedValue[] = [];
  const notes: RunPlan["notes"][number][] = opened.notes.map((message) => ({
    code: "inferred-preprocessing",
    message,
  }));
  notes.push(...cacheNotes(loaded).map((message) => ({ code: "held-input" as const, message })));
  notes.push(...subject.notes);
  let baselineLabel = "";
  for (const input of inputs) {
    // What a text lost is told with the tokens; see the warnings of an explanation.
    if (input.prepared.kind === "image") {
      notes.push(...input.prepared.notes.map((message) => ({ code: "preprocessing" as const, message })));
    }
    if (!isExplained(input)) {
      held.push(feedOf(input));
      const message = input.note ?? `The input ${input.spec.id} is held at its value, not explained.`;
      notes.push({ code: "held-input", message });
      continue;
    }
    const baseline = await prepareBaseline(
      settings.baseline ?? defaultBaseline(opened),
      input.prepared,
      input.manifest,
      {
        ...input.context,
        meanOver: request.meanOver,
      },
    );
    baselineLabel = baseline.label;
    if (baseline.kind === "embedding") {
      notes.push(...baseline.notes.map((message) => ({ code: "baseline" as const, message })));
    }
    const fixed = [
      ...maskedPositions(inputs, input),
      ...heldPositions(input, settings.hold),
      ...(subject.fixed.get(input.spec.id) ?? []),
    ];
    explained.push(...(await explainedInputs(model, input, baseline, fixed)));
    // What a model reads off the ids beside their embedding, the length or a mask, stays that of the sample.
    if (input.embeddings.length > 0) held.push(feedOf(input));
  }
  if (explained.length === 0) {
    throw new PathlightError("model-not-differentiable", "No input of the model can be explained: each is held.", {
      expected: "an input of real numbers, or token ids with an embedding behind them",
      found: inputs.map(({ spec }) => `${spec.id} (${spec.dtype})`).join(", "),
      whatToDo: "Set `hold` to false for one of the inputs in pathlight.json.",
    });
  }
  const from = settings.from ?? entry.from;
  if (from !== undefined) {
    const inner = await innerStart(modelFor(model, subject.windows?.layout), from, inputs.map(feedOf), explained);
    explained.splice(0, explained.length, inner);
    held.splice(0, held.length, ...inputs.map(feedOf));
    notes.push({ code: "inner-start", message: `The attributions are of the values of ${from}, not of the sample.` });
  }
  return {
    request,
    settings,
    entry,
    model: {
      ...file,
      path: request.model.path,
      name: entry.name,
      parameterCount: model.parameterCount,
      inputShapes: model.inputs.map(({ shape }) => [...shape]),
    },
    backend,
    head,
    target,
    expression: expression?.source,
    score: expression?.score ?? placeTarget(subject, settings.link),
    place: subject.place,
    predictions: subject.predictions,
    position: subject.position,
    positions: subject.positions,
    produced: subject.produced,
    windows: subject.windows?.layout,
    windowPredictions: subject.windows?.predictions,
    explained,
    held,
    baselineLabel,
    notes,
  };
}

function placeTarget({ head, place, windows }: Subject, link: Link): ScoreTarget {
  if (place === null) throw new PathlightError("internal", "The target has no place.");
  const { fetch, transform } = scalarTarget(head, link);
  return { fetch, index: place, link: transform, ...(windows === undefined ? {} : { windows: true }) };
}

async function subjectOf(
  request: ExplainRequest,
  opened: OpenedModel,
  options: Parameters<typeof sequenceSubject>[3],
): Promise<Subject> {
  const generation = await openGeneration(opened);
  return generation === null
    ? sampleSubject(request, opened, options.signal)
    : sequenceSubject(request, opened, generation, options);
}

/** The manifest's own baseline, which applies where the request names none. */
function defaultBaseline({ entry, baseFolder }: OpenedModel): BaselineSpec | undefined {
  const { baseline } = entry;
  return baseline === undefined ? undefined : baselineSpecOf(baseline, (path) => resolve(baseFolder, path));
}

/** Positions that the user wants to stay the sample's: padding, or also tokens that stand for nothing in the text. */
function heldPositions({ prepared, manifest }: PreparedInput, asked: Hold | undefined): number[] {
  const hold = asked ?? (manifest.kind === "text" ? manifest.hold : undefined) ?? "nothing";
  if (hold === "nothing" || prepared.kind !== "text") return [];
  return prepared.encoded.tokens.flatMap(({ special, word }, position) =>
    special === "pad" || (hold === "special" && (special === "other" || word < 0)) ? [position] : [],
  );
}

/** Positions that a mask takes out of the text of `input`: they are no part of what the model reads. */
function maskedPositions(inputs: readonly PreparedInput[], input: PreparedInput): number[] {
  const mask = inputs.find(({ role, of }) => role === "mask" && of === input.spec.id)?.prepared.tensor.data;
  if (mask === undefined || input.prepared.kind !== "text") return [];
  const positions = Array.from(input.prepared.tensor.data.keys());
  // Of a text in windows the mask has a row for each; what none of them reads is out.
  const places = input.prepared.windows?.places.flatMap((own) => [...own]) ?? positions;
  if (mask.length !== places.length) return [];
  const read = new Set(places.filter((_, at) => mask[at] !== 0));
  return positions.filter((position) => !read.has(position));
}

/** The ends of the path in the input itself, or in each embedding of its ids; both the same at `fixed` positions. */
async function explainedInputs(
  model: DifferentiableModel,
  input: PreparedInput,
  baseline: PreparedBaseline,
  fixed: readonly number[],
): Promise<ExplainedInput[]> {
  const { spec, prepared, embeddings } = input;
  if (embeddings.length === 0) {
    if (baseline.kind !== "tensor")
      throw new PathlightError("baseline-invalid", `${baseline.label} needs an embedding.`);
    const { shape, data } = prepared.tensor;
    if (shape.join() !== baseline.tensor.shape.join()) {
      throw new PathlightError("baseline-invalid", "The baseline does not have the shape of the sample.", {
        expected: shapeText(shape),
        found: shapeText(baseline.tensor.shape),
        whatToDo: "Choose another baseline.",
      });
    }
    return [
      {
        input: spec.id,
        node: spec.id,
        shape,
        x: Float32Array.from(data),
        baseline: Float32Array.from(baseline.tensor.data),
        prepared,
        blank: null,
      },
    ];
  }
  const explained: ExplainedInput[] = [];
  for (const { node } of embeddings) {
    const { values: x, shape } = await embedIds(model, input, prepared.tensor.data, node);
    const start = await baselineEmbedding(model, input, node, baseline, x.length);
    const dimensions = x.length / prepared.tensor.data.length;
    for (const position of fixed) {
      const at = position * dimensions;
      start.set(x.subarray(at, at + dimensions), at);
    }
    explained.push({
      input: spec.id,
      node,
      shape,
      x,
      baseline: start,
      prepared,
      blank: blankOf(input.context.tokenizer),
    });
  }
  return explained;
}

async function baselineEmbedding(
  model: DifferentiableModel,
  input: PreparedInput,
  node: NodeId,
  baseline: PreparedBaseline,
  size: number,
): Promise<Float32Array> {
  const fill = baseline.kind === "embedding" ? baseline.fill : ({ kind: "zero" } as const);
  if (fill.kind === "zero") return new Float32Array(size);
  if (fill.kind === "value") return new Float32Array(size).fill(fill.value);
  const spec = input.embeddings.find((embedding) => embedding.node === node);
  if (fill.kind === "mean") {
    if (spec === undefined) throw new PathlightError("internal", `${node} is no embedding.`);
    const mean = await embeddingMean(model, spec, input.spec.shape[1] ?? null);
    return Float32Array.from({ length: size }, (_, at) => mean[at % mean.length] ?? 0);
  }
  const embedded = (await embedIds(model, input, fill.ids, node)).values;
  const dimensions = size / fill.ids.length;
  for (const position of fill.zeroAt ?? []) embedded.fill(0, position * dimensions, (position + 1) * dimensions);
  return embedded;
}
