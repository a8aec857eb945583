import { readFile, stat } from "node:fs/promises";
import { PathlightError } from "../common/errors.ts";

/** Largest file that is read into memory at once; data files are streamed and may be larger. */
const maxFileBytes = 1024 ** 3;

/** The size in bytes of a sample file. Throws `sample-not-found` and `sample-unreadable`. */
export async function sampleFileSize(path: string): Promise<number> {
  try {
    const info = await stat(path);
    if (info.isFile()) return info.size;
  } catch (cause) {
    throw fileError(path, cause);
  }
  throw new PathlightError("sample-unreadable", "The sample is not a file.", {
    file: path,
    expected: "a file",
    found: "a folder or a device",
    whatToDo: "Choose a file inside it.",
  });
}

/** All bytes of a sample file. Throws `sample-not-found`, `sample-unreadable`, `sample-empty` and `sample-too-large`. */
export async function readSampleFile(path: string, signal?: AbortSignal): Promise<Buffer> {
  const size = await sampleFileSize(path);
  if (size === 0) {
    throw new PathlightError("sample-empty", "The file is empty.", {
      file: path,
      found: "0 bytes",
      whatToDo: "Choose another file.",
    });
  }
  if (size > maxFileBytes) {
    throw new PathlightError("sample-too-large", "The file is too large to read at once.", {
      file: path,
      expected: `at most ${megabytes(maxFileBytes)}`,
      found: megabytes(size),
      whatToDo: "Choose a smaller file.",
    });
  }
  try {
    return await readFile(path, signal === undefined ? {} : { signal });
  } catch (cause) {
    throw fileError(path, cause);
  }
}

/** An error of the file system as `sample-not-found` or `sample-unreadable`; others and an abort pass unchanged. */
export function fileError(path: string, cause: unknown): unknown {
  if (cause instanceof PathlightError) return cause;
  if (!(cause instanceof Error) || !("code" in cause) || cause.name === "AbortError") return cause;
  if (cause.code === "ENOENT" || cause.code === "ENOTDIR") {
    return new PathlightError(
      "sample-not-found",
      "There is no such file.",
      { file: path, whatToDo: "It may have been moved or deleted. Choose another sample." },
      cause,
    );
  }
  const reason = cause.code === "EACCES" || cause.code === "EPERM" ? "no permission to read it" : cause.message;
  return new PathlightError(
    "sample-unreadable",
    "The file cannot be read.",
    { file: path, found: reason, whatToDo: "Check the permissions of the file." },
    cause,
  );
}

export function megabytes(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${Math.ceil(bytes / 1_000_000)} MB`;
}
