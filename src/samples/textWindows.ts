import { PathlightError } from "../common/errors.ts";
import { formatCount } from "../protocol/format.ts";
import type { TextInput } from "../protocol/manifest.ts";
import type { PreparedText, TextWindows } from "./prepared.ts";
import { paddingTokens } from "./tokenizer/assemble.ts";
import type { Tokenizer, WholeText } from "./tokenizer/tokenizer.ts";
import { MOST_WINDOWS, usualOverlap, windowCount, windowRanges } from "./windowPlan.ts";

/** How a text that is too long is read. `overlap` in tokens; undefined: a quarter of what a window takes. */
export type LongText = { readonly kind: "cut" } | { readonly kind: "windows"; readonly overlap?: number | undefined };

/**
 * One text, or two as one sequence, in windows over the text, or over that text of the two that may be cut (the second
 * unless `truncation` says the first). What stands around it is in every window. The tokens are those of the whole text,
 * each once, wherever it stands. Null: it fits, and is read as it is. `length`: positions of the model's input.
 * Throws `usage` for an overlap that leaves no step, `sample-too-large` for too many windows.
 */
export function textInWindows(
  texts: readonly [string] | readonly [string, string],
  input: TextInput,
  length: number | null,
  tokenizer: Tokenizer,
  wanted: number | undefined,
): PreparedText | null {
  const most = Math.min(length ?? Number.POSITIVE_INFINITY, tokenizer.maxLength ?? Number.POSITIVE_INFINITY);
  if (most === Number.POSITIVE_INFINITY) return null;
  const whole = wholeText(tokenizer, texts, most * MOST_WINDOWS);
  if (whole.tokens.length <= most) return null;
  const sliding = texts.length === 1 || (input.truncation ?? whole.truncation) === "only-first" ? 0 : 1;
  const field = whole.ranges[sliding] ?? { from: 0, to: whole.tokens.length };
  const count = field.to - field.from;
  const room = most - (whole.tokens.length - count);
  if (room < 1) throw noRoom(whole, sliding, most);
  const overlap = wanted ?? usualOverlap(room);
  if (overlap >= room) throw overlapTooLarge(overlap, room);
  if (windowCount(count, room, overlap) > MOST_WINDOWS) throw tooManyWindows(room, overlap);
  const positions = length ?? most;
  const padding = positions - most;
  const tokens = [
    ...whole.tokens,
    ...(padding === 0 ? [] : paddingTokens(padding, input.padSide, tokenizer, whole.text.length)),
  ];
  const ranges = windowRanges(count, room, overlap).map(({ from, to }) => ({
    from: field.from + from,
    to: field.from + to,
  }));
  const windows: TextWindows = {
    length: positions,
    overlap,
    ranges,
    places: ranges.map((range) => placesOf(whole, field, range, padding, input.padSide)),
  };
  const ids = Int32Array.from(tokens, ({ id }) => id);
  const unknown = tokens.filter(({ special }) => special === "unknown");
  const { types } = whole;
  return {
    kind: "text",
    tensor: { shape: [ids.length], data: ids },
    text: whole.text,
    encoded: {
      ids,
      tokens,
      truncatedFrom: null,
      gap: null,
      unknownCount: unknown.length,
      ...(types === undefined ? {} : { types: Int32Array.from(tokens, (_, at) => types[at] ?? 0) }),
    },
    fields: whole.fields.map(({ start, end }) => ({ name: null, start, end })),
    notes: [],
    windows,
  };
}

function wholeText(tokenizer: Tokenizer, texts: readonly string[], most: number): WholeText {
  const [first = "", second] = texts;
  if (tokenizer.encodeWhole !== undefined) return tokenizer.encodeWhole(first, second, most);
  // Whoever has pairs says how a whole one is read.
  const { tokens, types } = tokenizer.encode(first, null, "right");
  return {
    text: first,
    tokens,
    types: types === undefined ? undefined : Array.from(types),
    fields: [{ start: 0, end: first.length }],
    ranges: [{ from: 0, to: tokens.length }],
  };
}

/** Tokens of the whole text at the positions of one window, padding behind all of it. */
function placesOf(
  { tokens }: WholeText,
  field: { readonly from: number; readonly to: number },
  window: { readonly from: number; readonly to: number },
  padding: number,
  padSide: TextInput["padSide"],
): Int32Array {
  const read: number[] = [];
  for (let at = 0; at < field.from; at++) read.push(at);
  for (let at = window.from; at < window.to; at++) read.push(at);
  for (let at = field.to; at < tokens.length; at++) read.push(at);
  const pads = Array.from({ length: padding }, (_, at) => tokens.length + at);
  return Int32Array.from(padSide === "right" ? [...read, ...pads] : [...pads, ...read]);
}

function noRoom({ ranges }: WholeText, sliding: number, most: number): PathlightError {
  const other = ranges[1 - sliding];
  const which = sliding === 1 ? "first" : "second";
  return new PathlightError("sample-too-large", `The ${which} text leaves no room for windows over the other one.`, {
    expected: `a ${which} text of less than ${most} tokens, special tokens included`,
    found: other === undefined ? "special tokens alone" : `${other.to - other.from} tokens`,
    whatToDo:
      sliding === 1
        ? "Shorten it, read the texts cut, or set `truncation` of the text input in pathlight.json to only-first, so that the windows go over it."
        : "Shorten it, or read the texts cut.",
  });
}

function overlapTooLarge(overlap: number, room: number): PathlightError {
  return new PathlightError("usage", "The overlap of the windows is as large as a window.", {
    expected: `an overlap from 0 to ${room - 1}: a window takes ${room} tokens of the text`,
    found: String(overlap),
    whatToDo: "Choose a smaller overlap: --windows N, or `overlap` of the text input in pathlight.json.",
  });
}

function tooManyWindows(room: number, overlap: number): PathlightError {
  const reach = room + (MOST_WINDOWS - 1) * (room - overlap);
  return new PathlightError("sample-too-large", "The text is too long to be read in windows.", {
    expected: `at most ${MOST_WINDOWS} windows: ${formatCount(reach)} tokens in windows of ${room} with an overlap of ${overlap}`,
    found: "more",
    whatToDo: "Choose a part of the text, choose a smaller overlap, or read the text cut.",
  });
}
