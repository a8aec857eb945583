import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import {
  type AnchorReader,
  type Match,
  rowReader,
  selectionReader,
} from "../../../../src/host/editor/anchorReaders.ts";
import type { TextChange } from "../../../../src/host/editor/documentText.ts";
import { textOfString } from "../../../../src/host/editor/documentText.ts";
import { movedBy, TextAnchor } from "../../../../src/host/editor/textAnchor.ts";
import { wordAttribution } from "./wordAttribution.ts";

const question = '漢字 😀 who wrote é, "it"?';

interface Case {
  readonly document: string;
  /** Where it stands. */
  readonly container: readonly [number, number];
  readonly reader: () => AnchorReader;
  readonly decode: (part: string) => string;
}

function row(lines: readonly string[], at: number, kind: "jsonl" | "csv" | "txt", ends: string): Case {
  const document = lines.join(ends);
  const start = lines.slice(0, at).reduce((sum, line) => sum + line.length + ends.length, 0);
  const index = kind === "csv" ? at - 1 : at;
  const name = kind === "txt" ? "text" : "q";
  const attribution = wordAttribution(question, [{ name, start: 0, end: question.length }]);
  const decode = (part: string): string =>
    kind === "jsonl" ? (JSON.parse(`"${part}"`) as string) : kind === "csv" ? part.replaceAll('""', '"') : part;
  return {
    document,
    container: [start, start + (lines[at]?.length ?? 0)],
    reader: () => rowReader(kind, index, [attribution]),
    decode,
  };
}

const escaped = JSON.stringify(question).replace("字", "\\u5b57").replace("😀", "\\ud83d\\ude00");
const code = `ask(${escaped}) # ask("other")`;

const cases: readonly Case[] = [
  row(['{"q":"one"}', "", `{"a": "x", "q": ${escaped}}`, '{"q":"two"}'], 2, "jsonl", "\n"),
  row(['{"q":"one"}', `{"a": "x", "q": ${escaped}}`, '{"q":"two"}'], 1, "jsonl", "\r\n"),
  row(["q,a", "one,1", `"${question.replaceAll('"', '""')}","two\nlines"`, "two,2"], 2, "csv", "\n"),
  row(["a line", question, "", "another"], 1, "txt", "\n"),
  {
    document: code,
    container: [4, 4 + escaped.length],
    reader: () => selectionReader(escaped, { start: 4, end: 4 + escaped.length }, [wordAttribution(question, [])]),
    decode: (part) => JSON.parse(`"${part}"`) as string,
  },
];

/** Every span decodes to the very text of its tokens, spans are in order, and every word is there. */
function checkMatch(match: Match, moved: number, document: string, decode: Case["decode"]): void {
  let reached = -1;
  for (const { start, end, tokens } of match.tokens.spans) {
    assert(start + moved >= reached);
    reached = end + moved;
    assert.equal(decode(document.slice(start + moved, end + moved)), tokens.map(({ text }) => text).join(""));
  }
  assert.equal(match.tokens.spans.length, wordAttribution(question).tokens.length - 3);
}

interface Edit {
  readonly at: number;
  readonly remove: number;
  readonly put: string;
}

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  remove: fc.nat(12),
  put: fc.constantFrom("", "", "x", "\n", '"', "who", " ", "\\", '{"q":"new"}\n', "é", ","),
});

test("whatever is edited, what is painted is the explained text, and undoing brings it back to its place", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...cases),
      fc.array(edit, { minLength: 1, maxLength: 6 }),
      ({ document, container, reader, decode }, edits) => {
        const anchor = new TextAnchor({ start: container[0], end: container[1] });
        anchor.read(reader(), textOfString(document));
        const original = anchor.match;
        assert(original !== null);
        checkMatch(original, anchor.moved, document, decode);
        const before = original.tokens.spans;
        let text = document;
        const undo: { change: TextChange; put: string }[] = [];
        const apply = (offset: number, removed: number, put: string): void => {
          text = text.slice(0, offset) + put + text.slice(offset + removed);
          anchor.change([{ offset, removed, inserted: put.length }], textOfString(text));
          if (anchor.match !== null) checkMatch(anchor.match, anchor.moved, text, decode);
        };
        for (const { at, remove, put } of edits) {
          const offset = Math.min(text.length, Math.floor(at * (text.length + 1)));
          const removed = Math.min(remove, text.length - offset);
          undo.push({
            change: { offset, removed: put.length, inserted: removed },
            put: text.slice(offset, offset + removed),
          });
          const untouched = !movedBy(anchor.region ?? { start: 0, end: 0 }, { offset, removed, inserted: put.length })
            .touched;
          const had = anchor.match;
          apply(offset, removed, put);
          if (untouched) assert.equal(anchor.match, had, "a change elsewhere only moves it");
        }
        for (const { change, put } of undo.reverse()) apply(change.offset, change.removed, put);
        assert.equal(text, document);
        assert(anchor.match !== null, "it is back");
        const after = anchor.match.tokens.spans.map((span) => ({
          ...span,
          start: span.start + anchor.moved,
          end: span.end + anchor.moved,
        }));
        assert.deepEqual(after, before);
      },
    ),
    { seed: 8, numRuns: 800 },
  );
});

test("a result for a text that has changed meanwhile is not taken, and one that has moved is found", () => {
  const [{ document, container, reader } = cases[0] as Case] = cases;
  const anchor = new TextAnchor({ start: container[0], end: container[1] });
  const moved = `{"q":"new"}\n${document}`;
  anchor.change([{ offset: 0, removed: 0, inserted: 12 }], textOfString(moved));
  const edited = moved.replace("who", "whom");
  anchor.change([{ offset: moved.indexOf("who"), removed: 3, inserted: 4 }], textOfString(edited));
  anchor.read(reader(), textOfString(edited));
  const found = (): number | undefined => anchor.match?.container.start;
  assert.equal(found(), undefined);
  anchor.change([{ offset: moved.indexOf("who"), removed: 4, inserted: 3 }], textOfString(moved));
  assert.equal(found(), container[0] + 12);
});

test("a row that stands elsewhere in the document than on disk is found by its text", () => {
  const attribution = wordAttribution("who is it");
  const lines = ['{"q":"who is it now"}', '{"q":"who is it"}', '{"q":"x"}', '{"q":"who is it"}'];
  const anchor = new TextAnchor(null);
  anchor.read(rowReader("jsonl", 0, [attribution]), textOfString(lines.join("\n")));
  assert.equal(anchor.match?.container.start, (lines[0]?.length ?? 0) + 1);
  const exact = new TextAnchor(null);
  exact.read(rowReader("jsonl", 3, [attribution]), textOfString(lines.join("\n")));
  assert.equal(exact.match?.container.end, lines.join("\n").length);
});

test("a selection whose last word goes on is another text", () => {
  const document = textOfString("ask: who");
  const anchor = new TextAnchor({ start: 5, end: 8 });
  anchor.read(selectionReader("who", { start: 5, end: 8 }, [wordAttribution("who", [])]), document);
  assert(anchor.match !== null);
  anchor.change([{ offset: 8, removed: 0, inserted: 2 }], textOfString("ask: whole"));
  assert.equal(anchor.match, null);
  anchor.change([{ offset: 8, removed: 2, inserted: 0 }], document);
  assert(anchor.match !== null);
  anchor.change([{ offset: 8, removed: 0, inserted: 1 }], textOfString("ask: who?"));
  assert(anchor.match !== null);
});

test("several changes at once are taken from the end of the document to its start", () => {
  const attribution = wordAttribution("who is it");
  const document = 'a\n{"q":"who is it"}\nb';
  const anchor = new TextAnchor(null);
  anchor.read(rowReader("jsonl", 1, [attribution]), textOfString(document));
  const after = 'aXX\n{"q":"who is it"}\nbY';
  anchor.change(
    [
      { offset: document.length, removed: 0, inserted: 1 },
      { offset: 1, removed: 0, inserted: 2 },
    ],
    textOfString(after),
  );
  assert.equal(anchor.moved, 2);
  assert.equal(
    after.slice((anchor.match?.tokens.spans[0]?.start ?? 0) + 2, (anchor.match?.tokens.spans[0]?.end ?? 0) + 2),
    "who",
  );
});
