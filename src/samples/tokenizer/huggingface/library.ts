import { type Model, Tokenizer } from "@huggingface/tokenizers";
import { PathlightError } from "../../../common/errors.ts";
import type { TokenizerFiles } from "./tokenizerFile.ts";

/**
 * The model of Hugging Face's JavaScript tokenizer. Its normaliser and pre-tokeniser are not used: they give no places,
 * and differ from `tokenizers` in word characters, digits and ideographs beyond U+FFFF. Throws `tokenizer-invalid`.
 */
export function libraryModel({ file, raw, config }: TokenizerFiles): Model {
  const parts = {
    ...raw,
    post_processor: null,
    normalizer: null,
    pre_tokenizer: null,
    decoder: null,
    added_tokens: addedOf(raw),
  };
  try {
    const { model } = new Tokenizer(parts, { eos_token: config.eos_token ?? undefined });
    if (model !== null) return model;
  } catch (cause) {
    throw invalid(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
  throw invalid(file, "no model");
}

/** Ids to text as the tokenizer's own decoder has it, special tokens left out. Throws `tokenizer-invalid`. */
export function libraryDecoder({ file, raw, config }: TokenizerFiles): (ids: readonly number[]) => string {
  try {
    const library = new Tokenizer({ ...raw, added_tokens: addedOf(raw) }, { eos_token: config.eos_token ?? undefined });
    return (ids) =>
      ids.length === 0
        ? ""
        : library.decode([...ids], { skip_special_tokens: true, clean_up_tokenization_spaces: false });
  } catch (cause) {
    throw invalid(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function addedOf(raw: object): unknown {
  return "added_tokens" in raw && Array.isArray(raw.added_tokens) ? raw.added_tokens : [];
}

function invalid(file: string, found: string, cause?: unknown): PathlightError {
  return new PathlightError(
    "tokenizer-invalid",
    "The tokenizer is of a kind that Pathlight does not read.",
    {
      file,
      expected: "WordPiece, BPE, Unigram or WordLevel",
      found,
      whatToDo: "Save the token ids as .npy and explain those.",
    },
    cause,
  );
}
