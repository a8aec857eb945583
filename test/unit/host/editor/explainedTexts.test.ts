import assert from "node:assert/strict";
import test from "node:test";
import { rowReader } from "../../../../src/host/editor/anchorReaders.ts";
import { textOfString } from "../../../../src/host/editor/documentText.ts";
import { wordAttribution } from "./wordAttribution.ts";

const lines = ['{"b":"It \\"rained\\".","a":"漢 It was wet.","n":1}', '{"a":"x","b":"y"}'];

function texts(attributions: Parameters<typeof rowReader>[2], document = lines.join("\n")): string[] | null {
  const match = rowReader("jsonl", 0, attributions).find(textOfString(document));
  return match?.tokens.spans.map(({ start, end }) => document.slice(start, end)) ?? null;
}

test("the fields of a pair that is read as one sequence stand in their own columns", () => {
  const first = "漢 It was wet.";
  const second = 'It "rained".';
  const pair = wordAttribution(`${first}\n${second}`, [
    { name: "a", start: 0, end: first.length },
    { name: "b", start: first.length + 1, end: first.length + 1 + second.length },
  ]);
  // Column b comes first in the row.
  assert.deepEqual(texts([pair]), ["It", '\\"', "rained", '\\"', ".", "漢", "It", "was", "wet", "."]);
  const match = rowReader("jsonl", 0, [pair]).find(textOfString(lines.join("\n")));
  const value = (index: number): number | undefined => match?.tokens.spans[index]?.value;
  // Each word of the pair has its place in it as its value: 漢 is the first, the second It the sixth.
  assert.deepEqual([value(5), value(0)], [1, 6]);
  assert.equal(texts([pair], lines.join("\n").replace("wet", "dry")), null, "either column changes both");
  assert.equal(texts([pair], lines.join("\n").replace("rained", "snowed")), null);
  assert.notEqual(texts([pair], lines.join("\n").replace('"n":1', '"n":2')), null);
});

test("two texts of a two-tower model stand in their own columns", () => {
  const towers = [
    wordAttribution('It "rained".', [{ name: "b", start: 0, end: 12 }]),
    wordAttribution("漢 It was wet.", [{ name: "a", start: 0, end: 13 }]),
  ];
  assert.deepEqual(texts(towers), ["It", '\\"', "rained", '\\"', ".", "漢", "It", "was", "wet", "."]);
});

test("a text whose column is not known is found by itself, unless two columns have it", () => {
  const unnamed = [wordAttribution("漢 It was wet.", [])];
  assert.deepEqual(texts(unnamed), ["漢", "It", "was", "wet", "."]);
  assert.equal(texts(unnamed, '{"a":"漢 It was wet.","b":"漢 It was wet."}'), null);
});

test("both towers may read one column: what they say of a word is added up", () => {
  const text = "It was wet.";
  const both = [wordAttribution(text), wordAttribution(text)];
  const match = rowReader("jsonl", 0, both).find(textOfString(`{"q":"${text}"}`));
  assert.deepEqual(
    match?.tokens.spans.map(({ value, tokens }) => [value, tokens.length]),
    [
      [2, 2],
      [4, 2],
      [6, 2],
      [8, 2],
    ],
  );
  assert.deepEqual(match?.tokens.special, { count: 2, value: 1 });
  assert.deepEqual(match?.tokens.padding, { count: 4, value: 0 });
  // Four words, two [CLS], padding.
  assert.equal(match?.tokens.ranked, 7);
  assert.equal(match?.tokens.limit, 8);
});
