import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { type TextInput, textInputSchema, tokenizerSchema } from "../../../src/protocol/manifest.ts";
import { createTokenizer } from "../../../src/samples/index.ts";
import { preparePair, prepareText } from "../../../src/samples/textSample.ts";
import type { Tokenizer } from "../../../src/samples/tokenizer/tokenizer.ts";
import { fails, folder, write } from "./support.ts";
import { reference, type referenceNames } from "./tokenizerReference.ts";

write("words.txt", "[PAD]\n[UNK]\nthe\ncat\nsat\n");
write("letters.txt", "[PAD]\n[UNK]\na\nb\ne\n \n");
write("keras.json", JSON.stringify({ the: 1, cat: 2, oov: 3 }));

interface Case {
  readonly spec: object;
  /** Special tokens around a text. */
  readonly around: number;
}

function huggingFace(name: (typeof referenceNames)[number], around: number): Case {
  write(`${name}.json`, JSON.stringify(reference(name).tokenizer));
  return { spec: { type: "huggingface", file: `${name}.json`, maxLength: 1_000_000 }, around };
}

const cases: readonly Case[] = [
  { spec: { type: "words", vocabulary: "words.txt" }, around: 0 },
  { spec: { type: "characters", vocabulary: "letters.txt" }, around: 0 },
  { spec: { type: "bytes" }, around: 0 },
  { spec: { type: "text-vectorization", vocabulary: "words.txt" }, around: 0 },
  { spec: { type: "word-index", file: "keras.json", unknown: "oov" }, around: 0 },
  huggingFace("bert-uncased", 2),
  huggingFace("roberta", 2),
  huggingFace("gpt2", 0),
  huggingFace("t5", 1),
];

const load = (spec: object): Promise<Tokenizer> => createTokenizer(tokenizerSchema.parse(spec), folder);
const inputOf = (spec: object, more: object = {}): TextInput =>
  textInputSchema.parse({ kind: "text", tokenizer: spec, ...more });

const piece = fc.oneof(
  fc.constantFrom(
    "the ",
    "cat",
    "a",
    " ",
    "\r\n",
    "\t",
    "é",
    "e\u0301",
    "👩‍👩‍👧",
    "中文",
    "שלום",
    "!",
    "[SEP]",
    "\u0000",
  ),
  fc.string({ unit: "grapheme", maxLength: 6 }),
);
const text = fc.array(piece, { minLength: 1, maxLength: 40 }).map((parts) => `a the ${parts.join("")}`);

for (const { spec, around } of cases) {
  const { type, file = "" } = spec as { type: string; file?: string };
  test(`windows over ${type} ${file}: every token once, as the whole text reads it, and each window as full as the others`, async () => {
    const tokenizer = await load(spec);
    const input = inputOf(spec);
    fc.assert(
      fc.property(text, fc.integer({ min: around + 1, max: around + 12 }), fc.nat(), (sample, length, wanted) => {
        const overlap = wanted % (length - around);
        const whole = tokenizer.encode(sample, null, "right");
        const cut = () => prepareText(sample, input, [length], tokenizer);
        if (whole.tokens.length <= length) {
          // What is shorter needs padding, which not every vocabulary has.
          fc.pre(whole.tokens.length === length || tokenizer.padId !== null);
          const read = prepareText(sample, input, [length], tokenizer, { kind: "windows", overlap });
          assert.deepEqual(read, cut());
          return;
        }
        const room = length - around;
        const count = whole.tokens.length - around;
        fc.pre((count - room) / (room - overlap) <= 63);
        const { windows, encoded, tensor, fields } = prepareText(sample, input, [length], tokenizer, {
          kind: "windows",
          overlap,
        });
        assert(windows !== undefined);
        assert.deepEqual(encoded.tokens, whole.tokens);
        assert.deepEqual([...tensor.data], [...whole.ids]);
        assert.deepEqual([encoded.truncatedFrom, encoded.unknownCount], [null, whole.unknownCount]);
        assert.deepEqual(fields, [{ name: null, start: 0, end: sample.length }]);
        const seen = new Set<number>();
        for (const places of windows.places) {
          assert.equal(places.length, length);
          for (const [at, place] of places.entries()) {
            if (at > 0) assert(place > (places[at - 1] ?? -1), "in reading order");
            seen.add(place);
          }
        }
        assert.equal(seen.size, whole.tokens.length);
        // The first window is the cut text, special tokens and all.
        assert.deepEqual(
          Array.from(windows.places[0] ?? [], (place) => encoded.ids[place]),
          [...cut().tensor.data],
        );
      }),
      { numRuns: 150 },
    );
  });
}

test("an input that is longer than the tokenizer allows is padded in every window alike, on its side", async () => {
  const spec = { ...huggingFace("bert-uncased", 2).spec, maxLength: 8 };
  const tokenizer = await load(spec);
  const sample = "the quick brown fox jumps over the lazy dog and on it goes";
  for (const padSide of ["left", "right"] as const) {
    const { windows, encoded } = prepareText(sample, inputOf(spec, { padSide }), [11], tokenizer, { kind: "windows" });
    assert(windows !== undefined);
    assert.deepEqual([windows.length, windows.overlap], [11, 1]);
    for (const places of windows.places) {
      const pads = Array.from(places, (place) => encoded.tokens[place]?.special === "pad");
      const where = pads.flatMap((isPad, at) => (isPad ? [at] : []));
      assert.deepEqual(where, padSide === "left" ? [0, 1, 2] : [8, 9, 10]);
    }
    assert.equal(encoded.tokens.filter(({ special }) => special === "pad").length, 3);
  }
});

test("of a pair the text that may be cut is in windows, with the token types of each", async () => {
  const { spec } = huggingFace("bert-uncased", 3);
  const tokenizer = await load(spec);
  const [question, context] = ["who wrote it?", "jane austen wrote the book in the year that she was asked to"];
  const read = (first: string, second: string, truncation?: string) =>
    preparePair(first, second, inputOf(spec, truncation === undefined ? {} : { truncation }), [14], tokenizer, {
      kind: "windows",
      overlap: 2,
    });
  const over = read(question, context);
  const { windows, encoded } = over;
  const questionTokens = tokenizer.encode(question, null, "right").tokens.length - 2;
  for (const places of windows?.places ?? []) {
    const own = Array.from(places, (place) => encoded.tokens[place]);
    assert.deepEqual(
      own.slice(0, questionTokens + 2).map((token) => token?.id),
      [...tokenizer.encode(question, null, "right").ids],
    );
    assert.equal(own.at(-1)?.text, "[SEP]");
    assert.deepEqual(
      Array.from(places, (place) => encoded.types?.[place]),
      own.map((_, at) => (at < questionTokens + 2 ? 0 : 1)),
    );
  }
  const first = read(context, question, "only-first");
  assert.equal(first.windows?.ranges[0]?.from, 1);
  await fails(() => read(context, question), "sample-too-large", "first text leaves no room", "only-first");
});

test("a megabyte is refused without being read to its end, and files have no windows", async () => {
  const { spec } = huggingFace("bert-uncased", 2);
  const tokenizer = await load(spec);
  const long = "The quick brown fox jumps. ".repeat(38_000);
  let asked = 0;
  const counted: Tokenizer = {
    ...tokenizer,
    encodeWhole: (first, second, most) => {
      const whole = tokenizer.encodeWhole?.(first, second, most);
      assert(whole !== undefined);
      asked = whole.tokens.length;
      return whole;
    },
  };
  const windows = { kind: "windows" } as const;
  await fails(() => prepareText(long, inputOf(spec), [128], counted, windows), "sample-too-large", "64 windows");
  assert(asked < 128 * 64 + 100, `${asked} tokens were read`);
  for (const [own, much] of [
    [{ type: "words", vocabulary: "words.txt" }, "the cat ".repeat(125_000)],
    [{ type: "bytes" }, "x".repeat(1_000_000)],
  ] as const) {
    const other = await load(own);
    await fails(() => prepareText(much, inputOf(own), [512], other, windows), "sample-too-large", "64 windows");
  }
  const bytes = { type: "bytes", window: { head: 4, tail: 4 } };
  const files = await load(bytes);
  await fails(() => prepareText("abc", inputOf(bytes), [8], files, windows), "usage", "two ends of a file");
});

test("an overlap without a step and one that is no number of tokens are refused", async () => {
  const spec = { type: "words", vocabulary: "words.txt" };
  const tokenizer = await load(spec);
  const read = (overlap: number) =>
    prepareText("the cat sat the cat", inputOf(spec), [3], tokenizer, { kind: "windows", overlap });
  await fails(() => read(3), "usage", "from 0 to 2");
  assert.equal(read(2).windows?.places.length, 3);
  for (const overlap of [-1, 1.5, 70_000]) {
    assert.throws(() => inputOf(spec, { long: "windows", overlap }), /overlap/);
  }
  assert.throws(() => inputOf(spec, { long: "slices" }), /long/);
});
