import { extname } from "node:path";
import { PathlightError } from "../common/errors.ts";
import { baselineLabels } from "../protocol/baselineLabels.ts";
import type { BaselineSpec } from "../protocol/explain.ts";
import type { Token } from "../protocol/explanation.ts";
import { arrayOfShape } from "./baselineArray.ts";
import type { BaselineContext, EmbeddingFill, PreparedBaseline } from "./baselines.ts";
import type { PreparedText } from "./prepared.ts";
import { readStopWords, stopWordTokens } from "./stopWords.ts";
import { prepareIds } from "./textSample.ts";
import type { Tokenizer } from "./tokenizer/tokenizer.ts";

export const tokenBaselines = ["pad", "mask", "unknown"] as const;

export function tokenOf(name: (typeof tokenBaselines)[number], tokenizer: Tokenizer | undefined): number | null {
  if (tokenizer === undefined) return null;
  return { pad: tokenizer.padId, mask: tokenizer.maskId, unknown: tokenizer.unknownId }[name];
}

/**
 * Where the path of a text starts, in the space of its embedding. `impossible` makes the error for what a text cannot
 * start from. Throws `baseline-invalid` and what reading a file throws.
 */
export async function textBaseline(
  spec: BaselineSpec | undefined,
  prepared: PreparedText,
  context: BaselineContext,
  impossible: (label: string) => PathlightError,
): Promise<PreparedBaseline> {
  const zero = embedding({ kind: "zero" }, baselineLabels["zero-embedding"]);
  if (spec === undefined) return zero;
  switch (spec.kind) {
    case "value":
      return spec.value === 0 ? zero : embedding({ kind: "value", value: spec.value }, `Embedding of ${spec.value}`);
    case "file": {
      if (extname(spec.path).toLowerCase() !== ".npy") throw impossible("a file other than .npy");
      const tensor = await arrayOfShape(spec.path, prepared.tensor.shape, { ...context, integer: true });
      const ids = prepareIds(tensor, spec.path, context.tokenizer, context.vocabularyLimit).tensor.data;
      return embedding({ kind: "ids", ids }, spec.path.split(/[\\/]/).at(-1) ?? spec.path);
    }
    case "text":
      return anotherText(spec.text, prepared, context.tokenizer, impossible);
    case "stop-words":
      return keptStopWords(spec.list, prepared);
    case "name": {
      const { name } = spec;
      if (name === "zero-embedding" || name === "zeros") return zero;
      if (name === "ones") return embedding({ kind: "value", value: 1 }, "Embedding of ones");
      if (name === "mean-embedding") return embedding({ kind: "mean" }, baselineLabels[name]);
      const token = tokenBaselines.find((candidate) => candidate === name);
      const id = token === undefined ? null : tokenOf(token, context.tokenizer);
      if (id === null) throw impossible(baselineLabels[name]);
      const ids = new Int32Array(prepared.tensor.data.length).fill(id);
      return embedding({ kind: "ids", ids }, baselineLabels[name]);
    }
  }
}

function embedding(fill: EmbeddingFill, label: string, notes: readonly string[] = []): PreparedBaseline {
  return { kind: "embedding", fill, label, notes };
}

/** Tokens around the text and padding are no part of it. */
function isText({ special, word }: Token): boolean {
  return word >= 0 && special !== "pad";
}

/**
 * A text of the user's in the places of the sample's: special tokens stay where they are, and each field of the sample
 * has the text from its first place on, cut where the field ends and padded up to there.
 */
function anotherText(
  text: string,
  prepared: PreparedText,
  tokenizer: Tokenizer | undefined,
  impossible: (label: string) => PathlightError,
): PreparedBaseline {
  if (tokenizer === undefined || tokenizer.files !== undefined) throw impossible("A text");
  const { ids: read, tokens } = asBaseline(() => tokenizer.encode(text, null, "right"));
  const own = Array.from(read).filter((_, position) => tokens[position] !== undefined && isText(tokens[position]));
  const ids = prepared.tensor.data.slice();
  const { padId } = tokenizer;
  let padded = 0;
  let cut = 0;
  for (const { start, end } of prepared.fields) {
    const places = prepared.encoded.tokens.flatMap((token, position) =>
      isText(token) && token.start >= start && token.end <= end ? [position] : [],
    );
    const missing = places.length - own.length;
    if (missing > 0 && padId === null) throw tooShort(own.length, places.length);
    for (const [index, position] of places.entries()) ids[position] = own[index] ?? padId ?? 0;
    padded += Math.max(0, missing);
    cut += Math.max(0, -missing);
  }
  const notes = [
    ...(padded > 0
      ? [`The text of the baseline is shorter than the sample: ${places(padded)} of it are padding.`]
      : []),
    ...(cut > 0 ? [`The text of the baseline is longer than the sample: ${places(cut)} of it were left out.`] : []),
  ];
  const oneLine = text.replaceAll(/\s+/g, " ").trim();
  return embedding({ kind: "ids", ids }, `“${oneLine.length > 30 ? `${oneLine.slice(0, 29)}…` : oneLine}”`, notes);
}

function places(count: number): string {
  return count === 1 ? "one token" : `${count} tokens`;
}

/** What is wrong with the text of a baseline is no error of the sample. */
function asBaseline<T>(read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    if (!(thrown instanceof PathlightError)) throw thrown;
    const details = { ...thrown.details, whatToDo: "Choose another text as the baseline." };
    throw new PathlightError("baseline-invalid", `The text of the baseline: ${thrown.message}`, details, thrown);
  }
}

function tooShort(found: number, needed: number): PathlightError {
  return new PathlightError("baseline-invalid", "The text of the baseline is shorter than the sample.", {
    expected: `${needed} tokens, or a padding token in the vocabulary`,
    found: `${found} tokens, and no padding token`,
    whatToDo: "Choose a longer text.",
  });
}

/** The sample with its stop words, special tokens and padding; all else is at the zero embedding. */
async function keptStopWords(list: string, prepared: PreparedText): Promise<PreparedBaseline> {
  const stopWords = await readStopWords(list);
  const { tokens } = prepared.encoded;
  const kept = stopWordTokens(prepared.text, tokens, stopWords);
  const zeroAt = tokens.flatMap((token, position) => (isText(token) && kept[position] !== true ? [position] : []));
  const count = kept.filter(Boolean).length;
  const notes = [
    count === 0
      ? `No word of the sample is in the list of stop words (${stopWords.label}): the baseline holds special tokens only.`
      : `The baseline keeps ${places(count)} of stop words (${stopWords.label}); what is kept gets no attribution.`,
  ];
  return embedding(
    { kind: "ids", ids: prepared.tensor.data.slice(), zeroAt },
    `Stop words kept (${stopWords.label})`,
    notes,
  );
}
