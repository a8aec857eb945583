import type { TextAttribution, Token } from "../../../../src/protocol/explanation.ts";

/** A text as a model of words sees it: [CLS], each word or sign with its own value (1, 2, 3, …), padding. */
export function wordAttribution(
  text: string,
  fields: TextAttribution["fields"] = [{ name: "q", start: 0, end: text.length }],
  padding = 2,
): TextAttribution {
  const tokens: Token[] = [{ text: "[CLS]", id: 101, start: 0, end: 0, special: "other", word: -1 }];
  for (const match of text.matchAll(/[\p{L}\p{N}\p{M}]+|\p{Emoji_Presentation}|[^\s\p{L}\p{N}]/gu)) {
    const start = match.index;
    tokens.push({
      text: match[0],
      id: start,
      start,
      end: start + match[0].length,
      special: "none",
      word: tokens.length,
    });
  }
  const words = tokens.length;
  for (let i = 0; i < padding; i++) {
    tokens.push({ text: "[PAD]", id: 0, start: text.length, end: text.length, special: "pad", word: -1 });
  }
  const values = Float32Array.from(tokens, ({ special }, index) => (special === "pad" ? 0 : index === 0 ? 0.5 : index));
  return {
    kind: "text",
    input: "ids",
    shape: [tokens.length],
    text,
    truncatedFrom: null,
    gap: null,
    fields,
    tokens,
    values,
    gradient: null,
    cellErrors: Float32Array.from(tokens, (_, index) => (index < words ? 0.1 : 0)),
  };
}
