import * as path from "node:path";

/** What a file of the workspace may be, told by names alone. */
export type ModelFileKind = "tfjs" | "onnx" | "keras" | "keras-h5" | "saved-model";

/** A model of the workspace. */
export interface ModelFile {
  /** Absolute: the file to load; of a SavedModel its `saved_model.pb`. */
  readonly file: string;
  readonly kind: ModelFileKind;
  /** What a person would call it: its own name, or that of its folder where the file is called `model`. */
  readonly label: string;
  /** A folder as the Hugging Face hub has it: weights, `config.json`, tokenizer. */
  readonly huggingFace: boolean;
}

export const modelExtensions = ["onnx", "keras", "h5", "hdf5"] as const;

export const modelKindNames: Readonly<Record<ModelFileKind, string>> = {
  tfjs: "TensorFlow.js",
  onnx: "ONNX",
  keras: "Keras",
  "keras-h5": "Keras .h5",
  "saved-model": "SavedModel",
};

const kinds: Readonly<Record<string, ModelFileKind>> = {
  ".onnx": "onnx",
  ".keras": "keras",
  ".h5": "keras-h5",
  ".hdf5": "keras-h5",
  ".json": "tfjs",
};

/** What a file may be; undefined: no model. Weights without their model (`model.weights.h5`) are none. */
export function modelKindOf(file: string): ModelFileKind | undefined {
  const name = path.basename(file).toLowerCase();
  if (name === "saved_model.pb") return "saved-model";
  if (/\.weights\.h(5|df5)$/.test(name)) return undefined;
  const kind = kinds[path.extname(name)];
  return kind === "tfjs" && !name.includes("model") ? undefined : kind;
}

/**
 * The models among files that were found, sorted by path. In a Hugging Face layout (`config.json` beside `model.onnx` or
 * beside `onnx/`) the variants of one model (fp16, quantised, …) count once, as do an encoder and its decoders: the plain
 * one, else the first; of encoder and decoder the one that reads.
 */
export function modelsAmong(files: readonly string[], configurations: ReadonlySet<string>): ModelFile[] {
  const found = new Map<string, ModelFile>();
  for (const file of [...files].sort()) {
    const kind = modelKindOf(file);
    if (kind === undefined) continue;
    const root = kind === "onnx" ? huggingFaceRoot(file, configurations) : undefined;
    const key = root ?? file;
    const known = found.get(key);
    if (known !== undefined && rank(known.file) <= rank(file)) continue;
    found.set(key, { file, kind, label: labelOf(file, root), huggingFace: root !== undefined });
  }
  return [...found.values()].sort((a, b) => a.file.localeCompare(b.file));
}

/** Of one model in a Hugging Face layout, the file to load first. */
const layoutOrder = [
  /^model\.onnx$/i,
  /^model_/i,
  /^encoder_model\.onnx$/i,
  /^encoder_model_/i,
  /^decoder_model\.onnx$/i,
  /^decoder_model_merged\.onnx$/i,
] as const;

/** Folder of the `config.json` that a file belongs to. */
function huggingFaceRoot(file: string, configurations: ReadonlySet<string>): string | undefined {
  if (!/^(model|(en|de)coder_model|decoder_with_past_model)(_[\w-]+)?\.onnx$/i.test(path.basename(file)))
    return undefined;
  const folder = path.dirname(file);
  const roots = path.basename(folder) === "onnx" ? [path.dirname(folder), folder] : [folder];
  return roots.find((root) => configurations.has(path.join(root, "config.json")));
}

function rank(file: string): number {
  const place = layoutOrder.findIndex((pattern) => pattern.test(path.basename(file)));
  return place < 0 ? layoutOrder.length : place;
}

function labelOf(file: string, root: string | undefined): string {
  if (root !== undefined) return path.basename(root);
  const name = path.basename(file, path.extname(file));
  return /^(saved_)?model$/i.test(name) ? path.basename(path.dirname(file)) : name;
}

/** Folders that are one model as a whole: those of a `saved_model.pb` or a `model.*`, in a Hugging Face layout the one above `onnx`. */
export function foldersOfModels(files: readonly string[]): string[] {
  const folders = files.map((file) => {
    const folder = path.dirname(file);
    return path.basename(folder) === "onnx" && modelKindOf(file) === "onnx" ? path.dirname(folder) : folder;
  });
  return [...new Set(folders)].sort();
}
