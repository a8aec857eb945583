import { PathlightError } from "../../common/errors.ts";
import type { Token } from "../../protocol/explanation.ts";
import type { TokenizerSpec } from "../../protocol/manifest.ts";
import { assemble } from "./assemble.ts";
import { byteText } from "./byteText.ts";
import { fileReader } from "./fileReader.ts";
import { wordIndices } from "./pieces.ts";
import type { FileEnds, Tokenizer } from "./tokenizer.ts";

type Spec = Extract<TokenizerSpec, { type: "bytes" }>;

/**
 * One token a byte of UTF-8. Of a character with several bytes the first has its place in the text; the others stand
 * behind it with no width, in the same word.
 */
export function byteTokenizer(spec: Spec): Tokenizer {
  if (spec.offset < 0 || (spec.padId >= spec.offset && spec.padId < spec.offset + 256)) {
    throw new PathlightError("tokenizer-invalid", "The ids of the byte tokenizer collide.", {
      expected: "an offset of at least 0, and a padId that is no byte",
      found: `bytes ${spec.offset} to ${spec.offset + 255}, padId ${spec.padId}`,
      whatToDo: "Correct `offset` or `padId` of the tokenizer in pathlight.json.",
    });
  }
  const encoder = new TextEncoder();
  const files = spec.window === undefined ? undefined : fileReader(spec, spec.window);
  return {
    files,
    padId: spec.padId,
    unknownId: null,
    maskId: null,
    idLimit: Math.max(spec.padId, spec.offset + 255) + 1,
    encode(text, length, padSide) {
      if (files !== undefined) return files.encode(endsOf(encoder.encode(text)), length).encoded;
      const words = wordIndices(text);
      const tokens: Token[] = [];
      let start = 0;
      for (const character of text) {
        const end = start + character.length;
        for (const [index, byte] of encoder.encode(character).entries()) {
          const from = index === 0 ? start : end;
          const word = words[start] ?? -1;
          tokens.push({ text: byteText(byte), id: byte + spec.offset, start: from, end, special: "none", word });
        }
        start = end;
      }
      const encoded = assemble(text, tokens, length, padSide, { id: spec.padId, text: "[PAD]" });
      return { ...encoded, truncatedFrom: wholeCharacter(tokens, encoded.truncatedFrom, length) };
    },
    idToToken(id) {
      if (id === spec.padId) return { text: "[PAD]", special: "pad" };
      const byte = id - spec.offset;
      return byte < 0 || byte > 255 ? null : { text: byteText(byte), special: "none" };
    },
  };
}

/** Bytes that are all there. */
export function endsOf(bytes: Uint8Array): FileEnds {
  return { size: bytes.length, head: bytes, tail: bytes };
}

/** A cut inside a character counts as the character not seen: back to the first byte of it. */
function wholeCharacter(tokens: readonly Token[], truncatedFrom: number | null, length: number | null): number | null {
  if (truncatedFrom === null || length === null) return truncatedFrom;
  let first = length;
  while (first > 0 && tokens[first]?.start === tokens[first]?.end) first--;
  return tokens[first]?.start ?? truncatedFrom;
}
