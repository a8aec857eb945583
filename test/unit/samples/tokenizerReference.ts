import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import * as z from "zod";

/** See scripts/fixtures/tokenizerReference.py. */
const folder = new URL("../../fixtures/tokenizers/reference/", import.meta.url);

const ids = z.array(z.int());
const referenceSchema = z.strictObject({
  tokenizer: z.looseObject({}),
  ids: z.array(ids),
  offsets: z.array(ids),
  pairs: z.array(z.tuple([z.int(), z.int(), ids, ids])),
  cut: z.array(z.tuple([z.enum(["longest_first", "only_first", "only_second"]), z.int(), z.int(), ids, ids])),
});

export type TokenizerReference = z.output<typeof referenceSchema>;

function read<T>(name: string, schema: z.ZodType<T>): T {
  const bytes = gunzipSync(readFileSync(fileURLToPath(new URL(`${name}.json.gz`, folder))));
  return schema.parse(JSON.parse(bytes.toString("utf8")));
}

export const referenceNames = [
  "bert-uncased",
  "bert-cased",
  "gpt2",
  "roberta",
  "llama2",
  "llama3",
  "clip",
  "char-bpe",
  "xlm-roberta",
  "t5",
  "albert",
  "word-level",
  "word-level-split",
] as const;

export function corpus(): string[] {
  return read("corpus", z.array(z.string()));
}

/** For each part of a tokenizer: first code of a run, how many follow it, and what they are to the part. */
export function characterClasses(): Record<string, [number, number, number | string][]> {
  return read("classes", z.record(z.string(), z.array(z.tuple([z.int(), z.int(), z.union([z.int(), z.string()])]))));
}

export function reference(name: (typeof referenceNames)[number]): TokenizerReference {
  return read(name, referenceSchema);
}

/** Spans of a line's tokens in UTF-16 units, as the reference has them. */
export function referenceSpans(line: string, differences: readonly number[]): [number, number][] {
  const units = [0];
  for (const character of line) units.push((units.at(-1) ?? 0) + character.length);
  const spans: [number, number][] = [];
  let reached = 0;
  for (let at = 0; at < differences.length; at += 2) {
    const start = reached + (differences[at] ?? 0);
    reached = start + (differences[at + 1] ?? 0);
    spans.push([units[start] ?? 0, units[reached] ?? 0]);
  }
  return spans;
}
