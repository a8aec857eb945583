import { open } from "node:fs/promises";
import { throwIfCancelled } from "../common/cancellation.ts";
import { PathlightError } from "../common/errors.ts";
import { fileError, sampleFileSize } from "./sampleFile.ts";
import type { FileEnds } from "./tokenizer/tokenizer.ts";

/**
 * The first and last `wanted` bytes of a file of any size, both the same bytes where it is smaller. Throws
 * `sample-not-found`, `sample-unreadable`, `sample-empty` and `cancelled`.
 */
export async function readFileEnds(path: string, wanted: number, signal?: AbortSignal): Promise<FileEnds> {
  const size = await sampleFileSize(path);
  if (size === 0) {
    throw new PathlightError("sample-empty", "The file is empty.", {
      file: path,
      found: "0 bytes",
      whatToDo: "Choose another file.",
    });
  }
  throwIfCancelled(signal);
  try {
    const file = await open(path);
    try {
      const count = Math.min(size, wanted);
      const read = async (from: number): Promise<Uint8Array> => {
        const bytes = new Uint8Array(count);
        const { bytesRead } = await file.read(bytes, 0, count, from);
        if (bytesRead === count) return bytes;
        throw new PathlightError("sample-unreadable", "The file became shorter while it was read.", {
          file: path,
          expected: `${size} bytes`,
          found: `${from + bytesRead} bytes`,
          whatToDo: "Explain it again when nothing writes to it.",
        });
      };
      const head = await read(0);
      return { size, head, tail: count === size ? head : await read(size - count) };
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw fileError(path, cause);
  }
}
