import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { PathlightError } from "../../common/errors.ts";
import { companionRole } from "../../protocol/companionRole.ts";
import { type ManifestInput, type ManifestModel, type ModelFormat, modelSchema } from "../../protocol/manifest.ts";
import { guessLayout } from "../image/imageLayout.ts";
import { shapeText } from "../numericTensor.ts";
import { parseVocabulary } from "../tokenizer/vocabulary.ts";
import { type HuggingFaceFolder, imageOfFolder, labelsOfFolder, readHuggingFaceFolder } from "./huggingFaceFolder.ts";
import { inferGenerate } from "./inferGenerate.ts";
import { parseLabels } from "./readLabels.ts";

interface Node {
  readonly id: string;
  /** With the batch axis. */
  readonly shape: readonly (number | null)[];
  readonly dtype: string;
}

/** What is known of a model that no manifest describes. */
export interface UnknownModel {
  readonly path: string;
  readonly name: string;
  readonly format: ModelFormat;
  readonly inputs: readonly Node[];
  readonly outputs: readonly Node[];
  readonly heads: readonly { readonly output: string; readonly activation: "softmax" | "sigmoid" | "none" }[];
  readonly embeddings: readonly { readonly input: string; readonly vocabularySize: number }[];
  /** Ops or layer classes in the model, where known: a rescaling layer takes pixels as they are. */
  readonly ops?: readonly string[] | undefined;
}

export interface InferredModel {
  readonly entry: ManifestModel;
  /** Absolute folder that the paths in `entry` are relative to: the model's. */
  readonly baseFolder: string;
  /** A sentence for each thing that was inferred and should be checked. */
  readonly notes: string[];
}

const vocabularyNames = [
  "vocab.txt",
  "vocab.json",
  "vocabulary.txt",
  "vocabulary.json",
  "word_index.json",
  "tokens.txt",
];
const labelNames = ["labels.txt", "labels.json", "classes.txt", "classes.json", "class_names.txt", "metadata.json"];

/**
 * A manifest entry from the shape of the inputs and the files beside the model. Never throws for what it cannot tell:
 * such an input is the model's own tensor, and a note says so.
 */
export async function inferManifestModel(model: UnknownModel): Promise<InferredModel> {
  const baseFolder = dirname(model.path);
  const beside = await filesBeside(baseFolder);
  const notes: string[] = [];
  const layout = await readHuggingFaceFolder(model.path);
  const several = model.inputs.length > 1;
  const inputs: ManifestInput[] = [];
  for (const input of model.inputs) {
    const inferred = await inferInput(input, model, { baseFolder, beside, layout }, notes);
    inputs.push(several ? { ...inferred, name: input.id } : inferred);
  }
  const output = model.outputs.length > 1 ? model.outputs[0]?.id : undefined;
  if (output !== undefined) {
    notes.push(
      `The model has ${model.outputs.length} outputs; "${output}" is explained: set \`output\` to choose another.`,
    );
  }
  const node = model.outputs.find((candidate) => candidate.id === (output ?? model.outputs[0]?.id));
  const count = node?.shape.at(-1) ?? null;
  const labels = (await labelsOfFolder(layout, count, notes)) ?? (await inferLabels(baseFolder, beside, count, notes));
  const activation = model.heads.find((head) => head.output === node?.id)?.activation;
  const single = activation === "none" && count === 1 ? "regression" : undefined;
  if (single !== undefined) notes.push("The model has one output without an activation: taken as a regression.");
  const task = single ?? layout?.task ?? undefined;
  const generate = await inferGenerate(model, inputs, layout, { baseFolder, beside }, notes);
  const entry = modelSchema.parse({
    name: model.name || basename(baseFolder),
    path: basename(model.path),
    format: model.format,
    inputs,
    ...(task === undefined ? {} : { task }),
    ...(labels === null ? {} : { labels }),
    ...(output === undefined || generate?.kind === "encoder-decoder" ? {} : { output }),
    ...(generate === undefined ? {} : { generate }),
  });
  return { entry, baseFolder, notes };
}

interface Surroundings {
  readonly baseFolder: string;
  readonly beside: readonly string[];
  /** Null: not in Hugging Face's layout. */
  readonly layout: HuggingFaceFolder | null;
}

async function inferInput(
  input: Node,
  model: UnknownModel,
  { baseFolder, beside, layout }: Surroundings,
  notes: string[],
): Promise<ManifestInput> {
  const shape = input.shape.slice(1);
  const embedding = model.embeddings.find((candidate) => candidate.input === input.id);
  if (companionRole(input.id) !== null && model.embeddings.some(({ input: ids }) => companionRole(ids) === null)) {
    notes.push(`The input "${input.id}" follows from the text: it is filled in and held.`);
    return { kind: "tensor", hold: true };
  }
  if (embedding !== undefined) {
    const own = layout?.text ?? null;
    if (own !== null) {
      notes.push(`Text is cut into tokens by ${own.tokenizer.file}.`);
      return own;
    }
    const text = await inferText(embedding.vocabularySize, baseFolder, beside, notes);
    if (text !== null) return text;
  } else if (input.dtype === "float32" && isPicture(shape)) {
    return layout?.image === undefined || layout.image === null
      ? inferImage(shape, model, notes)
      : imageOfFolder(layout.image, shape, notes);
  }
  const name = model.inputs.length > 1 ? `Input "${input.id}"` : "The input";
  notes.push(`${name} is taken as numbers (${shapeText(shape)}): samples are .npy files or rows of numbers.`);
  return { kind: "tensor", hold: false };
}

async function inferText(
  rows: number,
  folder: string,
  beside: readonly string[],
  notes: string[],
): Promise<ManifestInput | null> {
  for (const file of vocabularyNames.filter((name) => beside.includes(name))) {
    try {
      const vocabulary = parseVocabulary(await readFile(join(folder, file), "utf8"), file);
      if (vocabulary.largestId >= rows) {
        notes.push(`${file} has ids up to ${vocabulary.largestId}, but the embedding only ${rows} rows: not used.`);
        continue;
      }
      // A vocabulary of single characters is no vocabulary of words.
      const characters = [...vocabulary.ids.keys()].every(
        (token) => [...token].length <= 1 || /^[[<].*[\]>]$/.test(token),
      );
      const type = characters ? "characters" : "words";
      // Capitals in the vocabulary mean that it was made without lower-casing.
      const lowercase = ![...vocabulary.ids.keys()].some((token) => /^[^[<]*\p{Lu}/u.test(token));
      notes.push(
        `Text is cut into ${type} and looked up in ${file}${lowercase ? ", in lower case" : ""}: check this against the training.`,
      );
      return {
        kind: "text",
        padSide: "right",
        tokenizer: { type, vocabulary: file, lowercase, pad: "[PAD]", unknown: "[UNK]" },
      };
    } catch (thrown) {
      if (!(thrown instanceof PathlightError)) throw thrown;
      notes.push(`${file} was not used: ${thrown.message}`);
    }
  }
  notes.push(`The model takes token ids, but there is no vocabulary beside it (${vocabularyNames.join(", ")}).`);
  return null;
}

function inferImage(shape: readonly (number | null)[], model: UnknownModel, notes: string[]): ManifestInput {
  const layout = guessLayout(shape) ?? "channels-last";
  const [height, width, channels] =
    layout === "channels-first" ? [shape[1], shape[2], shape[0]] : [shape[0], shape[1], shape[2]];
  const rescales = model.ops?.includes("Rescaling") === true;
  const size: [number, number] | undefined = height && width ? undefined : [height ?? 224, width ?? 224];
  notes.push(
    rescales
      ? "The model scales pixels itself: they are given as 0–255."
      : "Pixels are scaled to 0–1: check this against the training.",
  );
  if (channels !== 1) notes.push("Channels are in the order red, green, blue: check this against the training.");
  notes.push("Pictures are cut to the centre to fit: check this against the training.");
  if (size !== undefined)
    notes.push(`The model takes pictures of any size: they are scaled to ${size[0]} × ${size[1]}.`);
  return {
    kind: "image",
    fit: "crop",
    padValue: 0,
    scale: rescales ? [0, 255] : [0, 1],
    ...(size === undefined ? {} : { size }),
  };
}

/** Sides of at least 4: fewer rows with three values each are a table, not a picture. */
function isPicture(shape: readonly (number | null)[]): boolean {
  if (shape.length !== 3) return false;
  const layout = guessLayout(shape);
  if (layout === null) return false;
  const sides = layout === "channels-first" ? shape.slice(1) : shape.slice(0, 2);
  const channels = layout === "channels-first" ? shape[0] : shape[2];
  return channels !== null && sides.every((side) => side === null || side >= 4);
}

async function inferLabels(
  folder: string,
  beside: readonly string[],
  count: number | null,
  notes: string[],
): Promise<ManifestModel["labels"] | null> {
  for (const file of labelNames.filter((name) => beside.includes(name))) {
    try {
      const names = parseLabels(await readFile(join(folder, file), "utf8"), file);
      if (count === null || names.length === count) {
        notes.push(`Class names are from ${file}.`);
        return file;
      }
      notes.push(`${file} has ${names.length} names, but the model ${count} outputs: not used.`);
    } catch (thrown) {
      if (!(thrown instanceof PathlightError)) throw thrown;
      // metadata.json may well be about something else.
      if (file !== "metadata.json") notes.push(`${file} was not used: ${thrown.message}`);
    }
  }
  return null;
}

async function filesBeside(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    const details = { file: folder, found, whatToDo: "Check the path of the model." };
    throw new PathlightError("model-not-found", "The folder of the model cannot be read.", details, cause);
  }
}
