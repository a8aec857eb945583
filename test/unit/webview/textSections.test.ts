import assert from "node:assert/strict";
import test from "node:test";
import type { TextAttribution, Token } from "../../../src/protocol/explanation.ts";
import { byteTokenizer } from "../../../src/samples/tokenizer/byteTokenizer.ts";
import { textSections } from "../../../webview-ui/text/textSections.ts";
import { type TextUnit, tokenGroups } from "../../../webview-ui/text/tokenGroups.ts";
import { pairAttribution } from "./harness/textScenes.ts";

const units: readonly TextUnit[] = ["token", "word", "sentence"];

function bytesOf(text: string): TextAttribution {
  const { tokens } = byteTokenizer({ type: "bytes", offset: 0, padId: 256 }).encode(text, null, "right");
  return {
    ...pairAttribution("bytes", [], 1),
    text,
    fields: [],
    tokens: [...tokens],
    values: Float32Array.from(tokens, (_, index) => index + 1),
    gradient: null,
    cellErrors: null,
  };
}

test("sentences are sums of their tokens; special tokens and padding remain marks of their own", () => {
  const text = pairAttribution("ids", [{ name: "review", text: "So it is. Dr. No came! Why?" }], 3);
  const groups = tokenGroups(text, "sentence");
  assert.deepEqual(
    groups.map((group) => group.text),
    ["[CLS]", "So it is.", "Dr. No came!", "Why?", "[SEP]"],
  );
  for (const group of groups) {
    const own = text.tokens.flatMap((token, position) =>
      group.tokens.includes(position) ? [text.values[position] ?? 0] : token === undefined ? [] : [],
    );
    const sum = own.reduce((total, value) => total + value, 0);
    assert.ok(Math.abs(group.value - sum) < 1e-9);
    assert.equal(group.count, own.length);
  }
  const whole = text.values.reduce((total, value) => total + value, 0);
  for (const unit of units) {
    const sum = tokenGroups(text, unit).reduce((total, { value }) => total + value, 0);
    assert.ok(Math.abs(sum - whole) < 1e-9, unit);
  }
});

test("the bytes of a character stay in its sentence, and lines remain lines", () => {
  const text = bytesOf("Ja 👍🏽! あれ。そう?\n\nNew line");
  const groups = tokenGroups(text, "sentence");
  assert.deepEqual(
    groups.map((group) => [group.text, group.startsLine]),
    [
      ["Ja 👍🏽! ", false],
      ["あれ。", false],
      ["そう?\n\n", false],
      ["New line", false],
    ],
  );
  assert.deepEqual(
    groups.map(({ count }) => count),
    [13, 9, 9, 8],
  );
  const words = pairAttribution("ids", [{ name: null, text: "A heading\nAnd a line." }], 1);
  assert.deepEqual(
    tokenGroups(words, "sentence").map((group) => [group.text, group.startsLine]),
    [
      ["[CLS]", false],
      ["A heading", false],
      ["And a line.", true],
      ["[SEP]", false],
    ],
  );
});

test("a blanked token shows what is put there, not the word that stood there", () => {
  const text = pairAttribution("ids", [{ name: null, text: "So it is." }], 3);
  const tokens = text.tokens.map(
    (token): Token =>
      token.text === "it" ? { ...token, text: "[MASK]", id: 103, end: token.start, special: "mask", word: -1 } : token,
  );
  for (const unit of ["token", "word"] as const) {
    assert.deepEqual(
      tokenGroups({ ...text, tokens }, unit).map((group) => group.text),
      ["[CLS]", "So", "[MASK]", "is", ".", "[SEP]"],
    );
  }
});

test("fields have a heading where there are several, and what the tokenizer adds is in none of their totals", () => {
  const pair = pairAttribution(
    "ids",
    [
      { name: "premise", text: "It rains." },
      { name: "hypothesis", text: "It is wet." },
    ],
    4,
  );
  const { sections, added, unit, units: offered } = textSections([pair], "word");
  assert.deepEqual([unit, offered], ["word", ["sentence", "word", "token"]]);
  assert.deepEqual(
    sections.map(({ heading, marks }) => [heading, marks.map(({ text }) => text).join(" ")]),
    [
      ["premise", "[CLS] It rains . [SEP]"],
      ["hypothesis", "It is wet . [SEP]"],
    ],
  );
  const whole = pair.values.reduce((total, value) => total + value, 0);
  const totals = sections.reduce((total, section) => total + section.total, 0);
  assert.ok(Math.abs(totals + added.total - whole) < 1e-6);
  assert.equal(added.count, 3);
});

test("inputs go by their column, else by their name; indices run over all of them", () => {
  const first = pairAttribution("a", [{ name: "question", text: "Why?" }], 1);
  const second = pairAttribution("b", [{ name: "answer", text: "So." }], 2);
  const named = textSections([first, second], "token").sections;
  assert.deepEqual(
    named.map(({ heading }) => heading),
    ["question", "answer"],
  );
  assert.deepEqual(
    named.flatMap(({ marks }) => marks.map(({ index }) => index)),
    [0, 1, 2, 3, 4, 5, 6, 7],
  );
  const plain = [first, second].map((text) => ({ ...text, fields: [] }));
  assert.deepEqual(
    textSections(plain, "token").sections.map(({ heading }) => heading),
    ["a", "b"],
  );
  assert.deepEqual(
    textSections([first, { ...first, values: first.values.slice() }], "token").sections.map(({ heading }) => heading),
    ["a, embedding 1 · question", "a, embedding 2 · question"],
  );
  assert.deepEqual(
    textSections([first], "token").sections.map(({ heading }) => heading),
    [null],
  );
  assert.equal(textSections([first], "sentence").unit, "word");
});

test("the direction is that of the first letter", () => {
  const direction = (text: string) =>
    textSections([pairAttribution("ids", [{ name: null, text }], 1)], "word").sections[0]?.direction;
  assert.equal(direction("שלום, world"), "rtl");
  assert.equal(direction("… 12 مرحبا"), "rtl");
  assert.equal(direction("Hello שלום"), "ltr");
  assert.equal(direction("12"), "ltr");
});
