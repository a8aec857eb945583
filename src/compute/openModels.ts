import { activateBackend, type BackendOptions } from "../backend/index.ts";
import type { LoadedModel } from "../models/loadedModel.ts";
import type { BackendPreference, ModelRef } from "../protocol/explain.ts";
import type { BackendInfo } from "../protocol/explanation.ts";
import { inferManifestModel } from "../samples/index.ts";
import type { CallOptions } from "./callOptions.ts";
import { ModelCache } from "./modelCache.ts";
import { decoderOf, type OpenedModel } from "./openedModel.ts";
import { joinModels } from "./sequence/joinedModel.ts";

/** The backend that computes, and the models that are open on it. */
export class OpenModels {
  readonly #options: BackendOptions;
  readonly #cache: ModelCache;
  #backend: { readonly preference: BackendPreference; readonly info: BackendInfo } | undefined;

  /** `onForget`: told the fingerprint of a model that is closed. */
  constructor(options: BackendOptions, onForget: (fingerprint: string) => void) {
    this.#options = options;
    this.#cache = new ModelCache(onForget);
  }

  get backend(): BackendInfo | null {
    return this.#backend?.info ?? null;
  }

  /** Turns to a backend; another one than before closes all models. */
  async activate(preference: BackendPreference, options: CallOptions): Promise<BackendInfo> {
    const known = this.#backend;
    if (known !== undefined && (known.preference === preference || known.info.name === preference)) return known.info;
    const report = (message: string): void => options.emit?.({ type: "stage", stage: "backend", message });
    report("Starting TensorFlow");
    // Tensors belong to the backend that made them.
    this.#cache.dispose();
    const info = await activateBackend(preference, { ...this.#options, onProgress: report });
    this.#backend = { preference, info };
    return info;
  }

  /** A model with its entry in the manifest, or what stands for one. */
  async open(model: ModelRef, backend: BackendInfo, options: CallOptions): Promise<OpenedModel> {
    options.emit?.({ type: "stage", stage: "model", message: "Loading the model" });
    const format = model.format ?? model.entry?.format;
    const first = await this.#cache.get(model.path, format, backend.name, options.signal);
    const described = await descriptionOf(model, first);
    const decoder = decoderOf(described);
    const loaded =
      decoder === null
        ? first
        : joinModels(
            first,
            await this.#cache.get(decoder.path, undefined, backend.name, options.signal),
            decoder.states,
          );
    options.emit?.({ type: "model", files: [...loaded.files] });
    return { loaded, ...described };
  }

  dispose(): void {
    this.#cache.dispose();
  }
}

/** The entry of the manifest, or what the model and the files beside it say. */
async function descriptionOf(
  { path, entry, baseFolder = "" }: ModelRef,
  { model, files, name, format }: LoadedModel,
): Promise<Omit<OpenedModel, "loaded">> {
  if (entry !== undefined) return { entry, baseFolder, notes: [] };
  const { inputs, outputs, heads, embeddings } = model;
  // The file, where its folder was given: labels and vocabulary lie beside it.
  return inferManifestModel({ path: files[0] ?? path, name, format, inputs, outputs, heads, embeddings });
}
