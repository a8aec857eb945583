import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { type TokenizerSpec, tokenizerSchema } from "../../../src/protocol/manifest.ts";
import { createTokenizer, type Encoded } from "../../../src/samples/index.ts";
import { fails, folder, write } from "./support.ts";

type Partly = { type: TokenizerSpec["type"] } & Record<string, unknown>;
const make = (spec: Partly, limit?: number) => createTokenizer(tokenizerSchema.parse(spec), folder, limit);
const texts = (encoded: Encoded) => encoded.tokens.map((token) => token.text);

write("vocab.txt", "[PAD]\n[UNK]\n[MASK]\nwhat\nis\nthe\ncapital\nof\n?\nσας\n");
write("letters.txt", ["[PAD]", "[UNK]", ..."abcdefghijklmnopqrstuvwxyz ABC😀é"].join("\n"));

test("words: ids, offsets, padding and special tokens by hand", async () => {
  const tokenizer = await make({ type: "words", vocabulary: "vocab.txt" });
  const encoded = tokenizer.encode("What is  Peru?", 7, "right");
  assert.deepEqual([...encoded.ids], [3, 4, 1, 8, 0, 0, 0]);
  assert.deepEqual(encoded.tokens.slice(0, 5), [
    { text: "What", id: 3, start: 0, end: 4, special: "none", word: 0 },
    { text: "is", id: 4, start: 5, end: 7, special: "none", word: 1 },
    { text: "Peru", id: 1, start: 9, end: 13, special: "unknown", word: 2 },
    { text: "?", id: 8, start: 13, end: 14, special: "none", word: 3 },
    { text: "[PAD]", id: 0, start: 14, end: 14, special: "pad", word: -1 },
  ]);
  assert.deepEqual([encoded.truncatedFrom, encoded.unknownCount], [null, 1]);
  assert.deepEqual([...tokenizer.encode("is", 3, "left").ids], [0, 0, 4]);
  assert.deepEqual([...tokenizer.encode("is the", null, "left").ids], [4, 5]);
  assert.deepEqual([tokenizer.padId, tokenizer.unknownId, tokenizer.maskId, tokenizer.idLimit], [0, 1, 2, 10]);
  assert.deepEqual(tokenizer.idToToken(8), { text: "?", special: "none" });
  assert.deepEqual([tokenizer.idToToken(2)?.special, tokenizer.idToToken(99)], ["mask", null]);
});

test("words: what does not fit is named by its place, never cut in silence", async () => {
  const tokenizer = await make({ type: "words", vocabulary: "vocab.txt" });
  const encoded = tokenizer.encode("what is the capital", 2, "right");
  assert.deepEqual([...encoded.ids], [3, 4]);
  assert.equal(encoded.truncatedFrom, 8);
  assert.equal(tokenizer.encode("what is", 2, "right").truncatedFrom, null);
});

test("words: lower case that changes the length keeps the offsets of the original", async () => {
  const tokenizer = await make({ type: "words", vocabulary: "vocab.txt" });
  // "İ" becomes two characters; a final "Σ" becomes "ς".
  const encoded = tokenizer.encode("İİ the ΣΑΣ?", null, "right");
  assert.deepEqual(texts(encoded), ["İİ", "the", "ΣΑΣ", "?"]);
  assert.deepEqual([...encoded.ids], [1, 5, 9, 8]);
  assert.deepEqual(
    encoded.tokens.map((token) => [token.start, token.end]),
    [
      [0, 2],
      [3, 6],
      [7, 10],
      [10, 11],
    ],
  );
  const exact = await make({ type: "words", vocabulary: "vocab.txt", lowercase: false });
  assert.deepEqual([...exact.encode("The the", null, "right").ids], [1, 5]);
});

test("words: a pattern of one's own, matched on the lower-cased text", async () => {
  const tokenizer = await make({ type: "words", vocabulary: "vocab.txt", pattern: "[a-z]+" });
  assert.deepEqual(texts(tokenizer.encode("The CAPITAL, of it.", null, "right")), ["The", "CAPITAL", "of", "it"]);
  await fails(make({ type: "words", vocabulary: "vocab.txt", pattern: "[a-" }), "tokenizer-invalid", "pattern", "[a-");
});

test("vocabulary: lists, maps either way, Keras' conventions and other names of special tokens", async () => {
  write("list.json", '["<pad>", "<unk>", "one"]');
  const list = await make({ type: "words", vocabulary: "list.json" });
  assert.deepEqual([list.padId, list.unknownId, [...list.encode("one two", 3, "right").ids]], [0, 1, [2, 1, 0]]);
  write("word_index.json", '{"<OOV>": 1, "one": 2}');
  const keras = await make({ type: "words", vocabulary: "word_index.json" });
  assert.deepEqual([keras.padId, [...keras.encode("one two", 3, "right").ids]], [0, [2, 1, 0]]);
  write("turned.json", '{"0": "[PAD]", "1": "[UNK]", "7": "one"}');
  assert.deepEqual([...(await make({ type: "words", vocabulary: "turned.json" })).encode("one", 1, "right").ids], [7]);
  write("vectorization.txt", "\r\n[UNK]\r\none\r\n");
  const layer = await make({ type: "words", vocabulary: "vectorization.txt" });
  assert.deepEqual([...layer.encode("one two", 3, "right").ids], [2, 1, 0]);
  assert.equal(layer.encode("one", 2, "right").tokens[1]?.text, "[PAD]");
  write("marked.txt", "\uFEFF[PAD]\n[UNK]\n");
  assert.equal((await make({ type: "words", vocabulary: "marked.txt" })).padId, 0);
});

test("vocabulary: what is wrong with it is said", async () => {
  const bad = async (name: string, content: string | Uint8Array, ...found: string[]) => {
    write(name, content);
    await fails(make({ type: "words", vocabulary: name }), "tokenizer-invalid", name, ...found);
  };
  await bad("broken.json", '{\n"a": 1,\n', "line 3");
  await bad("values.json", '{"a": "b"}', '"a": "b"');
  await bad("numbers.json", "[1, 2]", "1 at 0");
  await bad("double.txt", "a\nb\na\n", '"a" twice', "0 and 2");
  await bad("sameId.json", '{"a": 1, "b": 1}', "id 1 twice");
  await bad("none.txt", "", "empty");
  await bad("latin.txt", Buffer.from([0x61, 0xe9, 0x0a]), "not UTF-8");
  await fails(make({ type: "words", vocabulary: "nowhere.txt" }), "tokenizer-invalid", "nowhere.txt");
  const limited = await fails(
    make({ type: "words", vocabulary: "vocab.txt" }, 5),
    "tokenizer-invalid",
    "below 5",
    "up to 9",
  );
  assert.match(limited.details.file ?? "", /vocab\.txt$/);
  await make({ type: "words", vocabulary: "vocab.txt" }, 10);
  await fails(make({ type: "words", vocabulary: "vocab.txt", mask: "[GAP]" }), "tokenizer-invalid", "[GAP]");
});

test("vocabulary: padding or an unknown word without a token for it is an error when it is needed", async () => {
  write("bare.txt", "one\ntwo\n");
  const tokenizer = await make({ type: "words", vocabulary: "bare.txt" });
  assert.deepEqual([...tokenizer.encode("two one", 2, "right").ids], [1, 0]);
  await fails(() => tokenizer.encode("one", 2, "right"), "tokenizer-invalid", "[PAD]", "bare.txt");
  await fails(() => tokenizer.encode("one three", 2, "right"), "tokenizer-invalid", '"three"', "[UNK]");
});

test("text: empty, or without tokens, is refused", async () => {
  for (const spec of [{ type: "words", vocabulary: "vocab.txt" }, { type: "bytes" }] as const) {
    await fails(async () => (await make(spec)).encode("", 4, "right"), "sample-empty", "empty");
  }
  const tokenizer = await make({ type: "words", vocabulary: "vocab.txt" });
  await fails(() => tokenizer.encode(" \n ", 4, "right"), "sample-empty", "no tokens");
});

test("characters: code points, words between blanks", async () => {
  const tokenizer = await make({ type: "characters", vocabulary: "letters.txt" });
  const encoded = tokenizer.encode("a 😀éb", 6, "right");
  assert.deepEqual(texts(encoded), ["a", " ", "😀", "é", "b", "[PAD]"]);
  assert.deepEqual(
    encoded.tokens.map((token) => token.word),
    [0, -1, 1, 1, 1, -1],
  );
  assert.deepEqual(
    encoded.tokens.map((token) => token.end),
    [1, 2, 4, 5, 6, 6],
  );
  assert.equal(encoded.unknownCount, 0);
});

test("bytes: UTF-8 with offset and padding; a character of several bytes has its place once", async () => {
  const tokenizer = await make({ type: "bytes", offset: 3, padId: 0 });
  const encoded = tokenizer.encode("aé ", 6, "right");
  assert.deepEqual([...encoded.ids], [0x61 + 3, 0xc3 + 3, 0xa9 + 3, 0x20 + 3, 0, 0]);
  assert.deepEqual(
    encoded.tokens.map(({ start, end }) => [start, end]),
    [
      [0, 1],
      [1, 2],
      [2, 2],
      [2, 3],
      [3, 3],
      [3, 3],
    ],
  );
  assert.deepEqual(
    encoded.tokens.map(({ word }) => word),
    [0, 0, 0, -1, -1, -1],
  );
  assert.deepEqual(texts(encoded).slice(0, 3), ["a", "<0xC3>", "<0xA9>"]);
  // A cut inside "é" leaves it unseen.
  assert.equal(tokenizer.encode("aéb", 2, "right").truncatedFrom, 1);
  assert.equal(tokenizer.encode("aéb", 3, "right").truncatedFrom, 2);
  assert.deepEqual(tokenizer.idToToken(0x41 + 3), { text: "A", special: "none" });
  assert.equal((await make({ type: "bytes" })).padId, 256);
  await fails(make({ type: "bytes", padId: 10 }), "tokenizer-invalid", "padId 10");
  await fails(make({ type: "bytes", offset: 2, padId: 0 }, 200), "tokenizer-invalid", "257", "200");
});

const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom("İ", "Σ", "ß", "ﬁ", "😀", "e\u0301", "\ud800", " ", "\n", "'", "a", "B", "中"),
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
  ),
  minLength: 1,
  maxLength: 30,
});

for (const spec of [
  { type: "words", vocabulary: "vocab.txt" },
  { type: "words", vocabulary: "vocab.txt", lowercase: false },
  { type: "words", vocabulary: "vocab.txt", pattern: "\\p{L}|." },
  { type: "characters", vocabulary: "letters.txt" },
  { type: "characters", vocabulary: "letters.txt", lowercase: true },
  { type: "bytes" },
] as const) {
  test(`offsets over Unicode: ${JSON.stringify(spec)}`, async () => {
    const tokenizer = await make(spec);
    fc.assert(
      fc.property(
        text,
        fc.option(fc.integer({ min: 1, max: 12 })),
        fc.constantFrom("left", "right"),
        (sample, length, side) => {
          fc.pre(sample.trim() !== "" && (spec.type !== "words" || /[^\s\p{C}]/u.test(sample)));
          const encoded = tokenizer.encode(sample, length, side);
          let reached = 0;
          for (const [index, token] of encoded.tokens.entries()) {
            assert.equal(token.id, encoded.ids[index]);
            if (token.special === "pad") {
              assert.equal(token.start, token.end);
              continue;
            }
            assert.equal(token.start >= reached && token.end >= token.start && token.end <= sample.length, true);
            if (spec.type !== "bytes") assert.equal(token.text, sample.slice(token.start, token.end));
            reached = token.end;
          }
          if (length !== null) assert.equal(encoded.ids.length, length);
          // What lies between the tokens and behind the last one is blank, or said to be cut.
          const covered = encoded.truncatedFrom ?? sample.length;
          if (spec.type === "words" && !("pattern" in spec)) {
            let at = 0;
            for (const token of encoded.tokens.filter(({ special }) => special !== "pad")) {
              assert.match(sample.slice(at, token.start), /^\s*$/);
              at = token.end;
            }
            assert.match(sample.slice(at, covered), /^\s*$/);
          }
          if (spec.type !== "words") assert.equal(reached >= covered, true);
        },
      ),
      { numRuns: 300 },
    );
  });
}

test("bytes: the ids are the bytes that Node encodes", async () => {
  const tokenizer = await make({ type: "bytes" });
  fc.assert(
    fc.property(text, (sample) => {
      assert.deepEqual([...tokenizer.encode(sample, null, "right").ids], [...Buffer.from(sample, "utf8")]);
    }),
  );
});
