import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { after } from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import { PathlightError } from "../../../src/common/errors.ts";
import { ExplainService } from "../../../src/compute/explainService.ts";
import { type ExplainRequest, settingsSchema } from "../../../src/protocol/explain.ts";
import type { Explanation, TextAttribution } from "../../../src/protocol/explanation.ts";
import { modelSchema } from "../../../src/protocol/manifest.ts";
import "../engine/cpuBackend.ts";
import { bertOnnx } from "../../support/bertOnnx.ts";
import { saveLayers } from "../models/savedLayers.ts";
import { folder, write } from "../samples/support.ts";
import { reference } from "../samples/tokenizerReference.ts";

const LENGTH = 30;
const layout = join(folder, "baselines");
mkdirSync(layout, { recursive: true });
const model = join(layout, "model.onnx");
writeFileSync(model, bertOnnx({ layers: 1, width: 24, heads: 2, words: 1200, longest: 32, classes: 3 }));
writeFileSync(join(layout, "tokenizer.json"), JSON.stringify(reference("bert-uncased").tokenizer));
const entry = modelSchema.parse({
  name: "bert",
  path: "model.onnx",
  inputs: [
    {
      kind: "text",
      name: "input_ids",
      tokenizer: { type: "huggingface", file: "tokenizer.json" },
      length: LENGTH,
    },
  ],
});
const service = new ExplainService();
after(() => service.dispose());

function request(text: string, settings: object = {}): ExplainRequest {
  return {
    model: { path: model, entry, baseFolder: layout },
    samples: [{ sample: { kind: "text", text } }],
    settings: settingsSchema.parse({ tolerance: 0.02, target: { kind: "index", index: 1 }, ...settings }),
  };
}

function textOf({ attributions }: Explanation): TextAttribution {
  const [attribution] = attributions;
  assert(attribution?.kind === "text");
  return attribution;
}

function whereExact(result: Explanation, holds: (token: TextAttribution["tokens"][number]) => boolean): void {
  const { tokens, values } = textOf(result);
  for (const [position, token] of tokens.entries()) {
    if (holds(token)) assert.equal(values[position], 0, `${token.text} at ${position}`);
  }
}

const text = "He is the author of a book.";

test("each baseline of a text says how complete it is, and padding behind a mask gets exactly nothing", async () => {
  for (const baseline of [
    undefined,
    { kind: "name", name: "pad" },
    { kind: "name", name: "mask" },
    { kind: "name", name: "unknown" },
    { kind: "name", name: "mean-embedding" },
    { kind: "text", text: "She was a friend." },
    { kind: "stop-words", list: "eng" },
  ]) {
    const result = await service.explain(request(text, baseline === undefined ? {} : { baseline }));
    const off = result.completenessError.relative ?? result.completenessError.absolute;
    assert(off < 0.02, `${JSON.stringify(baseline)}: ${off}`);
    assert.equal(textOf(result).tokens.filter(({ special }) => special === "pad").length > 2, true);
    whereExact(result, ({ special }) => special === "pad");
  }
});

test("the baseline of another text scores as that text does", async () => {
  const other = "She was a friend of his dog and of the horse of her son";
  const [here, there] = await Promise.all([
    service.explain(request(text, { baseline: { kind: "text", text: other } })),
    service.explain(request(other)),
  ]);
  // Both texts must have as many tokens, else padding makes the difference.
  const count = (result: Explanation) => textOf(result).tokens.filter(({ word }) => word >= 0).length;
  const enough = count(here) <= count(there);
  const notes = here.warnings.filter(({ code }) => code === "baseline").map(({ message }) => message);
  assert(enough && notes.length <= 1, notes.join());
  const cut = textOf(there).tokens.filter(({ word }) => word >= 0)[count(here) - 1]?.end;
  const same = await service.explain(request(other.slice(0, cut)));
  assert.equal(count(same), count(here));
  assert(Math.abs(here.score.baseline - same.score.input) < 1e-5);
  const short = await service.explain(request(text, { baseline: { kind: "text", text: "She" } }));
  assert.match(
    short.warnings.map(({ message }) => message).join(),
    /shorter than the sample: \d+ tokens of it are padding/,
  );
  assert.equal(short.baseline.label, "“She”");
});

test("special tokens and padding are held where that is asked for", async () => {
  const held = await service.explain(request(text, { hold: "special" }));
  whereExact(held, ({ word }) => word < 0);
  const free = await service.explain(request(text));
  const { tokens, values } = textOf(free);
  assert(tokens.some(({ text: shown }, position) => shown === "[CLS]" && values[position] !== 0));
  assert((held.completenessError.relative ?? 1) < 0.02);
  assert.notEqual(held.score.baseline, free.score.baseline);
});

test("stop words stay and get nothing; the others start from the zero embedding", async () => {
  const result = await service.explain(request(text, { baseline: { kind: "stop-words", list: "en" } }));
  const { tokens, values } = textOf(result);
  for (const word of ["He ", "is ", "the ", "of ", "a "]) {
    const [start, end] = [text.indexOf(word), text.indexOf(word) + word.trim().length];
    const own = tokens.filter((token) => token.start >= start && token.end <= end && token.end > token.start);
    assert(own.length > 0 && own.every((token) => values[tokens.indexOf(token)] === 0), word);
  }
  const content = tokens.filter(({ start }) => start >= text.indexOf("author") && start < text.indexOf(" of"));
  assert(content.length > 0 && content.every((token) => values[tokens.indexOf(token)] !== 0));
  assert.equal(result.baseline.label, "Stop words kept (English)");
  const list = write("mine.txt", "author\r\nbook\n");
  const own = await service.explain(request(text, { baseline: { kind: "stop-words", list } }));
  const ownText = textOf(own);
  for (const [position, token] of ownText.tokens.entries()) {
    const inAuthor = token.word >= 0 && token.start >= text.indexOf("author") && token.end <= text.indexOf(" of");
    if (inAuthor) assert.equal(ownText.values[position], 0);
  }
});

test("the mean embedding is the mean of the rows", async () => {
  const ids = layers.input({ shape: [5], name: "ids", dtype: "float32" });
  const embedding = layers.layers.embedding({ inputDim: 11, outputDim: 3 });
  const flat = layers.layers.flatten().apply(embedding.apply(ids)) as layers.SymbolicTensor;
  const whole = layers.model({
    inputs: ids,
    outputs: layers.layers.dense({ units: 2 }).apply(flat) as layers.SymbolicTensor,
  });
  const saved = await saveLayers(whole);
  writeFileSync(join(saved, "vocab.txt"), ["[PAD]", "[UNK]", ..."abcdefghi"].join("\n"));
  const expected = tf.tidy(() => {
    const [matrix] = embedding.getWeights();
    const [weights, bias] = whole.layers.at(-1)?.getWeights() ?? [];
    assert(matrix && weights && bias);
    const row = tf.tile(tf.mean(matrix, 0), [5]);
    return tf.add(tf.matMul(tf.reshape(row, [1, 15]), weights as tf.Tensor2D), bias).dataSync();
  });
  const result = await service.explain({
    model: {
      path: join(saved, "model.json"),
      entry: modelSchema.parse({
        name: "letters",
        path: "model.json",
        task: "regression",
        inputs: [{ kind: "text", tokenizer: { type: "characters", vocabulary: "vocab.txt" } }],
      }),
      baseFolder: saved,
    },
    samples: [{ sample: { kind: "text", text: "abc" } }],
    settings: settingsSchema.parse({
      backend: "cpu",
      target: { kind: "index", index: 1 },
      baseline: { kind: "name", name: "mean-embedding" },
    }),
  });
  assert(Math.abs(result.score.baseline - (expected[1] ?? 9)) < 1e-5);
  assert.equal(result.baseline.label, "Mean embedding");
});

test("what no baseline can be is refused by name", async () => {
  const fails = (baseline: object, found: RegExp) =>
    assert.rejects(service.explain(request(text, { baseline })), (thrown: unknown) => {
      assert(thrown instanceof PathlightError);
      assert.equal(thrown.code, "baseline-invalid");
      assert.match(`${thrown.message} ${thrown.details.expected} ${thrown.details.found}`, found);
      return true;
    });
  await fails({ kind: "text", text: " \u200b" }, /text of the baseline.*no tokens/);
  await fails({ kind: "stop-words", list: "/nowhere/list.txt" }, /ENOENT/);
  await fails({ kind: "stop-words", list: write("none.txt", "\n \n") }, /no words/);
  await fails({ kind: "name", name: "black" }, /text:TEXT/);
});
