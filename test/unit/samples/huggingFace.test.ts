import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import type { Token } from "../../../src/protocol/explanation.ts";
import { tokenizerSchema } from "../../../src/protocol/manifest.ts";
import { createTokenizer } from "../../../src/samples/index.ts";
import { fails, folder, write } from "./support.ts";

const fixtures = fileURLToPath(new URL("../../fixtures/tokenizers", import.meta.url));
const names = ["wordpiece", "bpe", "unigram"] as const;
type Name = (typeof names)[number];

const load = (name: Name, more: object = {}) =>
  createTokenizer(
    tokenizerSchema.parse({ type: "huggingface", file: "tokenizer.json", ...more }),
    join(fixtures, name),
  );

const corpus = readFileSync(join(fixtures, "corpus.txt"), "utf8").replace(/\n$/, "").split("\n");

/** UTF-16 offset of each Unicode character, as Python counts them. */
function unitOffsets(text: string): number[] {
  const offsets = [0];
  for (const character of text) offsets.push((offsets.at(-1) ?? 0) + character.length);
  return offsets;
}

function expectedOf(name: Name): [number[], number[]][] {
  const lines = readFileSync(join(fixtures, name, "expected.jsonl"), "utf8")
    .trim()
    .split("\n");
  return lines.map((line) => JSON.parse(line) as [number[], number[]]);
}

for (const name of names) {
  test(`${name}: ids and places are those of Hugging Face's own library on every line of the corpus`, async () => {
    const tokenizer = await load(name);
    const expected = expectedOf(name);
    assert.equal(expected.length, corpus.length);
    for (const [index, line] of corpus.entries()) {
      const [ids, offsets] = expected[index] ?? [[], []];
      const { tokens } = tokenizer.encode(line, null, "right");
      assert.deepEqual(
        tokens.map(({ id }) => id),
        ids,
        `line ${index + 1}: ${line}`,
      );
      const units = unitOffsets(line);
      let reached = 0;
      for (const [at, token] of tokens.entries()) {
        const start = units[offsets[2 * at] ?? 0] ?? 0;
        const end = units[offsets[2 * at + 1] ?? 0] ?? 0;
        // Theirs overlap where tokens share a character and hold the blank space before it; ours do neither.
        const own = [token.start, token.end];
        const bare = line.slice(Math.max(reached, start), Math.max(reached, end));
        const trimmed = bare.trim() === "" ? bare : bare.trim();
        const shown = line.slice(token.start, token.end);
        const where = `line ${index + 1}, token ${at}, ${own.join("-")}`;
        // The mark that stands before a text is given its first character by theirs, and nothing by ours.
        const isMark = tokenizer.idToToken(token.id)?.text === "\u2581" && at === 1 && !line.startsWith(" ");
        if (token.word === -1 || isMark) assert.equal(token.start, token.end, where);
        // A run of spaces that became one is the whole run.
        else if (shown !== "" && shown.trim() === "") assert(shown.includes(bare) && bare.trim() === "", where);
        // A letter and the accent after it are one character: theirs count the letter alone.
        else if (shown !== shown.normalize("NFKC")) assert(shown.includes(trimmed), where);
        else assert.equal(shown, trimmed, where);
        reached = Math.max(reached, token.end);
      }
    }
  });
}

const mixed = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 30 }),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom(...corpus),
  fc
    .array(
      fc.constantFrom(
        "ﬁ",
        "½",
        "é",
        "e\u0301",
        "\u0301",
        "한",
        "\u1112\u1161\u11ab",
        "ｶﾞ",
        "İ",
        "ΟΔΟΣ",
        "漢",
        "𠀀",
        "👩‍🚀",
        " ",
        "  ",
        "\t",
        "\u00ad",
        "\u200b",
        "\uFEFF",
        "[MASK]",
        "<mask>",
        "</s>",
        "a",
        "unknown☃",
        "\0",
        "₧",
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join("")),
);

function checkSpans(text: string, tokens: readonly Token[]): void {
  let reached = 0;
  for (const { start, end, special, word } of tokens) {
    assert(start >= reached && end >= start && end <= text.length, `${start}-${end} after ${reached}`);
    reached = end;
    if (word === -1) assert.equal(start, end, `${special} has a width`);
  }
}

for (const name of names) {
  test(`${name}: places are in order, never overlap, lose nothing of the text, and spell their tokens`, async () => {
    const tokenizer = await load(name);
    fc.assert(
      fc.property(mixed, (text) => {
        let tokens: Token[];
        try {
          ({ tokens } = tokenizer.encode(text, null, "right"));
        } catch (error) {
          assert.match(String(error), /no tokens|is empty/);
          return;
        }
        checkSpans(text, tokens);
        // What no token stands for is blank, or characters that the normaliser drops.
        let reached = 0;
        let lost = "";
        for (const { start, end } of tokens) {
          lost += text.slice(reached, start);
          reached = end;
        }
        lost += text.slice(reached);
        if (lost.trim() !== "") {
          assert.throws(() => tokenizer.encode(lost, null, "right"), /no tokens|is empty/, JSON.stringify(lost));
        }
        for (const token of tokens) {
          if (token.start === token.end || token.special !== "none") continue;
          const spelt = spelling(name, tokenizer.idToToken(token.id)?.text ?? "");
          const own = normalized(name, text.slice(token.start, token.end));
          // A character that became several tokens stands with the first of them.
          // One that also holds the end of the character before it stands with the characters that it completes.
          const shared = [...spelt].findIndex((_, at) => own.startsWith([...spelt].slice(at).join("")));
          const before = normalized(name, text.slice(0, token.start));
          const begun = [...spelt].slice(0, shared).join("");
          assert(spelt === "" || (shared !== -1 && before.endsWith(begun)), `${JSON.stringify([before, own, spelt])}`);
        }
      }),
      { seed: 31, numRuns: 1500 },
    );
  });
}

/** What is left of a token when the marks of its vocabulary are taken off. */
function spelling(name: Name, token: string): string {
  if (name === "wordpiece") return token.replace(/^##/, "");
  if (name === "unigram") return token.replaceAll("\u2581", " ").trim();
  const all = Array.from(token, (letter) => byteOf.get(letter) ?? 0);
  // A token may start and end inside a character.
  const bytes = all.slice(
    Math.max(
      0,
      all.findIndex((byte) => (byte & 0xc0) !== 0x80),
    ),
  );
  if (all.every((byte) => (byte & 0xc0) === 0x80)) return "";
  return new TextDecoder()
    .decode(Uint8Array.from(bytes))
    .replace(/\uFFFD+$/, "")
    .trim();
}

const byteOf = new Map<string, number>();
{
  let next = 256;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    byteOf.set(String.fromCharCode(printable ? byte : next++), byte);
  }
}

function normalized(name: Name, text: string): string {
  if (name === "bpe") return text.normalize("NFC").trim();
  if (name === "unigram") return text.normalize("NFKC").trim();
  const kept = [...text].filter((character) => !/[\p{Cc}\p{Cf}\p{Co}\uFFFD]/u.test(character));
  const bare = kept
    .join("")
    .normalize("NFD")
    .replace(/\p{Mn}/gu, "");
  return Array.from(bare, (character) => character.toLowerCase())
    .join("")
    .trim();
}

test("special tokens stand around the text, padding and cuts keep them, and what was cut is told", async () => {
  const tokenizer = await load("wordpiece");
  const text = "The quick brown fox jumps over the lazy dog.";
  const whole = tokenizer.encode(text, null, "right");
  assert.deepEqual([whole.tokens[0]?.text, whole.tokens.at(-1)?.text], ["[CLS]", "[SEP]"]);
  assert.deepEqual([whole.tokens[0]?.special, whole.tokens.at(-1)?.special], ["other", "other"]);
  assert.deepEqual([whole.tokens.at(-1)?.start, whole.tokens.at(-1)?.end], [text.length, text.length]);
  const padded = tokenizer.encode(text, whole.ids.length + 3, "right");
  assert.deepEqual([...padded.ids.subarray(-3)], [0, 0, 0]);
  assert.equal(padded.truncatedFrom, null);
  const cut = tokenizer.encode(text, 6, "right");
  assert.equal(cut.ids.length, 6);
  assert.deepEqual([cut.ids[0], cut.ids[5]], [whole.ids[0], whole.ids.at(-1)]);
  assert.equal(cut.truncatedFrom, whole.tokens[5]?.start);
  const short = await load("wordpiece", { maxLength: 6 });
  assert.deepEqual([...short.encode(text, null, "right").ids], [...cut.ids]);
  assert.deepEqual([tokenizer.padId, tokenizer.unknownId, tokenizer.maskId], [0, 1, 4]);
  const masked = tokenizer.encode("a [MASK] b", null, "right").tokens.find(({ special }) => special === "mask");
  assert.deepEqual([masked?.start, masked?.end], [2, 8]);
});

test("subwords of one word are one word", async () => {
  for (const name of names) {
    const { tokens } = await load(name).then((tokenizer) =>
      tokenizer.encode("Straßenbahnhaltestellenschild uncharacteristically", null, "right"),
    );
    const inText = tokens.filter(({ word }) => word >= 0);
    const words = new Set(inText.map(({ word }) => word));
    assert.equal(words.size, 2, name);
    assert(inText.length > 4);
  }
});

test("what is no such tokenizer is refused with its reason", async () => {
  const make = (file: string) => createTokenizer(tokenizerSchema.parse({ type: "huggingface", file }), folder);
  await fails(make("none.json"), "tokenizer-invalid", "none.json", "no such file");
  write("broken.json", "{ not json");
  await fails(make("broken.json"), "tokenizer-invalid", "broken.json");
  const good: unknown = JSON.parse(readFileSync(join(fixtures, "bpe", "tokenizer.json"), "utf8"));
  assert(typeof good === "object" && good !== null);
  write("strange.json", JSON.stringify({ ...good, pre_tokenizer: { type: "UnicodeScripts" } }));
  await fails(make("strange.json"), "tokenizer-invalid", "UnicodeScripts");
  for (const [option, value] of [
    ["dropout", 0.1],
    ["continuing_subword_prefix", "##"],
  ] as const) {
    const model = "model" in good && typeof good.model === "object" ? good.model : {};
    write("option.json", JSON.stringify({ ...good, model: { ...model, [option]: value } }));
    await fails(make("option.json"), "tokenizer-invalid", option);
  }
  write("large.json", JSON.stringify(good));
  const spec = tokenizerSchema.parse({ type: "huggingface", file: "large.json" });
  await fails(createTokenizer(spec, folder, 100), "tokenizer-invalid", "below 100");
});
