import { PathlightError } from "../../common/errors.ts";
import type { Token } from "../../protocol/explanation.ts";
import type { ByteWindow, TokenizerSpec } from "../../protocol/manifest.ts";
import { byteText } from "./byteText.ts";
import { type ByteRange, seenBytes } from "./byteWindow.ts";
import { type FileText, fileText } from "./fileText.ts";
import type { FileReader } from "./tokenizer.ts";

type Spec = Extract<TokenizerSpec, { type: "bytes" }>;

/** Bytes that may be missing of a character at the edge of a block. */
const CHARACTER_REST = 3;

/**
 * Reads a file's first and last bytes as `head + tail` positions. A byte that both ends hold is two tokens at one place.
 * Of a character with several bytes, the first that an end sees has its place; the others stand behind it with no width.
 */
export function fileReader(spec: Spec, window: ByteWindow): FileReader {
  const positions = window.head + window.tail;
  return {
    wanted: window.block + CHARACTER_REST,
    encode(ends, length) {
      if (length !== null && length !== positions) {
        throw new PathlightError("tokenizer-invalid", "The window of the byte tokenizer does not fit the model.", {
          expected: `head and tail of ${length} together (the positions of the model)`,
          found: `${window.head} and ${window.tail}`,
          whatToDo: "Correct `window` of the tokenizer in pathlight.json.",
        });
      }
      const seen = seenBytes(ends, window);
      if (seen.head.from >= seen.head.to && seen.tail.from >= seen.tail.to) {
        throw new PathlightError("sample-empty", "The file holds nothing that the model sees.", {
          expected: "at least one byte that is not blank",
          found: ends.size === 0 ? "0 bytes" : `${ends.size} bytes of blank space at both ends`,
          whatToDo: "Choose another file.",
        });
      }
      const shown = fileText(ends, seen.gap);
      const byte = (at: number): number =>
        (at < ends.head.length ? ends.head[at] : ends.tail[at - (ends.size - ends.tail.length)]) ?? 0;
      const tokens = (range: ByteRange): Token[] =>
        Array.from({ length: Math.max(0, range.to - range.from) }, (_, index) =>
          token(byte(range.from + index), range.from + index, index === 0, shown, spec.offset),
        );
      const pads = (count: number, at: number): Token[] =>
        Array.from({ length: count }, () => ({
          text: "[PAD]",
          id: spec.padId,
          start: at,
          end: at,
          special: "pad",
          word: -1,
        }));
      const head = tokens(seen.head);
      const tail = tokens(seen.tail);
      const all = [
        ...head,
        ...pads(window.head - head.length, head.at(-1)?.end ?? 0),
        ...pads(window.tail - tail.length, tail[0]?.start ?? shown.text.length),
        ...tail,
      ];
      return {
        text: shown.text,
        encoded: {
          ids: Int32Array.from(all, ({ id }) => id),
          tokens: all,
          truncatedFrom: null,
          gap: seen.gap === null ? null : { at: shown.gapAt, bytes: seen.gap.to - seen.gap.from },
          unknownCount: 0,
        },
      };
    },
  };
}

function token(byte: number, at: number, first: boolean, shown: FileText, offset: number): Token {
  const place = shown.place(at);
  if (place === undefined) throw new PathlightError("internal", `Byte ${at} of the file is not shown.`);
  const { start, end, part, word } = place;
  const from = part === 0 || first ? start : end;
  return { text: byteText(byte), id: byte + offset, start: from, end, special: "none", word };
}
