import { randomBytes } from "node:crypto";
import { access, constants, mkdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { PathlightError } from "../../common/errors.ts";

export interface OutputFile {
  readonly name: string;
  /** Parts are written one after the other, so that the whole need not be in memory. */
  readonly content: Uint8Array | string | Iterable<Uint8Array>;
}

function notWritable(folder: string, found: string, cause?: unknown): PathlightError {
  return new PathlightError(
    "usage",
    `The results cannot be written to ${folder}.`,
    { file: folder, expected: "a folder that can be written", found, whatToDo: "Choose another folder." },
    cause,
  );
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/^[A-Z]+: /, "") : String(error);
}

/**
 * Makes sure, before anything is computed, that results can be written to a folder, which need not exist yet. Makes
 * nothing.
 *
 * @throws PathlightError `usage`
 */
export async function checkOutputFolder(folder: string): Promise<void> {
  for (let place = folder; ; place = dirname(place)) {
    const stats = await stat(place).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ENOTDIR") return undefined;
      throw notWritable(folder, reasonOf(error), error);
    });
    if (stats === undefined && dirname(place) !== place) continue;
    if (stats?.isDirectory() !== true) throw notWritable(folder, `${place} is a file`);
    try {
      await access(place, constants.W_OK | constants.X_OK);
    } catch (error) {
      throw notWritable(folder, `no permission to write in ${place}`, error);
    }
    return;
  }
}

/**
 * Writes files into a folder so that a reader sees each either whole or not at all: all are written under other names
 * first and renamed when the last is on disk. What fails leaves the folder as it was.
 *
 * @returns The paths written, in order.
 * @throws PathlightError `usage` when the folder cannot be written.
 */
export async function writeFilesAtomically(folder: string, files: readonly OutputFile[]): Promise<string[]> {
  const suffix = `.${randomBytes(6).toString("hex")}.partial`;
  const temporary: string[] = [];
  try {
    await mkdir(folder, { recursive: true });
    for (const { name, content } of files) {
      const path = join(folder, name + suffix);
      temporary.push(path);
      await writeFile(path, content);
    }
    const written: string[] = [];
    for (const { name } of files) {
      const path = join(folder, name);
      await rename(path + suffix, path);
      written.push(path);
    }
    return written;
  } catch (error) {
    await Promise.all(temporary.map((path) => rm(path, { force: true })));
    throw notWritable(folder, reasonOf(error), error);
  }
}
