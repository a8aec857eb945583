import { extname } from "node:path";
import { PathlightError } from "../common/errors.ts";
import { baselineLabels } from "../protocol/baselineLabels.ts";
import type { BaselineSpec } from "../protocol/explain.ts";
import type { BaselineName, ManifestInput } from "../protocol/manifest.ts";
import { rowKind } from "../protocol/rows.ts";
import { arrayOfShape } from "./baselineArray.ts";
import { blurredImage, meanOfImages, uniformImage } from "./image/imageBaselines.ts";
import { loadImage } from "./image/loadImage.ts";
import { prepareImage } from "./image/prepareImage.ts";
import { meanOfArrays } from "./meanOfArrays.ts";
import { type MeanOfRows, meanOfRows } from "./meanOfRows.ts";
import { elementCount, type NumericTensor } from "./numericTensor.ts";
import type { Prepared, PreparedText } from "./prepared.ts";
import type { SampleContext } from "./prepareSample.ts";
import { textBaseline, tokenBaselines, tokenOf } from "./textBaselines.ts";
import type { Tokenizer } from "./tokenizer/tokenizer.ts";

/**
 * Where the path starts. `tensor`: a point of the model's own input. `embedding`: the path is in embedding space;
 * `fill` is 0 at every position, one token at every position, or a token for each.
 */
export type PreparedBaseline =
  | { readonly kind: "tensor"; readonly tensor: NumericTensor; readonly label: string }
  | {
      readonly kind: "embedding";
      readonly fill: EmbeddingFill;
      readonly label: string;
      /** Sentences for the user: what of it was cut or padded. */
      readonly notes: readonly string[];
    };

export type EmbeddingFill =
  | { readonly kind: "zero" }
  | { readonly kind: "value"; readonly value: number }
  /** The mean over the rows of the embedding. */
  | { readonly kind: "mean" }
  /** `zeroAt`: positions that are 0 whatever their id. */
  | { readonly kind: "ids"; readonly ids: Int32Array; readonly zeroAt?: readonly number[] };

export interface BaselineContext extends SampleContext {
  /** Pictures, `.npy` arrays or tables for the mean. */
  readonly meanOver?: readonly string[] | undefined;
  readonly onProgress?: ((done: number, of: number) => void) | undefined;
}

export interface BaselineChoice {
  readonly id: BaselineName;
  readonly label: string;
  readonly spec: BaselineSpec;
}

/** The baselines that a sample can start from, the default first. A file can always be chosen as well. */
export function availableBaselines(prepared: Prepared, tokenizer?: Tokenizer): BaselineChoice[] {
  const names: BaselineName[] =
    prepared.kind === "image"
      ? ["black", "white", "grey", "blurred", "mean", "zeros"]
      : prepared.kind === "tensor"
        ? ["zeros", "ones", "mean"]
        : ["zero-embedding", ...tokenBaselines.filter((name) => tokenOf(name, tokenizer) !== null), "mean-embedding"];
  return names.map((name) => ({ id: name, label: baselineLabels[name], spec: { kind: "name", name } }));
}

/**
 * The baseline of a sample; `spec` undefined: the first of {@link availableBaselines}. Throws `baseline-invalid` for
 * what the sample cannot start from, and what reading a picture or an array throws.
 */
export async function prepareBaseline(
  spec: BaselineSpec | undefined,
  prepared: Prepared,
  input: ManifestInput,
  context: BaselineContext,
): Promise<PreparedBaseline> {
  const refused = (label: string): PathlightError => impossible(label, prepared, context.tokenizer);
  if (prepared.kind === "text") return textBaseline(spec, prepared, context, refused);
  const chosen = spec ?? availableBaselines(prepared)[0]?.spec ?? { kind: "value", value: 0 };
  if (chosen.kind === "file") return fileBaseline(chosen.path, prepared, input, context);
  if (chosen.kind === "text") throw refused("A text");
  if (chosen.kind === "stop-words") throw refused("A text with its stop words kept");
  if (chosen.kind === "value") return uniform(prepared, chosen.value, `${chosen.value} everywhere`);
  const { name } = chosen;
  const label = baselineLabels[name];
  if (name === "zeros") return uniform(prepared, 0, label);
  if (name === "ones") return uniform(prepared, 1, label);
  if (name === "mean") return meanBaseline(prepared, input, context);
  if (prepared.kind !== "image" || input.kind !== "image") throw impossible(label, prepared, context.tokenizer);
  if (name === "black") return { kind: "tensor", tensor: uniformImage(prepared, 0), label };
  if (name === "white") return { kind: "tensor", tensor: uniformImage(prepared, 255), label };
  if (name === "grey") return { kind: "tensor", tensor: uniformImage(prepared, 127.5), label };
  if (name === "blurred") return { kind: "tensor", tensor: blurredImage(prepared), label };
  throw impossible(label, prepared, context.tokenizer);
}

/** Pictures count for a picture and arrays for an array; the other kind where there is none of the sample's own. */
async function meanBaseline(
  prepared: Exclude<Prepared, PreparedText>,
  input: ManifestInput,
  context: BaselineContext,
): Promise<PreparedBaseline> {
  const { inputShape, signal, onProgress } = context;
  const paths = context.meanOver ?? [];
  const arrays = paths.filter((path) => extname(path).toLowerCase() === ".npy");
  const pictures = input.kind === "image" ? paths.filter((path) => !arrays.includes(path)) : [];
  const fromPictures = prepared.kind === "image" ? pictures.length > 0 : arrays.length === 0;
  if (input.kind === "image" && (fromPictures || arrays.length === 0)) {
    const tensor = await meanOfImages(pictures, input, inputShape, signal, onProgress);
    return { kind: "tensor", tensor, label: `Mean of ${pictures.length} samples` };
  }
  if (context.integer) throw impossible(baselineLabels.mean, prepared, context.tokenizer);
  const tables = input.kind === "tensor" ? paths.filter((path) => rowKind(path) !== null) : [];
  const names = prepared.kind === "tensor" ? prepared.names : undefined;
  if (tables.length > 0 && (names !== undefined || arrays.length === 0)) {
    const place = { columns: names, label: context.label };
    const found = await meanOfRows(tables, prepared.tensor.shape, place, signal, onProgress);
    return { kind: "tensor", tensor: found.tensor, label: rowsLabel(found) };
  }
  const { tensor, count } = await meanOfArrays(arrays, prepared.tensor.shape, signal, onProgress);
  return { kind: "tensor", tensor, label: `Mean of ${count} samples` };
}

function rowsLabel({ count, leftOut, isCut }: MeanOfRows): string {
  const rows = `${count.toLocaleString("en")} ${count === 1 ? "row" : "rows"}`;
  if (leftOut === 0) return `Mean of ${isCut ? "the first " : ""}${rows}`;
  return `Mean of ${count.toLocaleString("en")} of ${isCut ? "the first " : ""}${(count + leftOut).toLocaleString("en")} rows`;
}

async function fileBaseline(
  path: string,
  prepared: Exclude<Prepared, PreparedText>,
  input: ManifestInput,
  context: BaselineContext,
): Promise<PreparedBaseline> {
  const label = path.split(/[\\/]/).at(-1) ?? path;
  if (extname(path).toLowerCase() === ".npy") {
    return { kind: "tensor", tensor: await arrayOfShape(path, prepared.tensor.shape, context), label };
  }
  if (input.kind !== "image") throw impossible("a picture", prepared, context.tokenizer, path);
  const picture = prepareImage(await loadImage(path, context.signal), input, context.inputShape);
  return { kind: "tensor", tensor: picture.tensor, label };
}

function uniform(prepared: Prepared, value: number, label: string): PreparedBaseline {
  const shape = [...prepared.tensor.shape];
  const count = elementCount(shape);
  if (!(prepared.tensor.data instanceof Int32Array)) {
    return { kind: "tensor", tensor: { shape, data: new Float32Array(count).fill(value) }, label };
  }
  if (Number.isInteger(value))
    return { kind: "tensor", tensor: { shape, data: new Int32Array(count).fill(value) }, label };
  throw new PathlightError("baseline-invalid", "The model takes whole numbers.", {
    expected: "a whole number",
    found: `${value}`,
    whatToDo: "Choose another baseline.",
  });
}

function impossible(
  label: string,
  prepared: Prepared,
  tokenizer: Tokenizer | undefined,
  file?: string,
): PathlightError {
  const choices = availableBaselines(prepared, tokenizer).map((choice) => choice.id);
  const kind = { image: "a picture", text: "a text", tensor: "an array" }[prepared.kind];
  const described =
    prepared.kind === "text"
      ? ", text:TEXT, stop-words:LANGUAGE, or a .npy file with token ids"
      : ", a number, or a file";
  return new PathlightError("baseline-invalid", `${label} is no baseline for ${kind}.`, {
    file,
    expected: `${choices.join(", ")}${described}`,
    found: label,
    whatToDo: "Choose another baseline.",
  });
}
