import assert from "node:assert/strict";
import { test } from "node:test";
import { PathlightError } from "../../../src/common/errors.ts";
import { tokenizerSchema } from "../../../src/protocol/manifest.ts";
import { createTokenizer } from "../../../src/samples/index.ts";
import { fails, folder, write } from "./support.ts";
import { reference, referenceNames } from "./tokenizerReference.ts";

/** Text that is no good, and texts that are strange; see also rows.test.ts and sample.test.ts. */

async function load(name: (typeof referenceNames)[number], maxLength?: number) {
  write(`${name}.json`, JSON.stringify(reference(name).tokenizer));
  return createTokenizer(tokenizerSchema.parse({ type: "huggingface", file: `${name}.json`, maxLength }), folder);
}

test("a megabyte of text is cut to what the model takes, and tokenised no further", async () => {
  const text = "The quick brown fox jumps. ".repeat(38_000);
  for (const name of ["bert-uncased", "roberta", "xlm-roberta"] as const) {
    const tokenizer = await load(name, 512);
    const { tokens, truncatedFrom } = tokenizer.encode(text, null, "right");
    assert.equal(tokens.length, 512, name);
    assert(truncatedFrom !== null && truncatedFrom < 4000);
    const short = tokenizer.encode(text.slice(0, 4000), null, "right");
    assert.deepEqual(
      [...short.ids],
      tokens.map(({ id }) => id),
      name,
    );
    assert.equal(short.truncatedFrom, truncatedFrom);
  }
});

test("a word of a megabyte is one unknown token, or refused with its length", async () => {
  const word = "ab".repeat(500_000);
  const bert = await load("bert-uncased");
  assert.deepEqual(
    bert.encode(word, null, "right").tokens.map(({ special }) => special),
    ["other", "unknown", "other"],
  );
  for (const name of ["roberta", "xlm-roberta", "llama2"] as const) {
    const tokenizer = await load(name);
    assert.throws(
      () => tokenizer.encode(word, null, "right"),
      (thrown: unknown) => {
        assert(thrown instanceof PathlightError);
        assert.equal(thrown.code, "sample-too-large");
        assert.match(thrown.details.found ?? "", /^1\D?000\D?00[01]$/);
        return true;
      },
    );
  }
});

test("halves of surrogate pairs stand in their places or are dropped, and shift nothing", async () => {
  for (const name of referenceNames) {
    const tokenizer = await load(name);
    for (const half of ["\ud83d", "\ude00"]) {
      const text = `one ${half} two`;
      const { tokens } = tokenizer.encode(text, null, "right");
      const last = tokens.findLast(({ word, end, start }) => word >= 0 && end > start);
      assert.equal(last?.end, text.length, name);
      for (const { start, end, text: shown, word } of tokens) {
        if (word >= 0 && end > start) assert.equal(text.slice(start, end), shown, name);
      }
    }
  }
});

test("mixed line ends do not move what stands behind them", async () => {
  for (const name of referenceNames) {
    const tokenizer = await load(name);
    const text = "one\r\ntwo\rthree\n\nfour";
    const { tokens } = tokenizer.encode(text, null, "right");
    const last = tokens.findLast(({ word, end, start }) => word >= 0 && end > start);
    assert.equal(last?.end, text.length, name);
  }
});

test("a text that is nothing to the tokenizer is refused, and no tokenizer is named as such", async () => {
  const bert = await load("bert-uncased");
  for (const text of ["", "\u200b\u00ad", " \t\n"]) {
    assert.throws(() => bert.encode(text, null, "right"), /no tokens|is empty/);
    assert.throws(() => bert.encodePair?.("a", text, null, "right", undefined), /no tokens|is empty/);
  }
  const missing = tokenizerSchema.parse({ type: "huggingface", file: "nowhere/tokenizer.json" });
  await fails(createTokenizer(missing, folder), "tokenizer-invalid", "no such file");
  const large = tokenizerSchema.parse({ type: "huggingface", file: "bert-uncased.json" });
  await fails(createTokenizer(large, folder, 1000), "tokenizer-invalid", "below 1000");
});

test("two texts that may not be cut so that they fit are refused", async () => {
  const tokenizer = await load("bert-uncased", 8);
  const long = "many words of a long text";
  assert.throws(() => tokenizer.encodePair?.(long, long, null, "right", "only-second"), /may not be cut/);
});
