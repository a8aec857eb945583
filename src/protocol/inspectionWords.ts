import { companionRole } from "./companionRole.ts";
import { MULTIPLY } from "./format.ts";
import type { InspectedInput, InspectedOutput, Inspection } from "./inspection.ts";
import type { ModelFormat } from "./manifest.ts";

/** The words of an inspection, shared by the editor and the terminal. */

export const formatNames: Readonly<Record<ModelFormat, string>> = {
  "tfjs-layers": "TensorFlow.js layers model",
  "tfjs-graph": "TensorFlow.js graph model",
  "keras-h5": "Keras model (.h5)",
  keras: "Keras model (.keras)",
  onnx: "ONNX model",
};

/** `batch × 48 × 48 × 1`; a size that the model leaves open is `any`. */
export function shapeWords(shape: readonly (number | null)[] | null): string {
  if (shape === null) return "unknown";
  if (shape.length === 0) return "one number";
  return shape.map((size, axis) => size ?? (axis === 0 ? "batch" : "any")).join(` ${MULTIPLY} `);
}

/** What Pathlight makes of an input, half a sentence. `named`: with the embedding's node, which may be long. */
export function inputWords(
  { id, kind, bytes, explained, layout, embeddings, shape, dtype }: InspectedInput,
  named = true,
): string {
  if (explained === null) return "not known: the model cannot be built";
  if (!explained && companionRole(id) !== null) return "held: it is filled in from the text";
  const [embedding] = embeddings;
  if (!explained && embedding !== undefined) return "token ids, held";
  if (embedding !== undefined) {
    const { vocabularySize, dimensions, node } = embedding;
    const through = `explained in the output of the embedding${named ? ` ${node}` : ""}: ${countWords(vocabularySize)} tokens, ${dimensions} values each`;
    if (kind !== "text") return `token ids, ${through}; no tokenizer is known`;
    return `${bytes ? "bytes of a file or text" : "text"}, ${through}`;
  }
  if (kind === "image") {
    const order = layout === null ? "" : `, ${layout.replace("-", " ")}`;
    return `picture${order}, explained`;
  }
  if (explained) return "numbers, explained";
  return dtype === "float32" || shape === null
    ? "numbers, held at their value"
    : `${dtype ?? "values"}, held: there is no embedding behind it to explain`;
}

export function outputWords({ activation, logit, id }: InspectedOutput): string {
  if (activation === null) return "not known: the model cannot be built";
  if (activation === "none") return "a logit or a value itself, without a final activation";
  return logit === id ? activation : `${activation} of the logits in ${logit}`;
}

export function taskWords(task: Inspection["task"]): string {
  switch (task) {
    case "classification":
      return "Classification: one of several classes";
    case "multi-label":
      return "Several labels, each yes or no";
    case "regression":
      return "Regression: a value";
    case null:
      return "not known: the model cannot be built";
  }
}

/** 1,234 values; 1.2 million. */
export function countWords(count: number): string {
  if (count < 1e6) return count.toLocaleString("en-GB");
  return `${(count / 1e6).toFixed(count < 1e7 ? 2 : 1)} million`;
}

export function bytesWords(bytes: number): string {
  if (bytes < 1000) return `${bytes} bytes`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(bytes < 1e4 ? 1 : 0)} kB`;
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
}
