import { resolve } from "node:path";
import { type Tensor, tidy } from "@tensorflow/tfjs-core";
import { PathlightError } from "../common/errors.ts";
import type { DifferentiableModel, NodeId } from "../engine/port.ts";
import { predict } from "../engine/predict.ts";
import { fromTensorError } from "../engine/tensorErrors.ts";
import type { BaselineSpec, ExplainRequest } from "../protocol/explain.ts";
import type { BackendInfo, Prediction } from "../protocol/explanation.ts";
import { baselineNames } from "../protocol/manifest.ts";
import { blankOf, type PreparedBaseline, prepareBaseline, readLabels, shapeText } from "../samples/index.ts";
import type { OpenedModel } from "./explainService.ts";
import { withFeeds } from "./feeds.ts";
import { innerStart } from "./innerStart.ts";
import { feedOf, isExplained, type PreparedInput, prepareInputs } from "./prepareInputs.ts";
import type { ExplainedInput, FeedValue, RunPlan } from "./runPlan.ts";
import { checkLabels, chooseHead, predictionsOf, resolveTarget, scalarTarget, taskOf } from "./target.ts";

/** Everything before the integration: sample, baseline, prediction, target, all as plain numbers. A backend is active. */
export async function planRun(
  request: ExplainRequest,
  opened: OpenedModel,
  backend: BackendInfo,
  signal: AbortSignal | undefined,
): Promise<RunPlan> {
  const { settings } = request;
  const { entry, loaded } = opened;
  const { model, ...file } = loaded;
  const head = chooseHead(model, settings, entry);
  const scalar = scalarTarget(head, settings.link);
  const inputs = await prepareInputs(request, opened, signal);
  const predictions = await predictAll(opened, head, inputs);
  const explained: ExplainedInput[] = [];
  const held: FeedValue[] = [];
  const notes: RunPlan["notes"][number][] = opened.notes.map((message) => ({
    code: "inferred-preprocessing",
    message,
  }));
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
    explained.push(...(await explainedInputs(model, input, baseline, maskedPositions(inputs, input))));
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
    const inner = await innerStart(model, from, inputs.map(feedOf), explained);
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
    scalar,
    target: resolveTarget(settings.target, predictions),
    predictions,
    explained,
    held,
    baselineLabel,
    notes,
  };
}

/** The manifest's own baseline, which applies where the request names none. */
function defaultBaseline({ entry, baseFolder }: OpenedModel): BaselineSpec | undefined {
  const { baseline } = entry;
  if (baseline === undefined) return undefined;
  if (typeof baseline === "number") return { kind: "value", value: baseline };
  const name = baselineNames.find((candidate) => candidate === baseline);
  return name === undefined ? { kind: "file", path: resolve(baseFolder, baseline) } : { kind: "name", name };
}

async function predictAll(
  { loaded, entry, baseFolder }: OpenedModel,
  head: RunPlan["head"],
  inputs: readonly PreparedInput[],
): Promise<Prediction[]> {
  return withFeeds(inputs.map(feedOf), async (feeds) => {
    const logits = await predict(loaded.model, feeds, head.logit);
    const outputs = head.output === head.logit ? logits : await predict(loaded.model, feeds, head.output);
    await refuseNonFinite(loaded.model, feeds, [...logits.values, ...outputs.values]);
    const labels = checkLabels(await readLabels(entry.labels, baseFolder), logits.values.length, entry.name);
    const task = taskOf(head, entry, logits.values.length);
    return predictionsOf(head, task, logits.values, outputs.values, labels);
  });
}

async function refuseNonFinite(
  model: DifferentiableModel,
  feeds: ReadonlyMap<NodeId, Tensor>,
  values: readonly number[],
): Promise<void> {
  const bad = values.find((value) => !Number.isFinite(value));
  if (bad === undefined) return;
  const node = await model.firstNonFiniteNode(feeds);
  throw new PathlightError("not-finite", "The model's prediction is not a finite number.", {
    expected: "finite values in every node",
    found: node === null ? String(bad) : `${bad}; the first node that is not finite is ${node}`,
    whatToDo: "Check the weights of that node and the preprocessing of the sample.",
  });
}

/** Positions that a mask takes out of the text of `input`: they are no part of what the model reads. */
function maskedPositions(inputs: readonly PreparedInput[], input: PreparedInput): number[] {
  const mask = inputs.find(({ role }) => role === "mask")?.prepared.tensor.data;
  if (mask === undefined || input.prepared.kind !== "text" || mask.length !== input.prepared.tensor.data.length)
    return [];
  return Array.from(mask.keys()).filter((position) => mask[position] === 0);
}

/** The ends of the path in the input itself, or in each embedding of its ids; both the same where it is masked. */
async function explainedInputs(
  model: DifferentiableModel,
  input: PreparedInput,
  baseline: PreparedBaseline,
  masked: readonly number[],
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
    const { values: x, shape } = await embed(model, feedOf(input), node);
    const start = await baselineEmbedding(model, input, node, baseline, x.length);
    const dimensions = x.length / prepared.tensor.data.length;
    for (const position of masked) {
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
  return (await embed(model, { ...feedOf(input), data: fill.ids }, node)).values;
}

async function embed(
  model: DifferentiableModel,
  ids: FeedValue,
  node: NodeId,
): Promise<{ values: Float32Array; shape: number[] }> {
  return withFeeds([ids], async (feeds) => {
    let embedded: Tensor | undefined;
    try {
      embedded = tidy(() => model.evaluate(feeds, [node])[0] as Tensor);
      return { values: Float32Array.from(await embedded.data()), shape: embedded.shape.slice(1) };
    } catch (error) {
      throw fromTensorError(error);
    } finally {
      embedded?.dispose();
    }
  });
}
