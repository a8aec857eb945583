import { PathlightError } from "../../common/errors.ts";
import type { Token } from "../../protocol/explanation.ts";
import type { Encoded, PadSide, Tokenizer } from "./tokenizer.ts";

export interface Padding {
  readonly id: number | null;
  readonly text: string;
  /** Vocabulary file, for the error message. */
  readonly file?: string | undefined;
}

/** Cuts or pads tokens to `length`. `cutFrom(i)`: first UTF-16 offset that is not seen when token i is the first cut. */
export function assemble(
  text: string,
  found: readonly Token[],
  length: number | null,
  padSide: PadSide,
  padding: Padding,
): Encoded {
  if (found.length === 0) throw noTokens(text);
  const kept = length === null ? [...found] : found.slice(0, length);
  const firstCut = found[kept.length];
  const missing = length === null ? 0 : length - kept.length;
  const tokens = missing === 0 ? kept : withPadding(kept, missing, padSide, padding, text.length);
  return {
    ids: Int32Array.from(tokens, (token) => token.id),
    tokens,
    truncatedFrom: firstCut === undefined ? null : firstCut.start,
    gap: null,
    unknownCount: kept.filter((token) => token.special === "unknown").length,
  };
}

export function noTokens(text: string): PathlightError {
  return new PathlightError("sample-empty", text === "" ? "The text is empty." : "The text has no tokens.", {
    expected: "at least one token",
    found: text === "" ? "no characters" : JSON.stringify(text.slice(0, 40)),
    whatToDo: "Choose a row or a selection with text in it.",
  });
}

/** So many tokens of padding, which stand behind the text, or before it. Throws `tokenizer-invalid` where there is none. */
export function paddingTokens(
  count: number,
  side: PadSide,
  { padId, idToToken }: Pick<Tokenizer, "padId" | "idToToken">,
  textLength: number,
): Token[] {
  const text = padId === null ? "[PAD]" : (idToToken(padId)?.text ?? "[PAD]");
  return withPadding([], count, side, { id: padId, text }, textLength);
}

function padsOf(count: number, side: PadSide, { id, text }: { id: number; text: string }, textLength: number): Token[] {
  const at = side === "right" ? textLength : 0;
  return Array.from({ length: count }, () => ({ text, id, start: at, end: at, special: "pad", word: -1 }));
}

function withPadding(kept: Token[], missing: number, side: PadSide, padding: Padding, textLength: number): Token[] {
  const { id } = padding;
  if (id === null) {
    throw new PathlightError("tokenizer-invalid", "The vocabulary has no padding token.", {
      file: padding.file,
      expected: `${JSON.stringify(padding.text)} in the vocabulary, because the text is shorter than the model's input`,
      found: "no such token",
      whatToDo: "Name the padding token as `pad` of the tokenizer in pathlight.json.",
    });
  }
  const pads = padsOf(missing, side, { id, text: padding.text }, textLength);
  return side === "right" ? [...kept, ...pads] : [...pads, ...kept];
}
