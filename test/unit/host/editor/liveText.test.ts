import assert from "node:assert/strict";
import test from "node:test";
import { textOfString } from "../../../../src/host/editor/documentText.ts";
import { type LiveKind, liveMove, readLive, typedSamples } from "../../../../src/host/editor/liveText.ts";

function read(text: string, start: number, end: number, kind: LiveKind, cursor: number | null = null) {
  return readLive(textOfString(text), { start, end }, kind, cursor, "/a");
}

test("a row as it is typed is read with all of its columns, and says why it cannot be", () => {
  const kind: LiveKind = { kind: "row", rows: "jsonl", column: "q" };
  const text = '{"q":"one"}\n{"q":"who \\u0041","context":"somewhere","n":3,"x":null}\n';
  const reading = read(text, 14, 20, kind);
  assert.deepEqual(reading, {
    place: { start: 12, end: text.length - 1 },
    source: text.slice(12, -1),
    sample: {
      kind: "text",
      text: "who A",
      origin: "/a",
      row: { column: "q", fields: { q: "who A", context: "somewhere", n: "3" } },
    },
  });
  const problem = (row: string): string | undefined => {
    const result = read(row, 0, row.length, kind);
    return "problem" in result ? result.problem : undefined;
  };
  assert.equal(problem('{"q":"one'), "The row is not valid JSON.");
  assert.equal(problem('{"q":"  "}'), "The text is empty.");
  assert.equal(problem("  "), "The text is empty.");
  assert.equal(problem('{"r":"x"}'), 'The row has no text in "q".');
  assert.equal(problem('{"q":["x"]}'), 'The row has no text in "q".');
});

test("of a row that was broken in two, the one with the cursor is read", () => {
  const kind: LiveKind = { kind: "row", rows: "txt", column: "text" };
  const textAt = (cursor: number | null): string => {
    const result = read("above\nwho is\nit then\n", 6, 20, kind, cursor);
    return "sample" in result ? result.sample.text : "";
  };
  assert.equal(textAt(null), "who is");
  assert.equal(textAt(15), "it then");
});

test("a cell of a table over several lines, and a table whose quote is open", () => {
  const kind: LiveKind = { kind: "row", rows: "csv", column: "q" };
  const text = 'q,a\n"who\nis ""it""",there\nx,y\n';
  const reading = read(text, 4, 25, kind);
  assert("sample" in reading);
  assert.equal(reading.sample.text, 'who\nis "it"');
  assert.deepEqual(reading.sample.row?.fields, { q: 'who\nis "it"', a: "there" });
  const open = 'q,a\n"who is it,there';
  assert.deepEqual(read(open, 4, open.length, kind), { problem: "This is not a whole row: a quote is not closed." });
  const short = "q,a\nwho";
  assert.deepEqual(read(short, 4, 7, kind), { problem: "The row does not have a field for each column." });
});

test("a selection grows with what is typed at its ends, a literal does not", () => {
  const region = { start: 5, end: 10 };
  const at = (offset: number) => ({ offset, removed: 0, inserted: 2 });
  assert.deepEqual(liveMove(region, at(10), { kind: "selection" }), { start: 5, end: 12, touched: true });
  assert.deepEqual(liveMove(region, at(5), { kind: "selection" }), { start: 5, end: 12, touched: true });
  assert.deepEqual(liveMove(region, at(10), { kind: "literal" }), { start: 5, end: 10, touched: false });
  assert.deepEqual(liveMove(region, at(5), { kind: "literal" }), { start: 7, end: 12, touched: false });
  assert.deepEqual(liveMove(region, at(7), { kind: "literal" }), { start: 5, end: 12, touched: true });
  const code = 'f("a\\nb")';
  const literal = read(code, 2, 8, { kind: "literal" });
  assert("sample" in literal);
  assert.equal(literal.sample.text, "a\nb");
  assert.deepEqual(read('f("a"b")', 2, 7, { kind: "literal" }), { problem: "The text is not closed by its quote." });
  assert.deepEqual(read('f("")', 2, 4, { kind: "literal" }), { problem: "The text is empty." });
});

test("the inputs of a model get their columns of the row as it is typed", () => {
  const kind: LiveKind = { kind: "row", rows: "jsonl", column: "a" };
  const text = '{"b":"second","a":"first"}';
  const reading = read(text, 0, text.length, kind);
  assert("sample" in reading);
  const row = { kind: "file", path: "/a.jsonl", row: 3 } as const;
  const texts = (asked: Parameters<typeof typedSamples>[0]) => {
    const samples = typedSamples(asked, reading.sample);
    if ("problem" in samples) return samples.problem;
    return samples.map(({ input, sample }) => [
      input,
      sample.kind === "text" ? [sample.text, sample.row?.column, sample.row?.secondColumn] : sample.path,
    ]);
  };
  assert.deepEqual(texts([{ sample: row }]), [[undefined, ["first", "a", undefined]]]);
  assert.deepEqual(texts([{ sample: { ...row, column: "b", secondColumn: "a" } }]), [
    [undefined, ["second", "b", "a"]],
  ]);
  assert.deepEqual(
    texts([
      { input: "left", sample: { ...row, column: "a" } },
      { input: "right", sample: { ...row, column: "b" } },
      { input: "mask", sample: { kind: "file", path: "/mask.npy" } },
    ]),
    [
      ["left", ["first", "a", undefined]],
      ["right", ["second", "b", undefined]],
      ["mask", "/mask.npy"],
    ],
  );
  assert.equal(texts([{ sample: { ...row, column: "a", secondColumn: "c" } }]), 'The row has no text in "c".');
  const literal = read('"x"', 0, 3, { kind: "literal" });
  assert("sample" in literal);
  assert.deepEqual(typedSamples([{ sample: row }], literal.sample), [{ sample: literal.sample }]);
});
