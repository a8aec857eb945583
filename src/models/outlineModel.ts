import { resolve } from "node:path";
import { throwIfCancelled } from "../common/cancellation.ts";
import { outlineKerasArchive, outlineKerasH5 } from "./keras/outlineKeras.ts";
import { locateModel, type ModelKind } from "./locateModel.ts";
import type { ModelOutline, ModelOutliner } from "./modelOutline.ts";
import { outlineOnnx } from "./onnx/outlineOnnx.ts";
import { outlineTfjs } from "./outlineTfjs.ts";

/** By kind; a kind that is not here has no outline yet. */
const outliners: Partial<Readonly<Record<ModelKind, ModelOutliner>>> = {
  tfjs: outlineTfjs,
  "keras-h5": outlineKerasH5,
  keras: outlineKerasArchive,
  onnx: outlineOnnx,
};

/**
 * The structure of a model, read without building it; undefined for a format whose structure cannot be read by itself.
 * Errors as of `loadModel`.
 */
export async function outlineModel(path: string, signal?: AbortSignal): Promise<ModelOutline | undefined> {
  const { file, kind } = await locateModel(resolve(path));
  throwIfCancelled(signal);
  return outliners[kind]?.(file, signal);
}
