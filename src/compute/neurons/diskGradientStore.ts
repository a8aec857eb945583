import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PathlightError } from "../../common/errors.ts";
import { type GradientStore, MemoryGradientStore } from "../../engine/gradientStore.ts";

interface OpenFile {
  readonly folder: string;
  readonly descriptor: number;
  /** Bytes. */
  length: number;
}

/** What stays in memory; the rest goes to disk. */
const IN_MEMORY = 128 * 2 ** 20;

/**
 * Vectors in memory, and from a certain size on in a file of the temporary folder, which is gone when the store is
 * disposed and when the process ends, however it ends: where the system allows it the file has no name from the start.
 */
export class DiskGradientStore implements GradientStore {
  readonly #memory = new MemoryGradientStore();
  readonly #most: number;
  readonly #parent: string;
  /** Where a vector stands: its handle in memory, or its place in the file. */
  readonly #places: ({ readonly memory: number } | { readonly position: number; readonly length: number })[] = [];
  #bytes = 0;
  #file: OpenFile | undefined;
  readonly #atExit = (): void => this.dispose();

  constructor(most = IN_MEMORY, parent = tmpdir()) {
    this.#most = most;
    this.#parent = parent;
  }

  /** Bytes on disk. */
  get bytesOnDisk(): number {
    return this.#file?.length ?? 0;
  }

  put(gradient: Float32Array): number {
    this.#bytes += gradient.byteLength;
    if (this.#bytes <= this.#most) return this.#places.push({ memory: this.#memory.put(gradient) }) - 1;
    const file = this.#open();
    const position = file.length;
    const bytes = new Uint8Array(gradient.buffer, gradient.byteOffset, gradient.byteLength);
    for (let done = 0; done < bytes.length; ) {
      try {
        done += writeSync(file.descriptor, bytes, done, bytes.length - done, position + done);
      } catch (error) {
        throw diskFull(file.folder, error);
      }
    }
    file.length += bytes.length;
    return this.#places.push({ position, length: gradient.length }) - 1;
  }

  get(handle: number): Float32Array {
    const place = this.#places[handle];
    if (place === undefined) throw new RangeError(`No gradient ${handle}; the store holds ${this.#places.length}.`);
    if ("memory" in place) return this.#memory.get(place.memory);
    const gradient = new Float32Array(place.length);
    const bytes = new Uint8Array(gradient.buffer);
    const descriptor = this.#file?.descriptor;
    if (descriptor === undefined) throw new RangeError(`Gradient ${handle} is gone: the store was disposed.`);
    for (let done = 0; done < bytes.length; ) {
      const read = readSync(descriptor, bytes, done, bytes.length - done, place.position + done);
      if (read === 0) throw new PathlightError("internal", "The temporary file of gradients ended early.");
      done += read;
    }
    return gradient;
  }

  dispose(): void {
    process.removeListener("exit", this.#atExit);
    this.#memory.dispose();
    const file = this.#file;
    this.#file = undefined;
    if (file === undefined) return;
    closeSync(file.descriptor);
    rmSync(file.folder, { recursive: true, force: true });
  }

  #open(): OpenFile {
    if (this.#file !== undefined) return this.#file;
    let folder: string;
    try {
      folder = mkdtempSync(join(this.#parent, "pathlight-neurons-"));
    } catch (error) {
      throw diskFull(this.#parent, error);
    }
    try {
      this.#file = { folder, descriptor: openSync(join(folder, "gradients"), "w+", 0o600), length: 0 };
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw diskFull(folder, error);
    }
    // An open file lives on without its name, until the process closes it or is killed; Windows does not allow that.
    if (process.platform !== "win32") rmSync(folder, { recursive: true, force: true });
    process.once("exit", this.#atExit);
    return this.#file;
  }
}

function diskFull(folder: string, cause: unknown): PathlightError {
  return new PathlightError(
    "usage",
    "What the patches give to each neuron does not fit into memory, and cannot be written to the temporary folder.",
    {
      file: folder,
      expected: "room in the temporary folder",
      found: cause instanceof Error ? cause.message : String(cause),
      whatToDo: "Free some space, set TMPDIR to another folder, or ask for fewer patches.",
    },
    cause,
  );
}
