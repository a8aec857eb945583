import { readFile } from "node:fs/promises";
import type { io } from "@tensorflow/tfjs-core";
import { z } from "zod";
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
  readonly format: "tfjs-layers" | "tfjs-graph";
  readonly bytes: Uint8Array;
  readonly topology: Record<string, unknown>;
  readonly weights: readonly WeightGroup[];
  readonly signature: Record<string, unknown> | undefined;
}

/** Reads and checks a `model.json`. Errors: `model-invalid`. */
export async function readModelJson(file: string): Promise<ModelJson> {
  const bytes = await readFile(file);
  const json = parseJson(file, new TextDecoder().decode(bytes));
  const format = detectFormat(file, json);
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

function detectFormat(file: string, json: unknown): ModelJson["format"] {
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
