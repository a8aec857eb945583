import { PathlightError } from "../../common/errors.ts";
import type { DifferentiableModel } from "../../engine/port.ts";
import type { ExplainRequest, TargetSpec } from "../../protocol/explain.ts";
import type { Prediction } from "../../protocol/explanation.ts";
import type { OpenedModel } from "../openedModel.ts";
import { feedOf, type PreparedInput, prepareInputs } from "../prepareInputs.ts";
import { runKey } from "../runKey.ts";
import type { Subject } from "../subject.ts";
import { chooseHead, resolveTarget } from "../target.ts";
import { refuseWindows } from "../windows/windowLayout.ts";
import { type Decoded, decode } from "./decode.ts";
import { type Generation, writtenInputs } from "./generation.ts";
import { prefixInputs } from "./prefix.ts";

/** The last text that each model wrote: each of its tokens is explained by itself, and none needs it written again. */
const written = new WeakMap<DifferentiableModel, { readonly key: string; readonly decoded: Decoded }>();

/**
 * One token of the text that the model writes from the sample: its score given the source and what it had written
 * before, which is held unless it is to be explained too. Throws what `decode` and `prepareInputs` throw.
 */
export async function sequenceSubject(
  request: ExplainRequest,
  opened: OpenedModel,
  generation: Generation,
  options: { readonly signal?: AbortSignal | undefined; readonly onToken?: ((count: number) => void) | undefined },
): Promise<Subject> {
  const { settings } = request;
  const { model } = opened.loaded;
  const head = chooseHead(model, settings, opened.entry);
  const sources = await prepareInputs(request, opened, options.signal, writtenInputs(generation));
  refuseWindows(sources, "What a model writes a text from is");
  const key = runKey(
    [head.logit, JSON.stringify(opened.entry.generate ?? null)],
    sources.map((input) => feedOf(input).data),
  );
  const known = written.get(model);
  const decoded = known?.key === key ? known.decoded : await decode(model, head, generation, sources, options);
  written.set(model, { key, decoded });
  const target = resolveProduced(settings.target, decoded.predictions);
  const explainPrefix = settings.explainPrefix === true;
  const before = decoded.ids.slice(0, target.index);
  const prefix = prefixInputs(generation, sources, before, explainPrefix, options.signal);
  const id = decoded.ids[target.index];
  if (prefix === null || id === undefined) throw new PathlightError("internal", "A produced token has no place.");
  return {
    head,
    inputs: prefix.inputs,
    predictions: decoded.predictions,
    target: { index: target.index, label: target.label, value: target.logit },
    place: [prefix.position, id],
    fixed: fixedPositions(generation, prefix.inputs, prefix.written, explainPrefix),
    produced: decoded.produced,
    notes: decoded.produced.ended ? [] : [{ code: "not-ended", message: notEnded(decoded, generation) }],
  };
}

/** The produced token that is asked for; the first where none is. */
function resolveProduced(target: TargetSpec, predictions: readonly Prediction[]): Prediction {
  if (target.kind === "expression") {
    throw new PathlightError("target-invalid", "A target expression does not apply to a text that the model writes.", {
      expected: "a written token, by its position or its text",
      found: target.expression,
      whatToDo: "Leave the expression out, also in pathlight.json.",
    });
  }
  const [first] = predictions;
  return target.kind === "predicted" && first !== undefined ? first : resolveTarget(target, predictions);
}

/** Positions of the target input that the path leaves alone: what was written, or all else where that is explained. */
function fixedPositions(
  { kind, target }: Generation,
  inputs: readonly PreparedInput[],
  writtenAt: readonly number[],
  explainPrefix: boolean,
): ReadonlyMap<string, readonly number[]> {
  if (kind === "decoder-only") return new Map([[target.id, explainPrefix ? [] : writtenAt]]);
  const length = inputs.find(({ spec }) => spec.id === target.id)?.prepared.tensor.data.length ?? 0;
  const all = Array.from({ length }, (_, position) => position);
  return new Map([[target.id, all.filter((position) => !writtenAt.includes(position))]]);
}

function notEnded({ ids }: Decoded, { endId, tokenizer }: Generation): string {
  const end = tokenizer.idToToken(endId)?.text ?? `#${endId}`;
  return `The model had not written ${end} after ${ids.length} tokens, the most that it may write: the text goes no further here.`;
}
