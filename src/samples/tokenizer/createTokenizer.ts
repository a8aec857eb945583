import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { PathlightError } from "../../common/errors.ts";
import type { TokenizerSpec } from "../../protocol/manifest.ts";
import { byteTokenizer } from "./byteTokenizer.ts";
import { readTokenizerFiles } from "./huggingface/tokenizerFile.ts";
import { textVectorization, vectorizationConfigSchema } from "./textVectorization.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { parseVocabulary } from "./vocabulary.ts";
import { vocabularyTokenizer } from "./vocabularyTokenizer.ts";
import { wordIndexTokenizer } from "./wordIndex.ts";

/**
 * The tokenizer of a manifest entry; `baseFolder` is what its paths are relative to. `vocabularyLimit`: rows of the
 * embedding; an id at or above it is an error here rather than a wrong look-up later. Throws `tokenizer-invalid`.
 */
export async function createTokenizer(
  spec: TokenizerSpec,
  baseFolder: string,
  vocabularyLimit?: number,
): Promise<Tokenizer> {
  const { tokenizer, file } = await tokenizerOf(spec, baseFolder);
  if (vocabularyLimit !== undefined && tokenizer.idLimit > vocabularyLimit) {
    throw new PathlightError("tokenizer-invalid", "The vocabulary does not fit the model.", {
      file,
      expected: `ids below ${vocabularyLimit} (the rows of the model's embedding)`,
      found: `ids up to ${tokenizer.idLimit - 1}`,
      whatToDo: "Use the vocabulary that the model was trained with.",
    });
  }
  return tokenizer;
}

async function tokenizerOf(
  spec: TokenizerSpec,
  baseFolder: string,
): Promise<{ tokenizer: Tokenizer; file: string | undefined }> {
  if (spec.type === "bytes") return { tokenizer: byteTokenizer(spec), file: undefined };
  if (spec.type === "huggingface") {
    const file = resolve(baseFolder, spec.file);
    // Loaded where such a tokenizer is used only.
    const { huggingFaceTokenizer } = await import("./huggingface/huggingFaceTokenizer.ts");
    return { tokenizer: huggingFaceTokenizer(spec, await readTokenizerFiles(file)), file };
  }
  if (spec.type === "text-vectorization") return keras(spec, baseFolder);
  if (spec.type === "word-index") {
    const file = resolve(baseFolder, spec.file);
    return { tokenizer: wordIndexTokenizer(spec, parseJson(await readVocabulary(file), file), file), file };
  }
  const file = resolve(baseFolder, spec.vocabulary);
  return { tokenizer: vocabularyTokenizer(spec, parseVocabulary(await readVocabulary(file), file)), file };
}

/** A `TextVectorization` layer: its words from a file of their own, or from its configuration. */
async function keras(
  spec: Extract<TokenizerSpec, { type: "text-vectorization" }>,
  baseFolder: string,
): Promise<{ tokenizer: Tokenizer; file: string }> {
  const configFile = spec.config === undefined ? undefined : resolve(baseFolder, spec.config);
  const read = configFile === undefined ? null : parseJson(await readVocabulary(configFile), configFile);
  const parsed = vectorizationConfigSchema.safeParse(read ?? {});
  const config = read === null || !parsed.success ? null : parsed.data;
  const file = spec.vocabulary === undefined ? configFile : resolve(baseFolder, spec.vocabulary);
  if (file === undefined || (read !== null && config === null)) throw noVocabulary(file);
  let words: readonly string[] | null | undefined = config?.vocabulary;
  if (spec.vocabulary !== undefined) {
    const text = await readVocabulary(file);
    const { tokens, largestId } = parseVocabulary(text, file);
    words = Array.from({ length: largestId + 1 }, (_, id) => tokens.get(id) ?? "");
  }
  if (words === null || words === undefined) throw noVocabulary(file);
  return { tokenizer: textVectorization(spec, config, words, file), file };
}

function noVocabulary(file: string | undefined): PathlightError {
  return new PathlightError("tokenizer-invalid", "The vocabulary of the TextVectorization layer is not known.", {
    file,
    expected: "`vocabulary`, or a `config` with the words in it, of the tokenizer in pathlight.json",
    found: "neither",
    whatToDo: "Save get_vocabulary() of the layer, one word a line, and name the file as `vocabulary`.",
  });
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    throw new PathlightError(
      "tokenizer-invalid",
      "The tokenizer is not valid JSON.",
      {
        file,
        expected: "JSON",
        found: cause instanceof Error ? cause.message : String(cause),
        whatToDo: "Save it again from Keras.",
      },
      cause,
    );
  }
}

async function readVocabulary(file: string): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await readFile(file));
  } catch (cause) {
    const encoding = cause instanceof TypeError;
    throw new PathlightError(
      "tokenizer-invalid",
      "The vocabulary cannot be read.",
      {
        file,
        expected: "a UTF-8 text file",
        found: encoding ? "bytes that are not UTF-8" : cause instanceof Error ? cause.message : String(cause),
        whatToDo: "Correct `vocabulary` of the tokenizer in pathlight.json; its path is relative to that file.",
      },
      cause,
    );
  }
}
