import { readFile } from "node:fs/promises";
import { basename, dirname, join, relative, sep } from "node:path";
import * as z from "zod";
import type { ImageInput, ManifestModel, TextInput, TokenizerSpec } from "../../protocol/manifest.ts";
import { guessLayout } from "../image/imageLayout.ts";
import { type HuggingFaceWriting, writingOf, writingSchema } from "./writingConfig.ts";

/** `config.json` of Hugging Face's transformers, as far as it says how to use the model. */
const configSchema = z.looseObject({
  model_type: z.string().optional(),
  architectures: z.array(z.string()).nullish(),
  id2label: z.record(z.string(), z.string()).nullish(),
  problem_type: z.string().nullish(),
  max_position_embeddings: z.int().min(1).nullish(),
  /** GPT-2's name for it. */
  n_positions: z.int().min(1).nullish(),
  pad_token_id: z.int().nullish(),
});

const sizeSchema = z.union([
  z.int().min(1),
  z.looseObject({
    height: z.int().min(1).optional(),
    width: z.int().min(1).optional(),
    shortest_edge: z.int().min(1).optional(),
  }),
]);

/** `preprocessor_config.json` of an image processor. */
const processorSchema = z.looseObject({
  do_resize: z.boolean().nullish(),
  size: sizeSchema.nullish(),
  do_center_crop: z.boolean().nullish(),
  crop_size: sizeSchema.nullish(),
  crop_pct: z.number().gt(0).max(1).nullish(),
  do_rescale: z.boolean().nullish(),
  rescale_factor: z.number().nullish(),
  rescale_offset: z.boolean().nullish(),
  do_normalize: z.boolean().nullish(),
  image_mean: z.array(z.number()).nullish(),
  image_std: z.array(z.number()).nullish(),
  do_flip_channel_order: z.boolean().nullish(),
});

type Processor = z.output<typeof processorSchema>;
type HuggingFaceText = TextInput & { readonly tokenizer: Extract<TokenizerSpec, { type: "huggingface" }> };

/** What the files of a Hugging Face layout say; paths are relative to the model's folder. */
export interface HuggingFaceFolder {
  readonly config: string;
  /** In the order of the outputs; null: none, or placeholders (`LABEL_0`). */
  readonly labels: readonly string[] | null;
  readonly task: ManifestModel["task"] | null;
  readonly text: HuggingFaceText | null;
  readonly image: Processor | null;
  /** Null: the model writes no text. */
  readonly writing: HuggingFaceWriting | null;
}

/**
 * A model in Hugging Face's layout: `model.onnx`, or `onnx/model.onnx`, with `config.json` in the folder or above it. Null
 * where there is no such configuration.
 */
export async function readHuggingFaceFolder(model: string): Promise<HuggingFaceFolder | null> {
  const own = dirname(model);
  for (const folder of basename(own) === "onnx" ? [dirname(own), own] : [own]) {
    const found = await readJson(join(folder, "config.json"), configSchema);
    if (found === null || (found.model_type === undefined && !found.architectures && !found.id2label)) continue;
    const path = (name: string): string => relative(own, join(folder, name)).split(sep).join("/");
    const labels = labelsOf(found.id2label);
    return {
      config: path("config.json"),
      labels,
      task: found.problem_type === "multi_label_classification" ? "multi-label" : null,
      text: await textOf(folder, path, maxPositions(found), positionOffset(found)),
      image: await readJson(join(folder, "preprocessor_config.json"), processorSchema),
      writing: await writingOfFolder(folder, found.architectures ?? []),
    };
  }
  return null;
}

async function writingOfFolder(folder: string, architectures: readonly string[]): Promise<HuggingFaceWriting | null> {
  const config = await readJson(join(folder, "config.json"), writingSchema);
  const generation = await readJson(join(folder, "generation_config.json"), writingSchema);
  return config === null ? null : writingOf(architectures, config, generation);
}

function labelsOf(id2label: Record<string, string> | null | undefined): string[] | null {
  const entries = Object.entries(id2label ?? {});
  const names = entries.map((_, index) => id2label?.[String(index)]).filter((name) => name !== undefined);
  if (names.length !== entries.length || names.length === 0) return null;
  return names.every((name) => /^LABEL_\d+$/.test(name)) ? null : names;
}

/** RoBERTa and its kin count positions from the one after that of padding. */
function positionOffset(config: z.output<typeof configSchema>): number | undefined {
  const counted = /roberta|camembert|longformer|mpnet|ibert/.test(config.model_type ?? "");
  return counted ? (config.pad_token_id ?? 1) + 1 : undefined;
}

function maxPositions(config: z.output<typeof configSchema>): number | undefined {
  // Of T5, n_positions is a length it was trained on, not one it is bound to.
  const bound = /^(gpt|ctrl|openai-gpt)/.test(config.model_type ?? "") ? config.n_positions : undefined;
  const most = config.max_position_embeddings ?? bound ?? undefined;
  return most === undefined ? undefined : Math.max(1, most - (positionOffset(config) ?? 0));
}

const loose = z.looseObject({});
const lengthSchema = z.looseObject({ model_max_length: z.number().nullish() });

async function textOf(
  folder: string,
  path: (name: string) => string,
  most: number | undefined,
  offset: number | undefined,
): Promise<HuggingFaceText | null> {
  const names = ["tokenizer.json", "vocab.txt"];
  for (const name of names) {
    const file = join(folder, name);
    const exists = name.endsWith(".json") ? (await readJson(file, loose)) !== null : await isWordPiece(file);
    if (!exists) continue;
    const own = (await readJson(join(folder, "tokenizer_config.json"), lengthSchema))?.model_max_length ?? null;
    const needed = most !== undefined && (own === null || own > most);
    const maxLength = needed ? { maxLength: most } : {};
    return {
      kind: "text",
      padSide: "right",
      tokenizer: { type: "huggingface", file: path(name), ...maxLength },
      ...(offset === undefined ? {} : { positionOffset: offset }),
    };
  }
  return null;
}

/** A vocabulary of BERT's, which marks what continues a word. */
async function isWordPiece(file: string): Promise<boolean> {
  try {
    const text = await readFile(file, "utf8");
    return /^##./m.test(text) && /^\[UNK\]$/m.test(text);
  } catch {
    // Most models have none.
    return false;
  }
}

/** Class names for the manifest: where the configuration has one for each output, the configuration itself. */
export async function labelsOfFolder(
  layout: HuggingFaceFolder | null,
  count: number | null,
  notes: string[],
): Promise<string | null> {
  if (layout === null || layout.labels === null) return null;
  if (count !== null && layout.labels.length !== count) {
    notes.push(`${layout.config} has ${layout.labels.length} labels, but the model ${count} outputs: not used.`);
    return null;
  }
  notes.push(`Class names are from ${layout.config}.`);
  return layout.config;
}

/** The preprocessing of an image processor. `shape`: the model's input without the batch axis. */
export function imageOfFolder(processor: Processor, shape: readonly (number | null)[], notes: string[]): ImageInput {
  const sides = guessLayout(shape) === "channels-first" ? shape.slice(1) : shape.slice(0, 2);
  const resized = processor.do_resize === false ? null : sidesOf(processor.size);
  const cut = processor.do_center_crop === true ? sidesOf(processor.crop_size) : null;
  const size = cut ?? resized;
  const free = sides.some((side) => side === null);
  // Resized so that the shorter side is `size`, then cut: the cut keeps that part of the shorter side.
  const shorter = shortestEdge(processor.size, cut !== null);
  const kept = cut !== null && shorter !== null ? Math.min(1, Math.max(...cut) / shorter) : (processor.crop_pct ?? 1);
  const fit = cut !== null || shorter !== null ? "crop" : "stretch";
  const factor = processor.do_rescale === false ? 1 : (processor.rescale_factor ?? 1 / 255);
  const low = processor.rescale_offset === true ? -1 : 0;
  const normalizes = processor.do_normalize !== false;
  notes.push("Pictures are prepared as preprocessor_config.json says.");
  if (cut !== null && shorter === null && resized !== null) {
    notes.push("It stretches pictures before it cuts them; Pathlight keeps their shape: give square ones to compare.");
  }
  return {
    kind: "image",
    fit,
    padValue: 0,
    scale: [low, low + rounded(255 * factor)],
    ...(free && size !== null ? { size } : {}),
    ...(fit === "crop" && kept < 1 ? { cropFraction: kept } : {}),
    ...(normalizes && processor.image_mean ? { mean: perChannel(processor.image_mean) } : {}),
    ...(normalizes && processor.image_std ? { std: perChannel(processor.image_std) } : {}),
    ...(processor.do_flip_channel_order === true ? { channels: "bgr" as const } : {}),
  };
}

function perChannel(values: number[]): number | number[] {
  const [first] = values;
  return first !== undefined && values.every((value) => value === first) ? first : values;
}

/** 255 × 0.00392156862745098 is meant to be 1. */
function rounded(value: number): number {
  return Math.abs(value - Math.round(value)) < 1e-6 ? Math.round(value) : value;
}

function sidesOf(size: Processor["size"]): [number, number] | null {
  if (size === null || size === undefined) return null;
  if (typeof size === "number") return [size, size];
  const { height, width, shortest_edge: shorter } = size;
  if (height !== undefined && width !== undefined) return [height, width];
  return shorter === undefined ? null : [shorter, shorter];
}

/** A bare number is the shorter side where a cut follows, else both sides. */
function shortestEdge(size: Processor["size"], cut: boolean): number | null {
  if (typeof size === "number") return cut ? size : null;
  return typeof size === "object" && size !== null ? (size.shortest_edge ?? null) : null;
}

/** Null: not there, or not what it should be; what it says is then inferred otherwise and can be checked by the user. */
async function readJson<T>(file: string, schema: z.ZodType<T>): Promise<T | null> {
  try {
    const parsed = schema.safeParse(JSON.parse(await readFile(file, "utf8")));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
