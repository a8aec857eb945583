import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { io } from "@tensorflow/tfjs-core";
import { z } from "zod";
import { PathlightError } from "../../common/errors.ts";
import type { ModelFormat } from "../../protocol/manifest.ts";
import { modelInvalid } from "./modelErrors.ts";

const weightSchema = z.object({
  name: z.string().min(1),
  shape: z.array(z.int().nonnegative()),
  dtype: z.enum(["float32", "int32", "bool", "string", "complex64"]),
  quantization: z
    .object({
      dtype: z.enum(["uint8", "uint16", "float16"]),
      scale: z.number().optional(),
      min: z.number().optional(),
    })
    .nullish(),
});

const groupSchema = z.object({ paths: z.array(z.string().min(1)), weights: z.array(weightSchema) });

const modelSchema = z.looseObject({
  format: z.string().nullish(),
  modelTopology: z.looseObject({}),
  weightsManifest: z.array(groupSchema),
  signature: z.looseObject({}).nullish(),
  modelInitializer: z.looseObject({}).nullish(),
});

/** A weight as the manifest describes it. */
export type WeightEntry = io.WeightsManifestEntry & { dtype: "float32" | "int32" | "bool" | "string" | "complex64" };

export interface WeightGroup {
  readonly paths: readonly string[];
  readonly weights: readonly WeightEntry[];
}

export interface ModelJson {
  /** Path of the `model.json`. */
  readonly file: string;
  readonly format: ModelFormat;
  readonly bytes: Uint8Array;
  readonly topology: Record<string, unknown>;
  readonly weights: readonly WeightGroup[];
  readonly signature: Record<string, unknown> | undefined;
}

/** Other formats by the end of the name: what they are and how to get to something that loads. */
const otherFormats: readonly (readonly [RegExp, string])[] = [
  [/\.onnx$/i, "an ONNX model"],
  [/\.(h5|hdf5)$/i, "a Keras HDF5 model"],
  [/\.keras$/i, "a Keras 3 model"],
  [/\.pb$/i, "a TensorFlow SavedModel or frozen graph"],
  [/\.tflite$/i, "a TensorFlow Lite model"],
  [/\.(pt|pth|ckpt|safetensors)$/i, "a PyTorch checkpoint"],
];

const convertAdvice =
  "Convert it with the tensorflowjs_converter (output format tfjs_layers_model or tfjs_graph_model) and choose its model.json.";

/**
 * Reads and checks a `model.json`; `path` is the file or a folder that holds it.
 * Errors: `model-not-found`, `model-invalid`.
 */
export async function readModelJson(path: string, wanted?: ModelFormat): Promise<ModelJson> {
  const file = await modelFile(path);
  const bytes = await readFile(file);
  const json = parseJson(file, new TextDecoder().decode(bytes));
  const format = detectFormat(file, json);
  if (wanted !== undefined && wanted !== format) {
    throw modelInvalid(
      file,
      `The file is not a ${wanted} model.`,
      wanted,
      format,
      `Leave the format out or set it to ${format}.`,
    );
  }
  const checked = modelSchema.safeParse(json);
  if (!checked.success) {
    const issue = checked.error.issues[0];
    const place = issue === undefined || issue.path.length === 0 ? "the top level" : issue.path.join(".");
    throw modelInvalid(
      file,
      `The model file is not well formed at ${place}.`,
      "modelTopology and a weightsManifest of paths and weights with name, shape and dtype",
      issue?.message ?? "something else",
      "Export or convert the model again.",
    );
  }
  const { modelTopology, weightsManifest, signature } = checked.data;
  const weights = weightsManifest.map(({ paths, weights: entries }) => ({ paths, weights: entries.map(weightEntry) }));
  return { file, format, bytes, topology: modelTopology, weights, signature: signature ?? undefined };
}

function weightEntry({ quantization, ...entry }: z.infer<typeof weightSchema>): WeightEntry {
  if (quantization === undefined || quantization === null) return entry;
  const { dtype, scale, min } = quantization;
  return {
    ...entry,
    quantization: { dtype, ...(scale === undefined ? {} : { scale }), ...(min === undefined ? {} : { min }) },
  };
}

async function modelFile(path: string): Promise<string> {
  for (const [pattern, what] of otherFormats) {
    if (pattern.test(path)) {
      throw modelInvalid(
        path,
        `This is ${what}, which cannot be read directly.`,
        "a tfjs model.json",
        what,
        convertAdvice,
      );
    }
  }
  const info = await stat(path).catch((cause: unknown) => {
    throw notFound(path, cause);
  });
  if (!info.isDirectory()) return path;
  const file = join(path, "model.json");
  if (await exists(file)) return file;
  if (await exists(join(path, "saved_model.pb"))) {
    throw modelInvalid(
      path,
      "This is a TensorFlow SavedModel, which cannot be read directly.",
      "a folder with a tfjs model.json",
      "saved_model.pb",
      convertAdvice,
    );
  }
  throw notFound(file, undefined);
}

function notFound(file: string, cause: unknown): PathlightError {
  return new PathlightError(
    "model-not-found",
    `There is no model at ${file}.`,
    { file, expected: "a model.json", found: "no such file", whatToDo: "Check the path of the model." },
    cause,
  );
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const end = text.trimEnd();
    const truncated = cause instanceof Error && /end of JSON|Unterminated/i.test(cause.message);
    const found = truncated
      ? `a file that breaks off after ${text.length} characters`
      : end.length === 0
        ? "an empty file"
        : `text that is not JSON at ${jsonErrorPlace(text, cause)}`;
    throw modelInvalid(
      file,
      truncated ? "The model file is truncated." : "The model file is not JSON.",
      "a complete JSON document",
      found,
      "Copy or export the file again.",
      cause,
    );
  }
}

function jsonErrorPlace(text: string, cause: unknown): string {
  const position = cause instanceof Error ? /position (\d+)/.exec(cause.message)?.[1] : undefined;
  const before = text.slice(0, position === undefined ? 0 : Number(position));
  const line = before.split("\n").length;
  return `line ${line}, column ${before.length - before.lastIndexOf("\n")}`;
}

function detectFormat(file: string, json: unknown): ModelFormat {
  const top = isRecord(json) ? json : {};
  const topology = isRecord(top["modelTopology"]) ? top["modelTopology"] : {};
  if (Array.isArray(topology["node"])) return "tfjs-graph";
  if ("model_config" in topology || "class_name" in topology) return "tfjs-layers";
  const keys = isRecord(json) ? Object.keys(json).slice(0, 5).join(", ") : typeof json;
  throw modelInvalid(
    file,
    "The file is neither a tfjs layers model nor a tfjs graph model.",
    "modelTopology with model_config (layers model) or node (graph model)",
    keys === "" ? "an empty object" : `the keys ${keys}`,
    "Choose the model.json that the tensorflowjs converter or model.save wrote.",
  );
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
