import { PrecompiledNormalizer, ReplaceNormalizer } from "@huggingface/tokenizers";
import { type AlignedText, joined, mapClusters, replaceAll, replacement, slice } from "./alignedText.ts";
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
      return (text) => mapClusters(text, (part) => part.normalize(type), true);
    }
    case "Lowercase":
      return (text) => mapCharacters(text, (character) => character.toLowerCase());
    case "StripAccents":
      return (text) => mapCharacters(text, (character) => character.replace(/\p{M}/gu, ""));
    case "Nmt":
      return (text) => mapCharacters(text, withoutControl);
    case "Precompiled": {
      const normalizer = new PrecompiledNormalizer({
        type: "Precompiled",
        precompiled_charsmap: config.precompiled_charsmap ?? "",
      });
      return (text) => mapClusters(text, (part) => normalizer.normalize(part), true);
    }
    case "Strip":
      return ({ ...text }) => {
        const from = config.strip_left ? text.text.length - text.text.trimStart().length : 0;
        const to = config.strip_right ? text.text.trimEnd().length : text.text.length;
        return slice(text, from, Math.max(from, to));
      };
    case "Replace": {
      const { pattern } = new ReplaceNormalizer({ type: "Replace", pattern: config.pattern, content: config.content });
      return pattern === null ? (text) => text : (text) => replaceAll(text, pattern, config.content);
    }
    case "Prepend":
      return (text) => {
        const start = text.starts[0] ?? 0;
        return text.text === "" ? text : joined([replacement(config.prepend, start, start), text]);
      };
    case "BertNormalizer": {
      const strip = config.strip_accents ?? config.lowercase;
      return (text) => {
        let done = text;
        if (config.clean_text) done = mapCharacters(done, cleaned);
        if (config.handle_chinese_chars) done = spacedIdeographs(done);
        if (strip)
          done = mapCharacters(
            mapClusters(done, (part) => part.normalize("NFD"), true),
            withoutAccent,
          );
        return config.lowercase ? mapCharacters(done, (character) => character.toLowerCase()) : done;
      };
    }
    default:
      return (text) => text;
  }
}

function mapCharacters(source: AlignedText, change: (character: string) => string): AlignedText {
  const parts: AlignedText[] = [];
  let at = 0;
  for (const character of source.text) {
    const to = at + character.length;
    const changed = change(character);
    parts.push(
      changed === character
        ? slice(source, at, to)
        : replacement(changed, source.starts[at] ?? 0, source.ends[to - 1] ?? 0),
    );
    at = to;
  }
  return joined(parts);
}

function withoutAccent(character: string): string {
  return /^\p{Mn}$/u.test(character) ? "" : character;
}

/** Control characters go, blank space becomes a space: BERT's `clean_text`. */
function cleaned(character: string): string {
  if (character === "\t" || character === "\n" || character === "\r") return " ";
  if (character === "\0" || character === "\uFFFD" || /^[\p{Cc}\p{Cf}\p{Co}\p{Cs}]$/u.test(character)) return "";
  return /^\p{White_Space}$/u.test(character) ? " " : character;
}

/** A space on both sides of each ideograph, so that each is a word. */
function spacedIdeographs(source: AlignedText): AlignedText {
  const parts: AlignedText[] = [];
  let at = 0;
  for (const character of source.text) {
    const to = at + character.length;
    const own = slice(source, at, to);
    const start = source.starts[at] ?? 0;
    const end = source.ends[to - 1] ?? start;
    if (isIdeograph(character.codePointAt(0) ?? 0)) {
      parts.push(replacement(" ", start, start), own, replacement(" ", end, end));
    } else parts.push(own);
    at = to;
  }
  return joined(parts);
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
