import assert from "node:assert/strict";
import { test } from "node:test";
import * as z from "zod";
import { originalText } from "../../../src/samples/tokenizer/huggingface/alignedText.ts";
import { normalizerOf } from "../../../src/samples/tokenizer/huggingface/normalize.ts";
import { preTokenizerOf } from "../../../src/samples/tokenizer/huggingface/preTokenize.ts";
import type { Normalizer, PreTokenizer } from "../../../src/samples/tokenizer/huggingface/tokenizerFile.ts";
import { characterClasses, reference } from "./tokenizerReference.ts";

/** What every assigned character is to each part of a tokenizer, against Hugging Face's own library. */

const pieces =
  (config: PreTokenizer) =>
  (character: string): number =>
    preTokenizerOf(config)(originalText(`a${character}a`, 0), true).length;
const split = (Regex: string) => pieces({ type: "Split", pattern: { Regex }, behavior: "Isolated", invert: false });

const kind = (config: Normalizer) => {
  const normalize = normalizerOf(config);
  return (character: string): string => {
    const { text } = normalize(originalText(`a${character}a`, 0));
    const known = new Map([
      ["aa", "gone"],
      ["a a", "blank"],
      [`a${character}a`, "kept"],
      [`a ${character} a`, "spaced"],
    ]);
    return known.get(text) ?? text.slice(1, -1);
  };
};
const bert = { type: "BertNormalizer", clean_text: false, handle_chinese_chars: false, strip_accents: false } as const;
const precompiled = z
  .looseObject({ normalizers: z.array(z.looseObject({ precompiled_charsmap: z.string().optional() })) })
  .parse(reference("xlm-roberta").tokenizer["normalizer"]).normalizers[0]?.precompiled_charsmap;

const parts: Readonly<Record<string, (character: string) => number | string>> = {
  BertPreTokenizer: pieces({ type: "BertPreTokenizer" }),
  Whitespace: pieces({ type: "Whitespace" }),
  WhitespaceSplit: pieces({ type: "WhitespaceSplit" }),
  Digits: pieces({ type: "Digits", individual_digits: true }),
  Punctuation: pieces({ type: "Punctuation", behavior: "Isolated" }),
  ByteLevel: pieces({ type: "ByteLevel", add_prefix_space: false, use_regex: true }),
  "\\s": split("\\s"),
  "\\w": split("\\w"),
  "\\d": split("\\d"),
  "[^\\s\\p{L}\\p{N}]": split("[^\\s\\p{L}\\p{N}]"),
  clean_text: kind({ ...bert, clean_text: true, lowercase: false }),
  handle_chinese_chars: kind({ ...bert, handle_chinese_chars: true, lowercase: false }),
  strip_accents: kind({ ...bert, strip_accents: true, lowercase: false }),
  StripAccents: kind({ type: "StripAccents" }),
  Lowercase: kind({ type: "Lowercase" }),
  Nmt: kind({ type: "Nmt" }),
  Strip: (character) => {
    const strip = normalizerOf({ type: "Strip", strip_left: true, strip_right: true });
    return strip(originalText(`${character}a${character}`, 0)).text === "a" ? "gone" : "kept";
  },
  Precompiled: kind({ type: "Precompiled", precompiled_charsmap: precompiled }),
};

const expected = characterClasses();

test("every part of the reference is compared", () => {
  assert.deepEqual(Object.keys(parts), Object.keys(expected));
});

for (const [name, ask] of Object.entries(parts)) {
  test(`${name} takes every character for what Hugging Face's own library takes it for`, () => {
    const wrong: string[] = [];
    for (const [first, more, answer] of expected[name] ?? []) {
      for (let code = first; code <= first + more; code++) {
        const own = ask(String.fromCodePoint(code));
        if (own !== answer) wrong.push(`U+${code.toString(16).padStart(4, "0")}: ${own}, not ${answer}`);
      }
    }
    assert.deepEqual(wrong.slice(0, 40), [], `${wrong.length} characters`);
  });
}
