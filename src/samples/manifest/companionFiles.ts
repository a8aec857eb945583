import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

export interface CompanionFile {
  /** Absolute. */
  readonly path: string;
  readonly what: "labels" | "tokenizer" | "configuration";
}

const known: readonly (readonly [RegExp, CompanionFile["what"]])[] = [
  [/^(labels|classes|class_names)\.(txt|json)$/i, "labels"],
  [/^(vocab|vocabulary|word_index|tokens)\.(txt|json)$/i, "tokenizer"],
  [/^(tokenizer|tokenizer_config|special_tokens_map|added_tokens)\.json$/i, "tokenizer"],
  [/^(merges\.txt|spiece\.model|sentencepiece\.bpe\.model|tokenizer\.model)$/i, "tokenizer"],
  [/^(config|preprocessor_config|metadata|config\.min)\.json$/i, "configuration"],
];

/**
 * Files beside a model that say something about it: names of classes, tokenizer, configuration. In a Hugging Face layout
 * (`onnx/model.onnx`) they lie in the folder above.
 */
export async function companionFiles(modelFile: string): Promise<CompanionFile[]> {
  const folder = dirname(modelFile);
  const folders = basename(folder) === "onnx" ? [dirname(folder), folder] : [folder];
  const found = await Promise.all(folders.map(async (each) => (await namesIn(each)).map((name) => join(each, name))));
  return found.flat().flatMap((path) => {
    const match = known.find(([pattern]) => pattern.test(basename(path)));
    return match === undefined ? [] : [{ path, what: match[1] }];
  });
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).then(
    (names) => names.sort(),
    // A model whose folder cannot be listed was still read.
    () => [],
  );
}
