import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

/** Models that write texts, from Hugging Face's optimum; scripts/fixtures/decoders.py writes them. */
const fixtures = fileURLToPath(new URL("../fixtures/decoders/", import.meta.url));

export type DecoderFixture = "gpt2" | "gpt2-plain" | "t5";

/** The vocabulary of these models: what the ids mean is made up. */
export const decoderWords = [
  "[PAD]",
  "[END]",
  "[UNK]",
  ...Array.from("abcdefghijklmnopqrstu", (letter) => `w${letter}`),
];

/** Words between spaces, in the form of Hugging Face's tokenizers. */
const tokenizer = {
  version: "1.0",
  truncation: null,
  padding: null,
  added_tokens: decoderWords.slice(0, 3).map((content, id) => ({
    ...{ id, content, special: true },
    ...{ single_word: false, lstrip: false, rstrip: false, normalized: false },
  })),
  normalizer: null,
  pre_tokenizer: { type: "WhitespaceSplit" },
  post_processor: null,
  decoder: null,
  model: {
    type: "WordLevel",
    vocab: Object.fromEntries(decoderWords.map((word, id) => [word, id])),
    unk_token: "[UNK]",
  },
};

/** What the library's own greedy `generate` writes after a prompt: ids, and the highest logit at each step. */
export const generated: Readonly<
  Record<"gpt2" | "t5", { readonly prompt: number[]; readonly ids: number[]; readonly logits: number[] }>
> = JSON.parse(readFileSync(join(fixtures, "generated.json"), "utf8"));

export function decoderText(ids: readonly number[]): string {
  return ids.map((id) => decoderWords[id]).join(" ");
}

/** Unpacks a model as its exporter wrote it, in Hugging Face's layout, with a tokenizer. */
export function unpackDecoder(name: DecoderFixture, folder: string): string {
  const place = join(folder, name);
  mkdirSync(place, { recursive: true });
  for (const file of readdirSync(join(fixtures, name))) {
    const from = join(fixtures, name, file);
    if (file.endsWith(".gz")) writeFileSync(join(place, basename(file, ".gz")), gunzipSync(readFileSync(from)));
    else copyFileSync(from, join(place, file));
  }
  writeFileSync(join(place, "tokenizer.json"), JSON.stringify(tokenizer));
  return place;
}
