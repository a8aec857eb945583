import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { wholeReader } from "../../../../src/host/editor/anchorReaders.ts";
import { textOfString } from "../../../../src/host/editor/documentText.ts";
import type { TokenSpan } from "../../../../src/host/editor/tokenSpans.ts";
import type { TextAttribution } from "../../../../src/protocol/explanation.ts";
import type { ByteWindow } from "../../../../src/protocol/manifest.ts";
import { byteTokenizer, endsOf } from "../../../../src/samples/tokenizer/byteTokenizer.ts";

function spansOf(attribution: TextAttribution, document: string): readonly TokenSpan[] | null {
  return wholeReader([attribution]).find(textOfString(document))?.tokens.spans ?? null;
}

/** A file with a value for each byte that tells the byte's place: its own id. */
function attributionOf(bytes: Uint8Array, window: ByteWindow): TextAttribution | null {
  const { files } = byteTokenizer({ type: "bytes", offset: 0, padId: 256, window });
  assert(files !== undefined);
  try {
    const { text, encoded } = files.encode(endsOf(bytes), null);
    return {
      kind: "text",
      input: "bytes",
      shape: [encoded.ids.length],
      text,
      truncatedFrom: null,
      gap: encoded.gap,
      fields: [],
      tokens: [...encoded.tokens],
      values: Float32Array.from(encoded.tokens, ({ special, id }) => (special === "pad" ? 0 : id)),
      gradient: null,
      cellErrors: null,
    };
  } catch {
    // Nothing to see in it.
    return null;
  }
}

const line = fc
  .array(fc.constantFrom("a", "{", " ", "é", "漢", "😀", "\t", "=>"), { maxLength: 8 })
  .map((p) => p.join(""));
const lines = fc.array(line, { minLength: 1, maxLength: 14 });

test("each span is a character of the document whose bytes it sums up, whatever the line ends", () => {
  fc.assert(
    fc.property(
      lines,
      fc.constantFrom("\n", "\r\n"),
      fc.constantFrom("\n", "\r\n"),
      fc.boolean(),
      fc.integer({ min: 1, max: 30 }),
      fc.boolean(),
      (rows, fileEnds, editorEnds, mark, size, strip) => {
        const file = `${mark ? "\uFEFF" : ""}${rows.join(fileEnds)}`;
        const document = rows.join(editorEnds);
        const attribution = attributionOf(new TextEncoder().encode(file), {
          head: size,
          tail: size,
          block: 2 * size,
          strip,
        });
        if (attribution === null) return;
        const spans = spansOf(attribution, document);
        assert(spans !== null);
        for (const span of spans) {
          const character = document.slice(span.start, span.end);
          assert.equal([...character].length, 1);
          const bytes = [...new TextEncoder().encode(character)];
          // The ids of the bytes that were seen once, twice, or in part by one of the ends.
          const sums = new Set<number>();
          for (let from = 0; from <= bytes.length; from++) {
            for (let to = 0; to <= bytes.length; to++) {
              const head = bytes.slice(0, to).reduce((a, b) => a + b, 0);
              const tail = bytes.slice(from).reduce((a, b) => a + b, 0);
              sums.add(head + tail);
            }
          }
          assert(sums.has(span.value), `${character}: ${span.value}`);
        }
      },
    ),
    { seed: 21, numRuns: 1500 },
  );
});

const window = { head: 10, tail: 10, block: 16, strip: true };

test("what follows the gap is found from the end of the document", () => {
  const text = `first();\n${"middle\n".repeat(30)}last😀();\n`;
  const attribution = attributionOf(new TextEncoder().encode(text), window);
  assert(attribution !== null && attribution.gap !== null);
  const spans = spansOf(attribution, text);
  assert(spans !== null);
  const last = spans.find((span) => text.slice(span.start, span.end) === "😀");
  assert.equal(last?.start, text.indexOf("😀"));
  assert.equal(last?.value, 0xf0 + 0x9f + 0x98 + 0x80);
});

test("a document that is no longer what was explained has no spans", () => {
  const text = "const a = 1;\nconst b = 2;\n";
  const attribution = attributionOf(new TextEncoder().encode(text), { ...window, head: 40, tail: 40, block: 64 });
  assert(attribution !== null);
  assert(spansOf(attribution, text) !== null);
  assert.equal(spansOf(attribution, text.replace("a", "c")), null);
  assert.equal(spansOf(attribution, `${text}\n`), null);
  const long = `first();\n${"middle\n".repeat(30)}last();\n`;
  const cut = attributionOf(new TextEncoder().encode(long), window);
  assert(cut !== null);
  assert.equal(spansOf(cut, long.replace("first", "other")), null);
  assert.equal(spansOf(cut, long.replace("last", "other")), null);
  assert.equal(spansOf(cut, ""), null);
});

test("the two ends of a file are not found one over the other in a document that has become shorter", () => {
  const text = `${"ab".repeat(40)}\n`;
  const attribution = attributionOf(new TextEncoder().encode(text), window);
  assert(attribution?.gap != null);
  assert(spansOf(attribution, text) !== null);
  assert.equal(spansOf(attribution, `${"ab".repeat(5)}\n`), null);
});

test("ranks are by size, and line ends are not marked", () => {
  const attribution = attributionOf(new TextEncoder().encode("a\nz"), { head: 4, tail: 0, block: 8, strip: false });
  assert(attribution !== null);
  const spans = spansOf(attribution, "a\nz");
  assert.deepEqual(
    spans?.map(({ rank, value }) => [rank, value]),
    [
      [2, 97],
      [1, 122],
    ],
  );
});
