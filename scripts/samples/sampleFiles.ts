import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The sample workspace. */
export const samplesFolder = fileURLToPath(new URL("../../samples/", import.meta.url));

/** Writes a text file of the sample workspace; `path` is relative to it. */
export function writeSample(path: string, text: string): void {
  const file = join(samplesFolder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

export function writeJson(path: string, value: unknown): void {
  writeSample(path, `${JSON.stringify(value, null, 2)}\n`);
}

export function writeLines(path: string, lines: readonly string[]): void {
  writeSample(path, `${lines.join("\n")}\n`);
}

/** One field of a CSV file (RFC 4180). */
export function csvField(text: string): string {
  return /[",\n]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
