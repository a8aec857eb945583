import { ByteLevelPreTokenizer, SplitPreTokenizer } from "@huggingface/tokenizers";
import { AlignedBuilder, type AlignedText, prefixed, replaceAll, slice, spanOf } from "./alignedText.ts";
import { categoryPattern } from "./categoryPattern.ts";
import type { PreTokenizer } from "./tokenizerFile.ts";

/** `first`: the piece is at the start of the whole text. */
type Splitter = (text: AlignedText, first: boolean) => AlignedText[];

/** Unicode's punctuation marks, and all of ASCII's symbols. */
const marks = categoryPattern("punctuation");
const word = String.raw`\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\u200c\u200d`;

/** Splits text into the words that the model sees one by one, keeping the places. */
export function preTokenizerOf(config: PreTokenizer | null | undefined): Splitter {
  if (config === null || config === undefined) return (text) => [text];
  switch (config.type) {
    case "Sequence": {
      const steps = config.pretokenizers.map(preTokenizerOf);
      return (text, first) =>
        steps.reduce<AlignedText[]>(
          // What was cut off is at the start only where nothing was dropped before it.
          (pieces, step, index) => pieces.flatMap((piece) => step(piece, index === 0 ? first : piece.starts[0] === 0)),
          [text],
        );
    }
    case "BertPreTokenizer":
      return matches(new RegExp(String.raw`[${marks}]|[^\p{White_Space}${marks}]+`, "gu"));
    case "Whitespace":
      return matches(new RegExp(String.raw`[${word}]+|[^${word}\p{White_Space}]+`, "gu"));
    case "WhitespaceSplit":
      return matches(/\P{White_Space}+/gu);
    case "Digits":
      return matches(config.individual_digits ? /\p{N}|\P{N}+/gu : /\p{N}+|\P{N}+/gu);
    case "Punctuation":
      return behaviour(new RegExp(`[${marks}]`, "gu"), config.behavior, false);
    case "CharDelimiterSplit":
      return behaviour(new RegExp(escaped(config.delimiter), "gu"), "Removed", false);
    case "Split": {
      const { pattern } = new SplitPreTokenizer({ ...config, type: "Split", behavior: "Isolated" });
      return pattern === null ? (text) => [text] : behaviour(pattern, config.behavior, config.invert);
    }
    case "ByteLevel":
      return byteLevel(config.add_prefix_space, config.use_regex);
    case "Metaspace": {
      const scheme = config.prepend_scheme ?? (config.add_prefix_space === false ? "never" : "always");
      return metaspace(config.replacement, scheme, config.split);
    }
    default:
      return (text) => [text];
  }
}

/** The matches; what stands between them is dropped. */
function matches(pattern: RegExp): Splitter {
  return (text) =>
    Array.from(text.text.matchAll(pattern), (match) => slice(text, match.index, match.index + match[0].length)).filter(
      (piece) => piece.text !== "",
    );
}

interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly delimiter: boolean;
}

/** The `SplitDelimiterBehavior` of `tokenizers`. */
function behaviour(pattern: RegExp, name: string, invert: boolean): Splitter {
  return (text) => {
    const pieces: Stretch[] = [];
    for (const stretch of stretches(text.text, pattern, invert)) {
      const last = pieces.at(-1);
      const joins =
        last !== undefined &&
        ((name === "Contiguous" && last.delimiter === stretch.delimiter) ||
          (name === "MergedWithPrevious" && stretch.delimiter && !last.delimiter) ||
          (name === "MergedWithNext" && last.delimiter && !stretch.delimiter));
      if (joins) pieces[pieces.length - 1] = { ...stretch, from: last.from };
      else if (name !== "Removed" || !stretch.delimiter) pieces.push(stretch);
    }
    return pieces.map(({ from, to }) => slice(text, from, to));
  };
}

function stretches(text: string, pattern: RegExp, invert: boolean): Stretch[] {
  const found: Stretch[] = [];
  let reached = 0;
  const push = (from: number, to: number, delimiter: boolean): void => {
    if (to > from) found.push({ from, to, delimiter: delimiter !== invert });
  };
  for (const match of text.matchAll(pattern)) {
    push(reached, match.index, false);
    reached = match.index + match[0].length;
    push(match.index, reached, true);
  }
  push(reached, text.length, false);
  return found;
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`);
}

/** GPT-2's words. In JavaScript `\s` is not Unicode's blank space: it lacks U+0085 and has U+FEFF. */
const gpt2Words =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

/** A space before the text, words by GPT-2's expression, then a letter for each byte. */
function byteLevel(prefix: boolean, useRegex: boolean): Splitter {
  const library = new ByteLevelPreTokenizer({ type: "ByteLevel", add_prefix_space: false, use_regex: useRegex });
  return (text) => {
    if (text.text === "") return [];
    const whole = prefix && !text.text.startsWith(" ") ? prefixed(" ", text) : text;
    const pieces = useRegex ? matches(gpt2Words)(whole, false) : [whole];
    return pieces.map((piece) => byteLetters(piece, library));
  };
}

const encoder = new TextEncoder();

/** Of a character with several bytes the first has its place; the others stand behind it with no width. */
function byteLetters(piece: AlignedText, library: ByteLevelPreTokenizer): AlignedText {
  const whole = new AlignedBuilder();
  let at = 0;
  for (const character of piece.text) {
    const { start, end } = spanOf(piece, at, at + character.length);
    for (const [index, byte] of encoder.encode(character).entries()) {
      whole.put(library.byte_encoder[byte] ?? "", index === 0 ? start : end, end);
    }
    at += character.length;
  }
  return whole.done();
}

/** SentencePiece's words: a mark for each space, one before the text too. */
function metaspace(mark: string, scheme: "always" | "never" | "first", split: boolean): Splitter {
  return (text, first) => {
    if (text.text === "") return [];
    const marked = replaceAll(text, / /g, mark);
    const wanted = !marked.text.startsWith(mark) && (scheme === "always" || (scheme === "first" && first));
    const whole = wanted ? prefixed(mark, marked) : marked;
    return split ? behaviour(new RegExp(escaped(mark), "gu"), "MergedWithNext", false)(whole, first) : [whole];
  };
}
