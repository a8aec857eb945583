import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import * as z from "zod";
import { tokenizerSchema } from "../../../src/protocol/manifest.ts";
import { createTokenizer } from "../../../src/samples/index.ts";
import type { Tokenizer } from "../../../src/samples/tokenizer/tokenizer.ts";
import { fails, folder, write } from "./support.ts";

/** See scripts/fixtures/kerasVocabularies.py. */
const { lines, vectorization, tokenizer } = z
  .strictObject({
    lines: z.array(z.string()),
    vectorization: z.array(z.tuple([z.looseObject({}), z.array(z.string()), z.array(z.array(z.int()))])),
    tokenizer: z.array(z.tuple([z.string(), z.array(z.array(z.int()))])),
  })
  .parse(
    JSON.parse(
      gunzipSync(
        readFileSync(fileURLToPath(new URL("../../fixtures/tokenizers/keras.json.gz", import.meta.url))),
      ).toString(),
    ),
  );

const make = (spec: object): Promise<Tokenizer> => createTokenizer(tokenizerSchema.parse(spec), folder);

/** Ids of every line, and that the places of tokens are in order and apart. */
function check(own: Tokenizer, expected: readonly (readonly number[])[], name: string): void {
  for (const [index, line] of lines.entries()) {
    const wanted = expected[index] ?? [];
    // A line without words is nothing, or padding.
    if (wanted.every((id) => id === 0)) {
      assert.throws(() => own.encode(line, null, "right"), /no tokens/, JSON.stringify(line));
      continue;
    }
    const { ids, tokens } = own.encode(line, null, "right");
    assert.deepEqual([...ids], wanted, `${name}: ${JSON.stringify(line)}`);
    let reached = 0;
    for (const { start, end, text } of tokens) {
      assert(start >= reached && end >= start && end <= line.length);
      assert.equal(line.slice(start, end), text);
      reached = end;
    }
  }
}

for (const [index, [config, vocabulary, expected]] of vectorization.entries()) {
  const { standardize, split } = config as { standardize?: unknown; split?: unknown };
  test(`TextVectorization ${JSON.stringify({ standardize, split })}: ids are Keras' own`, async () => {
    write(`config${index}.json`, JSON.stringify(config));
    write(`vocabulary${index}.json`, JSON.stringify(vocabulary));
    const spec = { type: "text-vectorization", vocabulary: `vocabulary${index}.json` };
    check(await make({ ...spec, config: `config${index}.json` }), expected, "config");
    const options = { standardize: standardize ?? "none", split: split ?? "none" };
    check(await make({ ...spec, ...options }), expected, "manifest");
  });
}

for (const [index, [json, expected]] of tokenizer.entries()) {
  test(`Tokenizer of Keras 2, ${index}: ids are Keras' own`, async () => {
    write(`tokenizer${index}.json`, json);
    check(await make({ type: "word-index", file: `tokenizer${index}.json` }), expected, "to_json");
    const { config } = z.object({ config: z.looseObject({ word_index: z.string() }) }).parse(JSON.parse(json));
    write(`index${index}.json`, config.word_index);
    const options = {
      lowercase: config["lower"],
      filters: config["filters"],
      split: config["split"],
      characters: config["char_level"],
      numWords: config["num_words"] ?? undefined,
      unknown: config["oov_token"] ?? undefined,
    };
    check(await make({ type: "word-index", file: `index${index}.json`, ...options }), expected, "word_index");
  });
}

test("what Keras does and Pathlight does not is refused by name", async () => {
  const [config, vocabulary] = vectorization[0] ?? [];
  write("words.txt", (vocabulary ?? []).join("\n"));
  for (const [option, value] of [
    ["ngrams", 2],
    ["output_mode", "tf_idf"],
    ["standardize", { class_name: "function" }],
    ["encoding", "latin-1"],
  ] as const) {
    write("other.json", JSON.stringify({ ...config, [option]: value }));
    const spec = { type: "text-vectorization", vocabulary: "words.txt", config: "other.json" };
    await fails(make(spec), "tokenizer-invalid", option);
  }
  await fails(make({ type: "text-vectorization" }), "tokenizer-invalid", "neither");
  write("list.json", "[1, 2]");
  await fails(make({ type: "word-index", file: "list.json" }), "tokenizer-invalid", "word_index");
  write("index.json", '{"a": 1}');
  await fails(make({ type: "word-index", file: "index.json", unknown: "<OOV>" }), "tokenizer-invalid", "<OOV>");
  write("broken.json", "{");
  await fails(make({ type: "word-index", file: "broken.json" }), "tokenizer-invalid", "JSON");
});
