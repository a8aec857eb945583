import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { rowReader } from "../../../../src/host/editor/anchorReaders.ts";
import { textOfString } from "../../../../src/host/editor/documentText.ts";
import { sameButLineEnds, startFromEnd } from "../../../../src/host/editor/lineEnds.ts";
import { wordAttribution } from "./wordAttribution.ts";

const line = fc.constantFrom("", "who", "漢字 ", "😀", "a b");
const end = fc.constantFrom("\n", "\r\n", "\r");

/** The same lines with two choices of line ends. A line end of \r before an empty line ended by \n would be one line end. */
const twice = fc
  .array(fc.tuple(line, end, end), { minLength: 1, maxLength: 8 })
  .map((parts) => {
    const join = (which: 1 | 2): string => parts.map((part) => part[0] + part[which]).join("");
    return [join(1), join(2)] as const;
  })
  .filter(([one, other]) => one.split(/\r\n|\r|\n/).length === other.split(/\r\n|\r|\n/).length);

test("a text is found under other line ends, each character at its own", () => {
  fc.assert(
    fc.property(twice, fc.constantFrom("", "before "), ([text, source], before) => {
      const written = sameButLineEnds(text, before + source, before.length);
      assert(written !== null);
      assert.equal(written.text, text);
      for (const match of text.matchAll(/\r\n|[\s\S]/gu)) {
        const place = written.place(match.index, match.index + match[0].length);
        assert(place !== null);
        const there = (before + source).slice(place.start, place.end);
        assert.equal(/[\r\n]/.test(match[0]) ? /^(\r\n|\r|\n)$/.test(there) : there === match[0], true, there);
      }
      assert.equal(startFromEnd(text, source), 0);
      assert.equal(sameButLineEnds(`${text}x`, source), null);
      assert.equal(sameButLineEnds(text, `${source}x`), null);
    }),
    { seed: 9, numRuns: 500 },
  );
});

test("a cell of the file that the editor shows with other line ends is the same text", () => {
  const attribution = wordAttribution("who\r\nis it");
  const document = 'q\n"who\nis it"\n';
  const match = rowReader("csv", 0, [attribution]).find(textOfString(document));
  assert.deepEqual(
    match?.tokens.spans.map(({ start, end: to }) => document.slice(start, to)),
    ["who", "is", "it"],
  );
});
