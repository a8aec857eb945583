import { ReplaceNormalizer } from "@huggingface/tokenizers";
import {
  AlignedBuilder,
  type AlignedText,
  mapCharacters,
  mapWhole,
  prefixed,
  replaceAll,
  slice,
} from "./alignedText.ts";
import { categoryPattern } from "./categoryPattern.ts";
import { precompiledNormalizer } from "./precompiled.ts";
import type { Normalizer } from "./tokenizerFile.ts";

type Step = (text: AlignedText) => AlignedText;

/**
 * A normaliser that keeps the places. What looks at neighbours in JavaScript but not in `tokenizers` (the final sigma of
 * `toLowerCase`) is done a character at a time, as there.
 */
export function normalizerOf(config: Normalizer | null | undefined): Step {
  if (config === null || config === undefined) return (text) => text;
  switch (config.type) {
    case "Sequence": {
      const steps = config.normalizers.map(normalizerOf);
      return (text) => steps.reduce((done, step) => step(done), text);
    }
    case "NFC":
    case "NFD":
    case "NFKC":
    case "NFKD": {
      const { type } = config;
      return (text) => mapWhole(text, (part) => normalForm(part, type));
    }
    case "Lowercase":
      return (text) => mapCharacters(text, (character) => character.toLowerCase());
    case "StripAccents":
      return (text) => mapCharacters(text, (character) => (isMark.test(character) ? "" : character));
    case "Nmt":
      return (text) => mapCharacters(text, withoutControl);
    case "Precompiled": {
      const map = config.precompiled_charsmap ?? "";
      return map === "" ? (text) => text : precompiledNormalizer(Buffer.from(map, "base64"));
    }
    case "Strip":
      return (text) => {
        const from = config.strip_left ? (/^\p{White_Space}+/u.exec(text.text)?.[0].length ?? 0) : 0;
        const blank = config.strip_right ? (/\p{White_Space}+$/u.exec(text.text)?.[0].length ?? 0) : 0;
        return slice(text, from, Math.max(from, text.text.length - blank));
      };
    case "Replace": {
      const { pattern } = new ReplaceNormalizer({ type: "Replace", pattern: config.pattern, content: config.content });
      return pattern === null ? (text) => text : (text) => replaceAll(text, pattern, config.content);
    }
    case "Prepend":
      return (text) => (text.text === "" ? text : prefixed(config.prepend, text));
    case "BertNormalizer": {
      const strip = config.strip_accents ?? config.lowercase;
      return (text) => {
        let done = text;
        if (config.clean_text) done = mapCharacters(done, cleaned);
        if (config.handle_chinese_chars) done = spacedIdeographs(done);
        if (strip)
          done = mapCharacters(
            mapWhole(done, (part) => normalForm(part, "NFD")),
            withoutAccent,
          );
        return config.lowercase ? mapCharacters(done, (character) => character.toLowerCase()) : done;
      };
    }
    default:
      return (text) => text;
  }
}

const isMark = new RegExp(`^[${categoryPattern("marks")}]$`, "u");
const isAccent = new RegExp(`^[${categoryPattern("accents")}]$`, "u");
const isControl = new RegExp(`^[${categoryPattern("control")}]$`, "u");

const newer = new RegExp(`[${categoryPattern("newer")}]`, "u");

/** A normal form of Unicode; characters newer than the library's tables stay, and nothing moves past them. */
function normalForm(text: string, form: "NFC" | "NFD" | "NFKC" | "NFKD"): string {
  if (!newer.test(text)) return text.normalize(form);
  return text
    .split(new RegExp(`(${newer.source})`, "u"))
    .map((part) => (newer.test(part) ? part : part.normalize(form)))
    .join("");
}

function withoutAccent(character: string): string {
  return isAccent.test(character) ? "" : character;
}

/** Control characters go, blank space becomes a space: BERT's `clean_text`. */
function cleaned(character: string): string {
  if (character === "\t" || character === "\n" || character === "\r") return " ";
  // Half of a pair of surrogates is no character at all.
  if (isControl.test(character) || /^\p{Cs}$/u.test(character)) return "";
  return /^\p{White_Space}$/u.test(character) ? " " : character;
}

/** A space on both sides of each ideograph, so that each is a word. */
function spacedIdeographs(source: AlignedText): AlignedText {
  const whole = new AlignedBuilder();
  let at = 0;
  for (const character of source.text) {
    const to = at + character.length;
    const ideograph = isIdeograph(character.codePointAt(0) ?? 0);
    const start = source.starts[at] ?? 0;
    const end = source.ends[to - 1] ?? start;
    if (ideograph) whole.put(" ", start, start);
    whole.copy(source, at, to);
    if (ideograph) whole.put(" ", end, end);
    at = to;
  }
  return whole.done();
}

/** The blocks that BERT's tokenizer takes for Chinese. */
function isIdeograph(code: number): boolean {
  return (
    (code >= 0x4e00 && code <= 0x9fff) ||
    (code >= 0x3400 && code <= 0x4dbf) ||
    (code >= 0x20000 && code <= 0x2a6df) ||
    (code >= 0x2a700 && code <= 0x2b73f) ||
    (code >= 0x2b740 && code <= 0x2b81f) ||
    (code >= 0x2b920 && code <= 0x2ceaf) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0x2f800 && code <= 0x2fa1f)
  );
}

/** SentencePiece's `nmt`: control characters go, other blank space becomes a space. */
function withoutControl(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const blank = [0x09, 0x0a, 0x0c, 0x0d, 0x1680, 0x2028, 0x2029, 0x2581, 0xfeff, 0xfffd];
  if (blank.includes(code) || (code >= 0x200b && code <= 0x200f)) return " ";
  const control = (code > 0 && code < 0x20) || code === 0x7f || code === 0x8f || code === 0x9f;
  return control ? "" : character;
}
