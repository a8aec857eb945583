import assert from "node:assert/strict";
import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { parse } from "csv-parse/sync";
import fc from "fast-check";
import {
  locateRows,
  maxRowLength,
  type RowKind,
  RowScanner,
  rowFields,
  rowKind,
  splitFields,
  usualTextColumn,
} from "../../../src/protocol/rows.ts";
import { readRow, readRows, readRowValues } from "../../../src/samples/index.ts";
import { fails, folder, write } from "./support.ts";

const values = (text: string, kind: RowKind) => {
  const { rows, columns } = locateRows(text, kind);
  return rows.map((raw) => [...rowFields(raw, kind, columns).values()]);
};

test("rows: kinds by name", () => {
  assert.deepEqual(["a.jsonl", "b.NDJSON", "c.csv", "d.tsv", "e.txt"].map(rowKind), [
    "jsonl",
    "jsonl",
    "csv",
    "tsv",
    "txt",
  ]);
  assert.deepEqual(["a.json", "b", "c.png"].map(rowKind), [null, null, null]);
});

test("rows: CSV with a header, quotes, line breaks inside quotes, CRLF, blank lines and a byte order mark", () => {
  const text = '\uFEFFquestion,label\r\n\r\n"Who, ""me""?\r\nYes.",human\r\n\r\n  \r\nWhere 5" ?,place\r\nlast,row';
  const { columns, rows, problem } = locateRows(text, "csv");
  assert.equal(problem, null);
  assert.deepEqual(columns, ["question", "label"]);
  assert.deepEqual(
    rows.map(({ row, line }) => [row, line]),
    [
      [0, 2],
      [1, 6],
      [2, 7],
    ],
  );
  assert.deepEqual(
    rows.map((raw) => text.slice(raw.start, raw.end)),
    rows.map((raw) => raw.text),
  );
  assert.deepEqual(values(text, "csv"), [
    ['Who, "me"?\r\nYes.', "human"],
    ['Where 5" ?', "place"],
    ["last", "row"],
  ]);
});

test("rows: JSON lines and text lines keep their numbers across blank lines", () => {
  const text = '\n{"text":"a"}\r\n\r\n"b"\n[1, 2]\n';
  const { rows } = locateRows(text, "jsonl");
  assert.deepEqual(
    rows.map(({ row, line, start, end }) => [row, line, text.slice(start, end)]),
    [
      [0, 1, '{"text":"a"}'],
      [1, 3, '"b"'],
      [2, 4, "[1, 2]"],
    ],
  );
  assert.deepEqual(values(text, "jsonl"), [["a"], ["b"], [1, 2]]);
  assert.deepEqual(values(" one\n\ntwo \r\n", "txt"), [[" one"], ["two "]]);
  assert.deepEqual(locateRows("", "csv"), { columns: null, rows: [], problem: null });
});

test("rows: fields are those of another CSV parser", () => {
  const field = fc.string({ unit: fc.constantFrom("a", "é", '"', ",", "\n", "\r\n", " ", "😀", "\t"), maxLength: 6 });
  const table = fc.array(fc.array(field, { minLength: 2, maxLength: 2 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(
      table,
      fc.constantFrom("\n", "\r\n"),
      fc.boolean(),
      fc.array(fc.nat(80)),
      (cells, newline, last, cuts) => {
        const quote = (value: string) =>
          /[",\r\n\t]|^$/.test(value) || value.trim() === "" ? `"${value.replaceAll('"', '""')}"` : value;
        const text = `x,y${newline}${cells.map((row) => row.map(quote).join(",")).join(newline)}${last ? newline : ""}`;
        const expected = parse(text, { skip_empty_lines: true, record_delimiter: [newline] }).slice(1);
        assert.deepEqual(values(text, "csv"), expected);
        // In pieces of any length the rows are the same.
        const scanner = new RowScanner("csv");
        const places = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
        const rows = places.slice(1).flatMap((to, index) => [...scanner.push(text.slice(places[index], to))]);
        rows.push(...scanner.end());
        assert.deepEqual(
          rows.filter(({ row }) => row >= 0),
          locateRows(text, "csv").rows,
        );
        for (const row of rows) assert.equal(row.line, text.slice(0, row.start).split("\n").length - 1);
      },
    ),
    { numRuns: 500 },
  );
});

test("rows: fields of a record", () => {
  assert.deepEqual(splitFields("a,,b,", ","), ["a", "", "b", ""]);
  assert.deepEqual(splitFields('"a""b","",c"d"', ","), ['a"b', "", 'c"d"']);
  assert.deepEqual(splitFields('a\t"b\tc"', "\t"), ["a", "b\tc"]);
});

test("rows: what cannot be read ends the list and is named with its line", () => {
  const open = locateRows('a,b\n1,2\n"never closed,3\n4,5\n', "csv");
  assert.deepEqual([open.rows.length, open.problem?.code], [1, "sample-unreadable"]);
  assert.match(open.problem?.message ?? "", /line 3/);
  const twice = locateRows("a,a\n1,2\n", "csv");
  assert.match(twice.problem?.message ?? "", /"a" \(line 1\)/);
  const long = locateRows(`ok\n${"x".repeat(maxRowLength + 1)}\n`, "txt");
  assert.deepEqual([long.rows.length, long.problem?.code], [1, "sample-too-large"]);
});

test("engine: the rows of a file are the rows of the editor", async () => {
  const text = '\uFEFFtext,n\r\n"é😀\r\n""x""",1\r\n\r\nzwei,2\r\n';
  const path = write("same.csv", text);
  const found: unknown[] = [];
  for await (const row of readRows(path)) found.push([row.row, row.line, row.start, row.end, [...row.fields()]]);
  const { rows, columns } = locateRows(text, "csv");
  assert.deepEqual(
    found,
    rows.map((raw) => [raw.row, raw.line, raw.start, raw.end, [...rowFields(raw, "csv", columns)]]),
  );
});

test("engine: a row with its text, its label and the columns that hold text", async () => {
  const path = write("q.csv", "id,question,note,score\n7,Who?,,0.5\n8,Where?,far,1\n");
  const row = await readRow(path, 1, { label: "note" });
  assert.deepEqual(
    [row.text, row.column, row.columns, row.label, row.line],
    ["Where?", "question", ["question"], "far", 2],
  );
  const both = await readRow(path, 0);
  assert.deepEqual([both.column, both.columns], ["question", ["question", "note"]]);
  assert.equal((await readRow(path, 0, { column: "score" })).text, "0.5");
  const lines = await readRow(write("l.txt", "one\n\ntwo\n"), 1);
  assert.deepEqual([lines.text, lines.line], ["two", 2]);
  const json = await readRow(write("q.jsonl", '{"n": 1, "body": "hello", "tag": "x"}\n'), 0);
  assert.deepEqual([json.text, json.column, json.columns], ["hello", "body", ["body", "tag"]]);
  assert.equal((await readRowValues(path, 0)).fields.get("id"), "7");
});

test("columns: the only one, else one with a usual name, else undecided", () => {
  assert.equal(usualTextColumn(["whatever"]), "whatever");
  assert.equal(usualTextColumn(["label", "Sentence"]), "Sentence");
  assert.equal(usualTextColumn(["title", "text"]), "text");
  assert.equal(usualTextColumn(["left", "right"]), null);
  assert.equal(usualTextColumn([]), null);
});

test("bad rows: missing column, missing row, ambiguous columns, empty text", async () => {
  const path = write("two.csv", "left,right,n\na,b,1\n ,d,2\ne,f\n");
  await fails(readRow(path, 0), "sample-column-missing", "left, right", "two.csv", "line 2");
  await fails(readRow(path, 0, { column: "text" }), "sample-column-missing", '"text"', "left, right, n");
  await fails(readRow(path, 1, { column: "left" }), "sample-empty", "line 3", "left");
  await fails(readRow(path, 2, { column: "left" }), "sample-unreadable", "Line 4", "3 fields", "2");
  await fails(readRow(path, 3), "sample-row-missing", "from 0 to 2", "3");
  await fails(readRow(write("numbers.csv", "a,b\n1,2\n"), 0), "sample-column-missing", "a, b");
  await fails(readRow(write("nul.jsonl", '{"text": null}\n'), 0, { column: "text" }), "sample-column-missing", "text");
  await fails(readRow(write("p.json", "{}"), 0), "sample-unreadable", ".jsonl");
});

test("bad rows: empty files, invalid JSON and wrong encodings name the line", async () => {
  await fails(readRow(write("empty.jsonl", ""), 0), "sample-empty", "empty.jsonl");
  await fails(readRow(write("blank.jsonl", "\n \r\n"), 0), "sample-empty");
  await fails(readRow(write("header.csv", "a,b\n"), 0), "sample-empty", "only the names");
  await fails(readRow(join(folder, "gone.jsonl"), 0), "sample-not-found");
  await fails(
    readRow(write("bad.jsonl", '{"text":"a"}\n\n{"text": oops}\n'), 1),
    "sample-unreadable",
    "Line 3",
    "bad.jsonl",
  );
  await fails(readRow(write("number.jsonl", "12\n"), 0), "sample-unreadable", "Line 1");
  const latin = Buffer.concat([Buffer.from("ok\nfine\n"), Buffer.from("caf\xe9\nend\n", "latin1")]);
  await fails(readRow(write("latin.txt", latin), 2), "sample-unreadable", "line 3", "UTF-8", "latin.txt");
  await fails(readRow(write("binary.txt", Buffer.from("one\ntwo\0\n")), 1), "sample-unreadable", "line 2", "zero byte");
});

test("engine: UTF-16 with a byte order mark is read", async () => {
  const text = '\uFEFFtext,n\r\n"Grüße, 😀",1\r\n';
  const little = Buffer.from(text, "utf16le");
  assert.equal((await readRow(write("wide.csv", little), 0)).text, "Grüße, 😀");
  assert.equal((await readRow(write("wideBig.csv", Buffer.from(little).swap16()), 0)).text, "Grüße, 😀");
  await fails(
    readRow(write("odd.txt", Buffer.concat([little, Buffer.from([0x00, 0xd8])])), 9),
    "sample-unreadable",
    "UTF-16",
  );
});

test("engine: a row in a file of 200 MB is read in little memory, and an endless line is refused", async () => {
  const path = join(folder, "huge.jsonl");
  const lines = `${JSON.stringify({ text: "abcdefgh ".repeat(110) })}\n`.repeat(1000);
  const file = openSync(path, "w");
  let bytes = 0;
  let rows = 0;
  for (; bytes < 200e6; rows += 1000) bytes += writeSync(file, lines);
  writeSync(file, '{"text": "the last one"}\n');
  closeSync(file);
  const before = process.memoryUsage().arrayBuffers;
  let peak = 0;
  for await (const row of readRows(path)) {
    if (row.row % 5000 === 0) peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
    if (row.row === rows) assert.equal(row.fields().get("text"), "the last one");
  }
  assert.equal(peak < 100e6, true, `${peak} bytes of buffers`);
  await fails(readRow(path, rows + 5), "sample-row-missing", `from 0 to ${rows}`);
  await fails(readRow(write("endless.txt", "x".repeat(5_000_000)), 0), "sample-too-large", "ine 1");
  await fails(readRow(write("longRow.txt", `a\n${"y".repeat(1_500_000)}\n`), 1), "sample-too-large", "line 2");
});

test("engine: reading rows is cancelled", async () => {
  const path = write("cancel.txt", "a\nb\n");
  await assert.rejects(readRow(path, 0, { signal: AbortSignal.abort() }), { code: "cancelled" });
});
