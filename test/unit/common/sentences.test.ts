import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { sentencesOf } from "../../../src/common/sentences.ts";

const read = (text: string): string[] => sentencesOf(text).map(({ start, end }) => text.slice(start, end));

test("abbreviations and initials end no sentence, a question mark behind them does", () => {
  assert.deepEqual(read("Mr. Smith met Dr. Jones, e.g. Anna. J. R. R. Tolkien wrote it! Was it No. 5? Yes."), [
    "Mr. Smith met Dr. Jones, e.g. Anna. ",
    "J. R. R. Tolkien wrote it! ",
    "Was it No. 5? ",
    "Yes.",
  ]);
  assert.deepEqual(read("He said no. 5 left. No. Why?"), ["He said no. 5 left. ", "No. ", "Why?"]);
  assert.deepEqual(read("It was I. You came at 5 p.m. and left."), ["It was I. ", "You came at 5 p.m. and left."]);
  assert.deepEqual(read("She lives in the U.S. Army base. Really."), ["She lives in the U.S. Army base. ", "Really."]);
});

test("scripts without blanks or from right to left have sentences too", () => {
  assert.deepEqual(read("今日は良い天気です。明日は雨でしょう！そうですか？"), [
    "今日は良い天気です。",
    "明日は雨でしょう！",
    "そうですか？",
  ]);
  assert.deepEqual(read("مرحبا. كيف حالك؟ أنا بخير."), ["مرحبا. ", "كيف حالك؟ ", "أنا بخير."]);
  assert.deepEqual(read("यह पहला वाक्य है। यह दूसरा है।"), ["यह पहला वाक्य है। ", "यह दूसरा है।"]);
});

test("emoji are never cut", () => {
  assert.deepEqual(read("Hi 👨‍👩‍👧! So it is 🏳️‍🌈. Yes"), ["Hi 👨‍👩‍👧! ", "So it is 🏳️‍🌈. ", "Yes"]);
});

test("a wrapped line goes on, a line of its own and a blank line do not", () => {
  assert.deepEqual(read("The first sentence\nis wrapped.\r\nThe second\r\none too.\n\nA heading\nA line"), [
    "The first sentence\nis wrapped.\r\n",
    "The second\r\none too.\n\n",
    "A heading\n",
    "A line",
  ]);
});

test("lines of code are none of one sentence", () => {
  const code = 'import fs;\n\nexport function load() {\n  return "a";\n}\nexport const x = 1;\n';
  assert.deepEqual(read(code), [
    "import fs;\n\n",
    "export function load() {\n",
    '  return "a";\n',
    "}\n",
    "export const x = 1;\n",
  ]);
});

test("any text is cut without loss, each stretch with something in it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 80 }), (text) => {
      const spans = sentencesOf(text);
      assert.equal(spans.map(({ start, end }) => text.slice(start, end)).join(""), text);
      assert.ok(spans.every(({ start, end }) => end > start));
    }),
  );
  assert.deepEqual(sentencesOf(""), []);
});
