import assert from "node:assert/strict";
import { test } from "node:test";
import { byteTokenizer, endsOf } from "../../../src/samples/tokenizer/byteTokenizer.ts";
import { tokenGroups } from "../../../webview-ui/text/tokenGroups.ts";

function attributionOf(text: string, head: number, tail: number) {
  const window = { head, tail, block: 64, strip: true };
  const { files } = byteTokenizer({ type: "bytes", offset: 0, padId: 256, window });
  assert(files !== undefined);
  const { text: shown, encoded } = files.encode(endsOf(new TextEncoder().encode(text)), null);
  return {
    kind: "text" as const,
    input: "bytes",
    shape: [encoded.ids.length],
    text: shown,
    truncatedFrom: null,
    gap: encoded.gap,
    fields: [],
    tokens: [...encoded.tokens],
    values: Float32Array.from(encoded.tokens, () => 1),
    gradient: null,
    cellErrors: null,
  };
}

test("what both ends of a small file saw is one word, blank space and padding are one mark each", () => {
  const groups = tokenGroups(attributionOf("let  a;\n\n  b😀();", 24, 24), "word");
  assert.deepEqual(
    groups.map(({ text, value }) => [text, value]),
    [
      ["let", 6],
      ["␣×2", 4],
      ["a", 2],
      [";", 2],
      ["⏎×2␣×2", 8],
      ["b", 2],
      ["😀();", 14],
      ["[PAD]×10", 10],
    ],
  );
  assert.deepEqual(
    groups.map(({ breaks }) => breaks),
    [false, false, false, false, true, false, false, false],
  );
  const tokens = tokenGroups(attributionOf("let  a;\n\n  b😀();", 24, 24), "token");
  assert.equal(
    tokens.reduce((sum, { value }) => sum + value, 0),
    48,
  );
  assert.equal(tokens.filter(({ special }) => special === "pad").length, 1);
});

test("the bytes that were left out are told where they are missing, and words do not cross them", () => {
  for (const unit of ["word", "token"] as const) {
    const groups = tokenGroups(attributionOf(`start${"x".repeat(100)}end`, 8, 5), unit);
    const marked = groups.filter(({ gapBefore }) => gapBefore !== null);
    assert.deepEqual(
      marked.map(({ gapBefore }) => gapBefore),
      [95],
    );
    assert.equal(groups.map(({ text }) => text).join(""), "startxxxxxend");
    if (unit === "word") assert.deepEqual(marked[0]?.text, "xxend");
  }
});
