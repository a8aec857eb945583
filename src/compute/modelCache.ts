import { stat } from "node:fs/promises";
import path from "node:path";
import type { LoadedModel } from "../models/loadedModel.ts";
import { loadModel } from "../models/loadModel.ts";
import type { ModelFormat } from "../protocol/manifest.ts";

interface Entry {
  readonly stamp: string;
  readonly backend: string;
  readonly loaded: LoadedModel;
}

/**
 * Models stay loaded between explanations. A model whose files have changed on disk, or that was loaded on another
 * backend, is loaded anew. Used by one explanation at a time, so nothing is disposed while it computes.
 */
export class ModelCache {
  readonly #entries = new Map<string, Entry>();
  readonly #most: number;
  readonly #onForget: (fingerprint: string) => void;

  /** `onForget` is told of every model that is let go. */
  constructor(onForget: (fingerprint: string) => void = () => undefined, most = 4) {
    this.#onForget = onForget;
    this.#most = most;
  }

  async get(
    file: string,
    format: ModelFormat | undefined,
    backend: string,
    signal?: AbortSignal,
  ): Promise<LoadedModel> {
    const key = path.resolve(file);
    const known = this.#entries.get(key);
    if (known !== undefined && known.backend === backend && known.stamp === (await stampOf(known.loaded.files))) {
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known.loaded;
    }
    this.#forget(key);
    const loaded = await loadModel(key, { ...(format === undefined ? {} : { format }), ...(signal ? { signal } : {}) });
    this.#entries.set(key, { stamp: await stampOf(loaded.files), backend, loaded });
    for (const old of this.#entries.keys()) {
      if (this.#entries.size <= this.#most) break;
      this.#forget(old);
    }
    return loaded;
  }

  dispose(): void {
    for (const key of [...this.#entries.keys()]) this.#forget(key);
  }

  #forget(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    entry.loaded.model.dispose();
    this.#onForget(entry.loaded.fingerprint);
  }
}

/** Changes when any of the files does. A file that is gone counts as changed; loading then says which. */
async function stampOf(files: readonly string[]): Promise<string> {
  const stamps = await Promise.all(
    files.map((file) =>
      stat(file).then(
        (stats) => `${stats.mtimeMs}:${stats.size}`,
        () => "gone",
      ),
    ),
  );
  return stamps.join(" ");
}
