import { breathe, throwIfCancelled } from "../../common/cancellation.ts";
import { PathlightError } from "../../common/errors.ts";
import type { DifferentiableModel, OutputHead } from "../../engine/port.ts";
import { predict } from "../../engine/predict.ts";
import type { Prediction, Produced } from "../../protocol/explanation.ts";
import { withFeeds } from "../feeds.ts";
import { feedOf, type PreparedInput } from "../prepareInputs.ts";
import type { Generation } from "./generation.ts";
import { prefixInputs } from "./prefix.ts";

/** A text that a model wrote greedily. */
export interface Decoded {
  readonly ids: readonly number[];
  readonly produced: Produced;
  /** One for each token: how likely it was, given the source and what stood before. `index`: place in the text, from 0. */
  readonly predictions: readonly Prediction[];
}

/**
 * Greedy decoding: the likeliest token, of equals the one with the lowest id, is fed back until the end token, the most
 * tokens that may be produced, or the last position of the model. One forward pass a token; the same text every time.
 * Throws `model-unsupported-shape` where the output is not [positions, vocabulary], `not-finite` and `cancelled`.
 */
export async function decode(
  model: DifferentiableModel,
  head: OutputHead,
  generation: Generation,
  sources: readonly PreparedInput[],
  options: { readonly signal?: AbortSignal | undefined; readonly onToken?: ((count: number) => void) | undefined } = {},
): Promise<Decoded> {
  const ids: number[] = [];
  const scores: { logit: number; probability: number }[] = [];
  while (ids.length < generation.maxLength && ids.at(-1) !== generation.endId) {
    throwIfCancelled(options.signal);
    const prefix = prefixInputs(generation, sources, ids, false, options.signal);
    if (prefix === null) break;
    const { values, shape } = await withFeeds(prefix.inputs.map(feedOf), (feeds) => predict(model, feeds, head.logit));
    const row = rowOf(values, shape, prefix.position, generation, head);
    const best = likeliest(row, generation, ids.length);
    ids.push(best.id);
    scores.push(best);
    options.onToken?.(ids.length);
    await breathe();
  }
  if (ids.length === 0) {
    throw new PathlightError("sample-shape", "The text fills the model: there is no room for anything to be written.", {
      expected: `a text shorter than the ${generation.target.shape[1] ?? 0} positions of the input ${generation.target.id}`,
      found: "no free position",
      whatToDo: "Choose a shorter text.",
    });
  }
  const { text, tokens } = generation.produce(ids);
  return {
    ids,
    produced: { text, tokens, ended: ids.at(-1) === generation.endId },
    predictions: tokens.map((token, index) => ({
      index,
      label: token.text,
      score: scores[index]?.probability ?? Number.NaN,
      logit: scores[index]?.logit ?? Number.NaN,
    })),
  };
}

/** Logits of the next token: one row of [1, positions, vocabulary]. */
function rowOf(
  values: Float32Array,
  shape: readonly number[],
  position: number,
  { tokenizer }: Generation,
  head: OutputHead,
): Float32Array {
  const [, positions = 0, width = 0] = shape;
  if (shape.length !== 3 || position >= positions || width < tokenizer.idLimit) {
    throw new PathlightError(
      "model-unsupported-shape",
      "The output of the model does not say a token for each position.",
      {
        expected: `an output of [positions, vocabulary] with more than ${position} positions and at least ${tokenizer.idLimit} tokens`,
        found: `${head.output} of shape [${shape.slice(1).join(", ")}]`,
        whatToDo: "Name the right output as `output` in pathlight.json, and the vocabulary of what is written.",
      },
    );
  }
  return values.subarray(position * width, (position + 1) * width);
}

function likeliest(
  row: Float32Array,
  generation: Generation,
  step: number,
): { id: number; logit: number; probability: number } {
  let id = 0;
  for (const [at, logit] of row.entries()) {
    if (!Number.isFinite(logit)) throw notFinite(at, logit, generation, step);
    if (logit > (row[id] as number)) id = at;
  }
  const logit = row[id] as number;
  let total = 0;
  for (const other of row) total += Math.exp(other - logit);
  return { id, logit, probability: 1 / total };
}

function notFinite(id: number, found: number, { tokenizer }: Generation, step: number): PathlightError {
  const token = tokenizer.idToToken(id)?.text ?? `#${id}`;
  return new PathlightError("not-finite", `The score of a token is not a finite number after ${step} tokens.`, {
    expected: "finite scores for every token",
    found: `${found} for ${JSON.stringify(token)}`,
    whatToDo: "Check the model's weights and the preprocessing of the sample.",
  });
}
