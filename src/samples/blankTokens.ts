import { PathlightError } from "../common/errors.ts";
import type { BlankedTokens } from "../protocol/explain.ts";
import type { BlankToken, Token } from "../protocol/explanation.ts";
import type { PreparedSample } from "./prepared.ts";
import type { Tokenizer } from "./tokenizer/tokenizer.ts";

/** What a token can be blanked with: the mask token, else the one for unknown words, else padding; null: there is none. */
export function blankOf(tokenizer: Tokenizer | undefined): BlankToken | null {
  if (tokenizer === undefined) return null;
  const { maskId, unknownId, padId } = tokenizer;
  for (const [id, kind] of [[maskId, "mask"] as const, [unknownId, "unknown"] as const, [padId, "pad"] as const]) {
    if (id !== null) return { id, kind, text: tokenizer.idToToken(id)?.text ?? `#${id}` };
  }
  return null;
}

/**
 * A text with a blank in the place of some tokens. What stands there stands for nothing in the text any more. Throws
 * `sample-shape` where other tokens are there than were asked for, and `usage` for what is no text or has no blank.
 */
export function blankTokens(
  prepared: PreparedSample,
  wanted: BlankedTokens["tokens"],
  tokenizer: Tokenizer | undefined,
): PreparedSample {
  const blank = blankOf(tokenizer);
  if (prepared.kind !== "text" || blank === null) {
    throw new PathlightError("usage", "Tokens of this sample cannot be left blank.", {
      expected: "a text, and a mask, unknown or padding token in its vocabulary",
      found: prepared.kind === "text" ? "no such token" : `a sample of kind ${prepared.kind}`,
      whatToDo: "Delete or replace them instead.",
    });
  }
  const { encoded, tensor } = prepared;
  const ids = tensor.data.slice();
  const tokens = [...encoded.tokens];
  for (const { position, id } of wanted) {
    const token = tokens[position];
    if (token === undefined || ids[position] !== id) {
      throw new PathlightError("sample-shape", "The text is not the one that tokens were blanked in.", {
        expected: `the token with id ${id} at position ${position}`,
        found: token === undefined ? `${tokens.length} tokens` : `${JSON.stringify(token.text)} with id ${token.id}`,
        whatToDo: "Explain the text as it is now, and edit it anew.",
      });
    }
    ids[position] = blank.id;
    tokens[position] = blankToken(token, blank);
  }
  return { ...prepared, tensor: { ...tensor, data: ids }, encoded: { ...encoded, ids, tokens } };
}

function blankToken({ start }: Token, { id, text, kind }: BlankToken): Token {
  return { text, id, start, end: start, special: kind, word: -1 };
}
