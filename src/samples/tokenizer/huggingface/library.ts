import { type Model, type PostProcessor, Tokenizer } from "@huggingface/tokenizers";
import { PathlightError } from "../../../common/errors.ts";
import type { TokenizerFiles } from "./tokenizerFile.ts";

export interface Library {
  readonly model: Model;
  readonly postProcessor: PostProcessor | null;
}

/**
 * The parts of Hugging Face's JavaScript tokenizer that Pathlight uses. Its normaliser and pre-tokeniser are not among
 * them: they give no places, and differ from `tokenizers` in word characters, digits and ideographs beyond U+FFFF.
 * Throws `tokenizer-invalid`.
 */
export function libraryOf({ file, raw, config }: TokenizerFiles): Library {
  const parts = {
    post_processor: null,
    ...raw,
    normalizer: null,
    pre_tokenizer: null,
    decoder: null,
    added_tokens: addedOf(raw),
  };
  try {
    const { model, post_processor: postProcessor } = new Tokenizer(parts, { eos_token: config.eos_token ?? undefined });
    if (model !== null) return { model, postProcessor };
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
      expected: "WordPiece, BPE or Unigram",
      found,
      whatToDo: "Save the token ids as .npy and explain those.",
    },
    cause,
  );
}
