import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { jsonValuePlaces } from "../../../../src/host/editor/jsonValues.ts";
import { writtenFields } from "../../../../src/host/editor/writtenFields.ts";
import type { WrittenText } from "../../../../src/host/editor/writtenText.ts";
import { locateRows, type RowKind } from "../../../../src/protocol/rows.ts";

/** What people write and what breaks offsets: accents that combine, emoji with joiners, ideographs, right to left, lone surrogates, controls. */
const piece = fc.oneof(
  fc.constantFrom(
    "who",
    " ",
    "é",
    "e\u0301",
    "漢字",
    "👩‍🚀",
    "😀",
    "𝒳",
    "שלום",
    "\t",
    "\n",
    "\r\n",
    '"',
    '""',
    "\\",
    "/",
    ",",
    "{",
    "\u0000",
    "\u2028",
    "\ud83d",
    "\ude00",
  ),
  fc.string({ unit: "grapheme", maxLength: 6 }),
  fc.string({ unit: "binary", maxLength: 6 }),
);
const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""));
const hex = (unit: number): string => unit.toString(16).padStart(4, "0");

/** JSON with escapes that nobody asked for, in either case. */
function gratuitous(value: string, which: readonly boolean[]): string {
  let written = "";
  for (let i = 0; i < value.length; i++) {
    const escaped = JSON.stringify(value.charAt(i)).slice(1, -1);
    const all = `\\u${which[(i + 1) % which.length] ? hex(value.charCodeAt(i)).toUpperCase() : hex(value.charCodeAt(i))}`;
    written += which[i % which.length]
      ? all
      : value.charAt(i) === "/" && which[(i + 2) % which.length]
        ? "\\/"
        : escaped;
  }
  return `"${written}"`;
}

const csvCell = (value: string, always: boolean): string =>
  always || /[",\r\n\t]/.test(value) || value !== value.trim() ? `"${value.replaceAll('"', '""')}"` : value;

interface Reading {
  readonly written: WrittenText;
  /** A part of the document as text again; null: it is not a whole number of characters of the notation. */
  decode(part: string): string | null;
}

function field(document: string, kind: RowKind, row: number, name: string): WrittenText | undefined {
  const { rows, columns } = locateRows(document, kind);
  const raw = rows.find((one) => one.row === row);
  assert(raw !== undefined);
  return writtenFields(raw, kind, columns).get(name);
}

/** Every piece of the text, cut at characters, is found again in the document; pieces in order lie in order, side by side. */
function checkAllPlaces(document: string, value: string, { written, decode }: Reading): void {
  assert.equal(written.text, value);
  const characters = [...value];
  let at = 0;
  let reached = -1;
  for (const character of characters) {
    const place = written.place(at, at + character.length);
    assert(place !== null);
    assert(place.start >= reached, "in order, never over one another");
    reached = place.end;
    assert.equal(decode(document.slice(place.start, place.end)), character);
    // Half of a pair is never painted alone.
    if (character.length === 2) {
      assert.deepEqual(written.place(at, at + 1), place);
      assert.deepEqual(written.place(at + 1, at + 2), place);
    }
    at += character.length;
  }
  for (let from = 0, start = 0; from < characters.length; start += characters[from]?.length ?? 0, from++) {
    const to = Math.min(characters.length, from + 1 + (from % 4));
    const wanted = characters.slice(from, to).join("");
    const place = written.place(start, start + wanted.length);
    assert(place !== null);
    assert.equal(decode(document.slice(place.start, place.end)), wanted);
  }
  assert.equal(written.place(0, 0), null);
}

const decodeJson = (part: string): string | null => {
  try {
    return JSON.parse(`"${part}"`) as string;
  } catch {
    return null;
  }
};

test("text in a row of JSON lines, with any escapes, is found character by character", () => {
  fc.assert(
    fc.property(
      fc.array(text, { minLength: 1, maxLength: 3 }),
      text,
      fc.array(fc.boolean(), { minLength: 3, maxLength: 7 }),
      fc.constantFrom("\n", "\r\n"),
      fc.constantFrom("", " ", "\t "),
      (values, other, which, ends, space) => {
        const lines = values.map(
          (value, i) =>
            `${space}{${space}"other":${JSON.stringify({ a: [other, { q: 1 }] })},${space}"q":${space}${i % 2 === 0 ? gratuitous(value, which) : JSON.stringify(value)}, "n": -1.5}`,
        );
        const document = lines.join(ends);
        values.forEach((value, row) => {
          const written = field(document, "jsonl", row, "q");
          assert(written !== undefined);
          checkAllPlaces(document, value, { written, decode: decodeJson });
        });
      },
    ),
    { seed: 5, numRuns: 600 },
  );
});

test("text in a cell of CSV or TSV, quoted or not and over several lines, is found character by character", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 3 }),
      fc.boolean(),
      fc.constantFrom("\n", "\r\n"),
      fc.constantFrom<["csv" | "tsv", string]>(["csv", ","], ["tsv", "\t"]),
      (rows, always, ends, [kind, delimiter]) => {
        const cells = rows.map((row) => row.map((value) => csvCell(value, always)).join(delimiter));
        const filled = cells.filter((line) => line.trim() !== "");
        const document = [`a${delimiter}q`, ...cells].join(ends);
        fc.pre(filled.length === cells.length);
        rows.forEach(([, value], row) => {
          const written = field(document, kind, row, "q");
          assert(written !== undefined);
          const decode = (part: string): string =>
            part === '""' || part.includes('""') ? part.replaceAll('""', '"') : part;
          const quoted = csvCell(value, always).startsWith('"');
          checkAllPlaces(document, value, { written, decode: quoted ? decode : (part) => part });
        });
      },
    ),
    { seed: 6, numRuns: 600 },
  );
});

test("rows of JSON that are lists or texts, keys given twice, numbers", () => {
  const place = (document: string, name: string): string | undefined => {
    const written = field(document, "jsonl", 0, name);
    const span = written?.place(0, written.text.length);
    return span === null || span === undefined ? undefined : document.slice(span.start, span.end);
  };
  assert.equal(place('["a", ["b", {"1": "x"}], "c\\n"]', "2"), "c\\n");
  assert.equal(place('["a", ["b"], "c"]', "1"), undefined);
  assert.equal(place('  "on\\u0065 text" ', "text"), "on\\u0065 text");
  assert.equal(place('{"q": "first", "q": "second"}', "q"), "second");
  assert.equal(place('{"a": {"q": "inner"}, "q": "outer"}', "q"), "outer");
  assert.equal(place('{"\\u0071": "by an escaped key"}', "q"), "by an escaped key");
  assert.equal(place('{"n": 12.5, "m": 1e3, "t": true, "z": null}', "n"), "12.5");
  assert.equal(place('{"n": 12.5, "m": 1e3, "t": true, "z": null}', "m"), undefined);
  assert.equal(place('{"n": 12.5, "m": 1e3, "t": true, "z": null}', "t"), undefined);
  assert.equal(place('{"__proto__": "own", "constructor": "c"}', "__proto__"), "own");
});

test("the values of a row that is nested deeply are found without recursion", () => {
  const deep = `{"a":${"[".repeat(50_000)}${"]".repeat(50_000)},"q":"there"}`;
  const place = jsonValuePlaces(deep).get("q");
  assert.equal(deep.slice(place?.start, place?.end), '"there"');
});

test("a line of a text file is written as it is, behind a byte order mark too", () => {
  const document = "\uFEFFfirst\r\n\r\nsecond 😀 line\r\n";
  const written = field(document, "txt", 1, "text");
  const place = written?.place(7, 9);
  assert.equal(document.slice(place?.start, place?.end), "😀");
});
