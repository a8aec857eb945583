import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Token } from "../../../src/protocol/explanation.ts";
import { type ByteWindow, textInputSchema } from "../../../src/protocol/manifest.ts";
import { prepareSample } from "../../../src/samples/index.ts";
import { byteTokenizer, endsOf } from "../../../src/samples/tokenizer/byteTokenizer.ts";
import { fails, write } from "./support.ts";

const magika: ByteWindow = { head: 1024, tail: 1024, block: 4096, strip: true };
const spec = (window: ByteWindow) => ({ type: "bytes" as const, offset: 0, padId: 256, window });

function encode(bytes: Uint8Array, window: ByteWindow = magika) {
  const { files } = byteTokenizer(spec(window));
  assert(files !== undefined);
  return files.encode(endsOf(bytes), null);
}

/** The rule as magika's own source states it, written down again from its description, on whole byte arrays. */
function expectedIds(bytes: Uint8Array, { head, tail, block, strip }: ByteWindow): number[] {
  const blank = new Set([9, 10, 11, 12, 13, 32]);
  const first = [...bytes.subarray(0, Math.min(block, bytes.length))];
  const last = [...bytes.subarray(bytes.length - Math.min(block, bytes.length))];
  if (strip) {
    while (first.length > 0 && blank.has(first[0] ?? -1)) first.shift();
    while (last.length > 0 && blank.has(last.at(-1) ?? -1)) last.pop();
  }
  const start = first.slice(0, head);
  const end = tail === 0 ? [] : last.slice(-tail);
  const pads = (count: number): number[] => new Array<number>(count).fill(256);
  return [...start, ...pads(head - start.length), ...pads(tail - end.length), ...end];
}

const piece = fc.oneof(
  fc.constantFrom(" ", "\n", "\t", "\r\n", "a", "}", "é", "漢", "😀", "👩‍🚀", "\u2028", "\u00a0", "\v"),
  fc.string({ unit: "grapheme", maxLength: 4 }),
);
const text = fc.array(piece, { minLength: 0, maxLength: 120 }).map((parts) => parts.join(""));
const small = fc.record({
  head: fc.integer({ min: 0, max: 20 }),
  tail: fc.integer({ min: 1, max: 20 }),
  block: fc.integer({ min: 20, max: 40 }),
  strip: fc.boolean(),
});

test("the ids are those of the published rule, for text and for any bytes", () => {
  const bytes = fc.oneof(
    text.map((value) => new TextEncoder().encode(value)),
    fc.uint8Array({ maxLength: 120 }),
  );
  fc.assert(
    fc.property(bytes, small, (value, window) => {
      const expected = expectedIds(value, window);
      fc.pre(expected.some((id) => id !== 256));
      assert.deepEqual([...encode(value, window).encoded.ids], expected);
    }),
    { seed: 11, numRuns: 2000 },
  );
});

/** Bytes that the tokens of one character stand for, in order, must be the character's. */
function checkPlaces(shown: string, tokens: readonly Token[], gapAt: number | null): void {
  const bytesAt = new Map<number, number[]>();
  for (const token of tokens) {
    assert(token.start >= 0 && token.end >= token.start && token.end <= shown.length);
    if (token.special === "pad") continue;
    const known = bytesAt.get(token.end) ?? [];
    bytesAt.set(token.end, [...known, token.id]);
    if (token.end > token.start) assert.equal([...shown.slice(token.start, token.end)].length, 1);
    // What stands before the gap was seen from the start, what stands after it from the end.
    if (gapAt !== null) assert(token.end <= gapAt || token.start >= gapAt);
  }
  for (const token of tokens) {
    if (token.special === "pad" || token.start === token.end) continue;
    const character = [...new TextEncoder().encode(shown.slice(token.start, token.end))];
    for (const id of bytesAt.get(token.end) ?? []) assert(character.includes(id));
  }
}

test("places are whole characters of the text, in reading order in each end", () => {
  fc.assert(
    fc.property(text, small, (value, window) => {
      const bytes = new TextEncoder().encode(value);
      fc.pre(expectedIds(bytes, window).some((id) => id !== 256));
      const { text: shown, encoded } = encode(bytes, window);
      const gapAt = encoded.gap?.at ?? null;
      if (gapAt === null) assert.equal(shown, new TextDecoder().decode(bytes));
      else {
        const own = new TextDecoder().decode(bytes);
        assert(own.startsWith(shown.slice(0, gapAt)) && own.endsWith(shown.slice(gapAt)));
      }
      checkPlaces(shown, encoded.tokens, encoded.gap !== null && encoded.gap.bytes > 4 ? gapAt : null);
      for (const end of [encoded.tokens.slice(0, window.head), encoded.tokens.slice(window.head)]) {
        const places = end.filter(({ special }) => special === "none").map(({ end: at }) => at);
        assert.deepEqual(
          places,
          places.toSorted((a, b) => a - b),
        );
      }
    }),
    { seed: 12, numRuns: 2000 },
  );
});

test("a byte order mark is seen by the model and has no place in the text", () => {
  const { text: shown, encoded } = encode(new TextEncoder().encode("\uFEFFlet x = 1;\r\nlet y = 2;\r\n"));
  assert.equal(shown.startsWith("let x"), true);
  assert.deepEqual([...encoded.ids.subarray(0, 4)], [0xef, 0xbb, 0xbf, "l".charCodeAt(0)]);
  for (const mark of encoded.tokens.slice(0, 3)) assert.deepEqual([mark.start, mark.end, mark.word], [0, 0, -1]);
  assert.deepEqual([encoded.tokens[3]?.start, encoded.tokens[3]?.end], [0, 1]);
});

test("emoji, CJK and CRLF before the end of the head keep their places", () => {
  const source = "// 日本 😀\r\nconst a = 'é';\r\n";
  const { text: shown, encoded } = encode(new TextEncoder().encode(source));
  assert.equal(shown, source);
  const at = (mark: string) => encoded.tokens.findIndex(({ start, end }) => shown.slice(start, end) === mark);
  assert.equal(encoded.tokens[at("😀")]?.id, 0xf0);
  assert.equal(encoded.tokens[at("本")]?.id, 0xe6);
  const further = encoded.tokens.slice(at("😀") + 1, at("😀") + 4);
  assert(further.every(({ start, end }) => start === end && end === shown.indexOf("😀") + 2));
  assert.equal(encoded.tokens[at("c")]?.id, "c".charCodeAt(0));
  // Seen twice: the same places from both ends.
  const twice = encoded.tokens.filter(({ start, end }) => shown.slice(start, end) === "😀");
  assert.equal(twice.length, 2);
});

test("a character that the windows cut is shown whole on both sides of the gap", () => {
  const window = { head: 3, tail: 3, block: 8, strip: false };
  const { text: shown, encoded } = encode(new TextEncoder().encode("a漢bbbbbbbbbbbb漢c"), window);
  // Head: a and two of three bytes; tail: the last two bytes and c.
  assert.equal(shown, "a漢漢c");
  assert.deepEqual(encoded.gap, { at: 2, bytes: 14 });
  const [, cut, , tail] = encoded.tokens;
  assert.deepEqual([cut?.start, cut?.end], [1, 2]);
  assert.deepEqual([tail?.start, tail?.end], [2, 3]);
});

test("bytes that are no UTF-8 are shown as bytes", () => {
  const { text: shown, encoded } = encode(Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0xff]));
  assert.equal(shown, "<0x89>PNG<0x0D><0x0A><0x1A><0x0A><0xFF>");
  assert.deepEqual(
    encoded.tokens.slice(0, 3).map(({ start, end }) => shown.slice(start, end)),
    ["<0x89>", "P", "N"],
  );
});

test("a file of any type is a sample of a model that reads whole files", async () => {
  const input = textInputSchema.parse({ kind: "text", tokenizer: spec(magika) });
  const context = { inputShape: [2048], integer: true, tokenizer: byteTokenizer(spec(magika)), vocabularyLimit: 257 };
  const long = `\n\n  export const x = "😀";\n${"let y = 1;\n".repeat(2000)}export default x;\n\n`;
  for (const [name, content] of [
    ["long.ts", long],
    ["table.csv", "a,b\n1,2\n"],
    ["picture.png", Uint8Array.from([0x89, 0x50, 0x4e, 0x47])],
  ] as const) {
    const sample = await prepareSample({ kind: "file", path: write(name, content) }, input, context);
    assert(sample.kind === "text");
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    assert.deepEqual([...sample.tensor.data], expectedIds(bytes, magika));
    assert.equal(sample.info.row, null);
  }
  const sample = await prepareSample({ kind: "file", path: write("again.ts", long) }, input, context);
  assert(sample.kind === "text");
  assert.equal(sample.encoded.gap?.bytes, new TextEncoder().encode(long).length - 2048 - 6);
  assert.match(sample.notes.join(), /does not see 19,994 bytes/);
  // A row of a data file is a text of its own.
  const row = await prepareSample({ kind: "file", path: write("rows.txt", "one\ntwo\n"), row: 1 }, input, context);
  assert.equal(row.kind === "text" && row.text, "two");
});

test("files with nothing to see, and windows that do not fit, are refused", async () => {
  const input = textInputSchema.parse({ kind: "text", tokenizer: spec(magika) });
  const context = { inputShape: [2048], integer: true, tokenizer: byteTokenizer(spec(magika)) };
  const file = (name: string, content: string) => ({ kind: "file" as const, path: write(name, content) });
  await fails(prepareSample(file("empty.ts", ""), input, context), "sample-empty", "0 bytes");
  await fails(prepareSample(file("blank.ts", " \n ".repeat(3000)), input, context), "sample-empty", "blank");
  const narrow = { ...context, inputShape: [512] };
  await fails(prepareSample(file("some.ts", "let x"), input, narrow), "tokenizer-invalid", "512", "1024");
});
