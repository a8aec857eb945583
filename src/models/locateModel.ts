import { open, stat } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { PathlightError } from "../common/errors.ts";
import { convertedFolder } from "../protocol/savedModel.ts";
import { modelInvalid } from "./disk/modelErrors.ts";

export type ModelKind = "tfjs" | "keras-h5" | "keras" | "onnx";

export interface ModelLocation {
  /** The file that holds the model, or describes it. */
  readonly file: string;
  readonly kind: ModelKind;
}

/** Where a model stands in a folder that was given in its place, the first one found; a Hugging Face layout among them. */
const inFolder = [
  ...["model.json", "model.onnx", "onnx/model.onnx", "model.keras", "model.h5"],
  // Of an encoder and a decoder in two files, the one that reads.
  ...["encoder_model.onnx", "onnx/encoder_model.onnx"],
];

/**
 * Finds the model that a path means: a file, or the folder that holds it. What it is stands in its first bytes where
 * the format has a signature, else in its name. Errors: `model-not-found`, `model-invalid`,
 * `model-needs-conversion`.
 */
export async function locateModel(path: string): Promise<ModelLocation> {
  const stats = await stat(path).catch((cause: unknown) => {
    throw notFound(path, cause);
  });
  if (stats.isDirectory()) return locateInFolder(path);
  return { file: path, kind: await kindOf(path) };
}

async function locateInFolder(folder: string): Promise<ModelLocation> {
  for (const name of inFolder) {
    const file = join(folder, name);
    if (await isFile(file)) return { file, kind: await kindOf(file) };
  }
  if (await isFile(join(folder, "saved_model.pb"))) throw savedModel(folder);
  throw notFound(folder, undefined);
}

async function kindOf(file: string): Promise<ModelKind> {
  const start = await firstBytes(file, 8);
  if (start.toString("latin1") === "\x89HDF\r\n\x1a\n") return "keras-h5";
  if (basename(file) === "saved_model.pb") throw savedModel(dirname(file));
  const extension = extname(file).toLowerCase();
  const kind = byExtension[extension];
  if (kind !== undefined) return kind;
  const other = otherFormats.find(([extensions]) => extensions.includes(extension));
  if (other !== undefined) throw foreign(file, other[1], other[2]);
  return "tfjs";
}

const byExtension: Readonly<Record<string, ModelKind>> = {
  ".onnx": "onnx",
  ".keras": "keras",
  ".h5": "keras-h5",
  ".hdf5": "keras-h5",
};

const exportToOnnx = 'Export the model with torch.onnx.export(model, example, "model.onnx") and choose model.onnx.';

/** Formats that are not read: extensions, what they are, and how to get to something that loads. */
const otherFormats: readonly (readonly [readonly string[], string, string])[] = [
  [[".pb"], "a frozen TensorFlow graph", "Save the model as a SavedModel, and choose its folder."],
  [[".tflite"], "a TensorFlow Lite model", "Convert the Keras or TensorFlow model that it was made from."],
  [[".pt", ".pth", ".ckpt", ".bin", ".safetensors"], "a PyTorch checkpoint", exportToOnnx],
];

function foreign(file: string, what: string, whatToDo: string): PathlightError {
  return modelInvalid(
    file,
    `This is ${what}, which cannot be read directly.`,
    "an ONNX model, a Keras model (.keras, .h5) or the model.json of a TensorFlow.js model",
    basename(file),
    whatToDo,
  );
}

function savedModel(folder: string): PathlightError {
  const target = convertedFolder(folder);
  return new PathlightError("model-needs-conversion", "A TensorFlow SavedModel must be converted first.", {
    file: folder,
    expected: "an ONNX model, a Keras model (.keras, .h5) or the model.json of a TensorFlow.js model",
    found: "saved_model.pb",
    whatToDo: `Run \`pathlight convert ${quoted(folder)} --out ${quoted(target)}\` (it needs a Python with TensorFlow; in VS Code: Pathlight: Convert SavedModel), then choose ${join(target, "model.json")}.`,
  });
}

function quoted(path: string): string {
  return /^[\w@%+=:,./\\-]+$/.test(path) ? path : JSON.stringify(path);
}

function notFound(file: string, cause: unknown): PathlightError {
  return new PathlightError(
    "model-not-found",
    `There is no model at ${file}.`,
    {
      file,
      expected: `a model file, or a folder with one of ${inFolder.join(", ")}`,
      found: cause === undefined ? "none of them" : "no such file",
      whatToDo: "Check the path of the model.",
    },
    cause,
  );
}

async function isFile(file: string): Promise<boolean> {
  return stat(file).then(
    (stats) => stats.isFile(),
    () => false,
  );
}

async function firstBytes(file: string, count: number): Promise<Buffer> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(count), 0, count, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
