import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { after } from "node:test";
import { fileURLToPath } from "node:url";
import { disposeVariables, memory, tidy } from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import * as ort from "onnxruntime-node";
import { ExplainService } from "../../../src/compute/explainService.ts";
import { withFeeds } from "../../../src/compute/feeds.ts";
import { computeNeurons } from "../../../src/compute/neurons/neuronsRun.ts";
import { topSamples } from "../../../src/compute/neurons/topSamples.ts";
import { loadModel } from "../../../src/models/loadModel.ts";
import { type ExplainRequest, settingsSchema } from "../../../src/protocol/explain.ts";
import type { Explanation, TextAttribution } from "../../../src/protocol/explanation.ts";
import { manifestSchema, modelSchema } from "../../../src/protocol/manifest.ts";
import { npyBytes } from "../../../src/samples/index.ts";
import { bertFromEmbedding, bertOnnx } from "../../support/bertOnnx.ts";
import { usableBackends } from "../models/backends.ts";
import { saveLayers } from "../models/savedLayers.ts";
import { fails, folder, write } from "../samples/support.ts";
import { reference } from "../samples/tokenizerReference.ts";

/**
 * The truth beside the windows: each window explained by itself, as the token ids that it holds, through the same code
 * that explains any text. Integrated Gradients is linear in the score, so a token's attribution is the sum over the
 * windows that it stands in, divided by how many windows there are.
 */

const LONGEST = 16;
const layout = join(folder, "reviews");
const model = join(layout, "model.onnx");
mkdirSync(layout, { recursive: true });
writeFileSync(model, bertOnnx({ layers: 2, width: 24, heads: 2, words: 1200, longest: LONGEST, classes: 3 }));
writeFileSync(join(layout, "tokenizer.json"), JSON.stringify(reference("bert-uncased").tokenizer));
writeFileSync(join(layout, "config.json"), JSON.stringify({ model_type: "bert", max_position_embeddings: LONGEST }));
const service = new ExplainService();
after(() => service.dispose());
const backends = await usableBackends();

const text =
  "The quick brown fox 🦊 jumps over the lazy dog, naïve café 中文 and then the little girl walked home in the rain; who wrote it?";
const base = { tolerance: 0.002, long: { kind: "windows", overlap: 4 } };

function request(samples: ExplainRequest["samples"], settings: object = {}): ExplainRequest {
  return { model: { path: model }, samples, settings: settingsSchema.parse({ ...base, ...settings }) };
}

const ofText = (settings: object = {}, read = text) => request([{ sample: { kind: "text", text: read } }], settings);

function textOf(explanation: Explanation): TextAttribution {
  const [attribution, ...others] = explanation.attributions;
  assert(attribution?.kind === "text" && others.length === 0);
  return attribution;
}

/** The positions of the whole that each window holds: special tokens at its ends. */
function placesOf({ tokens, windows }: TextAttribution): number[][] {
  assert(windows !== undefined);
  return windows.ranges.map(({ from, to }) => [
    0,
    ...Array.from({ length: to - from }, (_, at) => from + at),
    tokens.length - 1,
  ]);
}

function npy(name: string, ids: readonly number[]): string {
  return write(`${name}.npy`, npyBytes([ids.length], Int32Array.from(ids)));
}

/** Each window as a sample of its own. */
async function apart(attribution: TextAttribution, settings: object): Promise<Explanation[]> {
  const found: Explanation[] = [];
  for (const [at, places] of placesOf(attribution).entries()) {
    const ids = places.map((place) => attribution.tokens[place]?.id ?? -1);
    found.push(await service.explain(request([{ sample: { kind: "file", path: npy(`window${at}`, ids) } }], settings)));
  }
  return found;
}

for (const backend of backends) {
  for (const link of ["logit", "softmax"] as const) {
    test(`the map is the mean of those of the windows: ${link} on ${backend}`, async () => {
      const target = { kind: "index", index: 1 };
      const settings = { backend, link, target };
      const whole = await service.explain(ofText(settings));
      const attribution = textOf(whole);
      assert(attribution.windows !== undefined && attribution.windows.ranges.length >= 3);
      const parts = await apart(attribution, settings);
      const count = parts.length;
      const mean = (read: (each: Explanation) => number) => parts.reduce((sum, each) => sum + read(each), 0) / count;
      assert.ok(Math.abs(whole.score.input - mean(({ score }) => score.input)) < 2e-5);
      assert.ok(Math.abs(whole.score.baseline - mean(({ score }) => score.baseline)) < 2e-5);
      const expected = new Float64Array(attribution.tokens.length);
      for (const [at, places] of placesOf(attribution).entries()) {
        const values = textOf(parts[at] as Explanation).values;
        for (const [k, place] of places.entries()) expected[place] = (expected[place] ?? 0) + (values[k] ?? 0) / count;
      }
      const size = expected.reduce((sum, value) => sum + Math.abs(value), 0);
      const off = expected.reduce((sum, value, at) => sum + Math.abs(value - (attribution.values[at] ?? 9)), 0);
      assert.ok(off < 0.005 * size, `${off} of ${size}`);
      // And the numbers add up to the change of the mean score.
      const sum = attribution.values.reduce((total, value) => total + value, 0);
      assert.ok(Math.abs(sum - whole.sum) < 1e-5 * size);
      assert.ok(Math.abs(sum - whole.deltaF) < 0.003 * Math.abs(whole.deltaF));
      for (const prediction of whole.predictions) {
        const same = (each: Explanation) => each.predictions[prediction.index];
        assert.ok(Math.abs(prediction.logit - mean((each) => same(each)?.logit ?? Number.NaN)) < 2e-5);
        assert.ok(Math.abs(prediction.score - mean((each) => same(each)?.score ?? Number.NaN)) < 2e-6);
      }
      for (const [at, { logit }] of attribution.windows.ranges.entries()) {
        assert.ok(Math.abs((logit ?? 9) - (parts[at]?.predictions[1]?.logit ?? 0)) < 2e-5);
      }
    });
  }
}

test("tokens get what forward passes of onnxruntime say, within 2 %", async () => {
  const size = { layers: 2, width: 24, heads: 2, words: 1200, longest: LONGEST, classes: 3 };
  const session = await ort.InferenceSession.create(bertFromEmbedding(size), { logSeverityLevel: 3 });
  const target = 1;
  const whole = await service.explain(ofText({ target: { kind: "index", index: target } }));
  const attribution = textOf(whole);
  const places = placesOf(attribution);
  const { tokens } = attribution;
  const x = await embeddingOf(
    tokens.map(({ id }) => id),
    size.width,
  );
  /** The mean over the windows of the logit, of each embedded text. */
  const scores = async (texts: readonly Float32Array[]): Promise<number[]> => {
    const rows = texts.length * places.length;
    const embedded = new Float32Array(rows * LONGEST * size.width);
    for (const [row, read] of texts.entries()) {
      for (const [window, own] of places.entries()) {
        for (const [at, place] of own.entries()) {
          const part = read.subarray(place * size.width, (place + 1) * size.width);
          embedded.set(part, ((row * places.length + window) * LONGEST + at) * size.width);
        }
      }
    }
    const whole = (value: bigint) =>
      new ort.Tensor("int64", new BigInt64Array(rows * LONGEST).fill(value), [rows, LONGEST]);
    const { logits } = await session.run({
      embedded: new ort.Tensor("float32", embedded, [rows, LONGEST, size.width]),
      attention_mask: whole(1n),
      token_type_ids: whole(0n),
    });
    assert(logits?.data instanceof Float32Array);
    const values = logits.data;
    return texts.map((_, row) => {
      const own = places.map((__, window) => values[(row * places.length + window) * size.classes + target] ?? 9);
      return own.reduce((sum, value) => sum + value, 0) / places.length;
    });
  };
  // Simpson's rule over the path from zero; at each node central differences along every token's own direction.
  const intervals = 24;
  const step = 1 / 128;
  const expected = new Float64Array(tokens.length);
  for (let node = 0; node <= intervals; node++) {
    const alpha = node / intervals;
    const weight = (node === 0 || node === intervals ? 1 : node % 2 === 1 ? 4 : 2) / (3 * intervals);
    const moved = tokens.flatMap((_, token) =>
      [1, -1].map((side) =>
        x.map((value, at) => (alpha + (Math.floor(at / size.width) === token ? side * step : 0)) * value),
      ),
    );
    const found = await scores(moved);
    for (const token of tokens.keys()) {
      const slope = ((found[2 * token] ?? 0) - (found[2 * token + 1] ?? 0)) / (2 * step);
      expected[token] = (expected[token] ?? 0) + weight * slope;
    }
  }
  await session.release();
  const magnitude = expected.reduce((sum, value) => sum + Math.abs(value), 0);
  const off = expected.reduce((sum, value, at) => sum + Math.abs(value - (attribution.values[at] ?? 9)), 0);
  assert.ok(off < 0.02 * magnitude, `${off} of ${magnitude}`);
});

/** Of ids, what the word embedding puts out, [ids × width]: each looked up by itself. */
async function embeddingOf(ids: readonly number[], width: number): Promise<Float32Array> {
  const { model: loaded } = await loadModel(model);
  const node = loaded.embeddings.find(({ input }) => input === "input_ids")?.node ?? "";
  const feed = {
    node: "input_ids",
    shape: [ids.length, 1],
    data: Int32Array.from(ids),
    dtype: "int32",
    batched: true,
  } as const;
  try {
    return await withFeeds([feed], async (feeds) => {
      const [embedded] = tidy(() => loaded.evaluate(feeds, [node]));
      const values = Float32Array.from((await embedded?.data()) ?? []);
      embedded?.dispose();
      assert.equal(values.length, ids.length * width);
      return values;
    });
  } finally {
    loaded.dispose();
  }
}

test("worker threads read the same windows", async () => {
  const log: string[] = [];
  const workers = {
    threads: 2,
    paysMs: -1,
    worthMs: 0,
    freeBytes: () => 2 ** 36,
    log: (line: string) => log.push(line),
  };
  const several = new ExplainService({ workers });
  try {
    const asked = ofText({ backend: "wasm" });
    const alone = await service.explain(asked);
    const start = performance.now();
    for (let i = 0; ; i++) {
      const found = await several.explain(ofText({ backend: "wasm", rule: "midpoint", steps: 20 + i }));
      if (/2 threads$/.test(found.backend.device)) break;
      assert.ok(performance.now() - start < 120_000, `no workers: ${log.join("\n")}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const together = await several.explain(asked);
    assert.match(together.backend.device, /2 threads$/);
    assert.equal(together.evaluations, alone.evaluations);
    assert.deepEqual(textOf(together).values, textOf(alone).values);
    assert.deepEqual(log, []);
  } finally {
    await several.dispose();
  }
});

test("the tokens are those of the whole text, at their places in it", async () => {
  const attribution = textOf(await service.explain(ofText()));
  const { tokens, truncatedFrom, windows } = attribution;
  assert.equal(truncatedFrom, null);
  assert.equal(attribution.text, text);
  assert(windows !== undefined);
  assert.deepEqual([windows.length, windows.overlap], [LONGEST, 4]);
  assert.deepEqual([tokens[0]?.text, tokens.at(-1)?.text], ["[CLS]", "[SEP]"]);
  const read = new Set(
    windows.ranges.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, at) => from + at)),
  );
  assert.equal(read.size, tokens.length - 2);
  let reached = 0;
  for (const { start, end, special, text: shown } of tokens.slice(1, -1)) {
    assert(start >= reached);
    if (special === "none" && end > start) assert.equal(shown, text.slice(start, end));
    assert.match(text.slice(reached, start), /^\s*$/, "nothing of the text is left out");
    reached = end;
  }
  assert.equal(reached, text.length);
});

test("no tensor stays behind, after success and after a cancel", async () => {
  await service.explain(ofText({ backend: "cpu", tolerance: 0.05 }));
  const before = memory().numTensors;
  await service.explain(ofText({ backend: "cpu", tolerance: 0.02, maxEvaluations: 40 }));
  const controller = new AbortController();
  const run = service.explain(ofText({ backend: "cpu", tolerance: 1e-5, target: { kind: "index", index: 0 } }), {
    signal: controller.signal,
    emit: (event) => {
      if (event.type === "progress") controller.abort();
    },
  });
  await assert.rejects(run, { code: "cancelled" });
  assert.equal(memory().numTensors, before);
});

test("a text that fits is read as ever: the same run to the bit, and no windows said", async () => {
  const short = "The quick brown fox.";
  const [windows, cut] = [
    await service.explain(ofText({}, short)),
    await service.explain(ofText({ long: { kind: "cut" } }, short)),
  ];
  assert.equal(textOf(windows).windows, undefined);
  assert.deepEqual(textOf(windows).values, textOf(cut).values);
  assert.ok(windows.warnings.every(({ code }) => code !== "windows"));
});

test("a run in windows is refined from what is known, and plain gradients are means too", async () => {
  const target = { kind: "index", index: 2 };
  // Windows that no other test has asked for: what is known of a question is gone on with.
  const long = { kind: "windows", overlap: 6 };
  const coarse = await service.explain(ofText({ target, long, tolerance: 0.2, maxEvaluations: 9 }));
  const fine = await service.refine(coarse.runId, 0.002, 512);
  service.release(coarse.runId);
  const direct = await service.explain(ofText({ target, long, tolerance: 0.002 }));
  assert.ok(fine.evaluations > coarse.evaluations && fine.status === "converged");
  const [refined, anew] = [textOf(fine).values, textOf(direct).values];
  for (const [at, value] of refined.entries()) assert.ok(Math.abs(value - (anew[at] ?? 9)) < 0.004 * fine.mapSize);

  const method = "input-x-gradient";
  const plain = textOf(await service.explain(ofText({ target, method })));
  const parts = await apart(plain, { target, method });
  const expected = new Float64Array(plain.tokens.length);
  for (const [at, places] of placesOf(plain).entries()) {
    const { values } = textOf(parts[at] as Explanation);
    for (const [k, place] of places.entries())
      expected[place] = (expected[place] ?? 0) + (values[k] ?? 0) / parts.length;
  }
  for (const [at, value] of expected.entries()) assert.ok(Math.abs(value - (plain.values[at] ?? 9)) < 1e-5);
});

test("what was read is said, and other windows are another question", async () => {
  const four = await service.explain(ofText());
  const said = four.warnings.find(({ code }) => code === "windows");
  assert.match(said?.message ?? "", /in \d windows of 16 tokens, overlap 4.*mean over them/);
  assert.ok(four.warnings.every(({ code }) => code !== "truncated"));
  const none = await service.explain(ofText({ long: { kind: "windows", overlap: 0 } }));
  assert.notEqual(none.score.input, four.score.input);
  // From the manifest alike.
  const quarter = await service.explain(ofText({ long: { kind: "windows" } }));
  assert.equal(textOf(quarter).windows?.overlap, 3);
});

test("baselines, held tokens and the embedding's mean go by the whole text", async () => {
  for (const baseline of [
    { kind: "name", name: "mask" },
    { kind: "name", name: "mean-embedding" },
    { kind: "text", text: "who wrote" },
  ]) {
    const result = await service.explain(ofText({ baseline, hold: "special", tolerance: 0.02 }));
    const { values, tokens } = textOf(result);
    for (const [at, { special }] of tokens.entries()) if (special === "other") assert.equal(values[at], 0);
    assert.ok((result.completenessError.relative ?? 1) < 0.02);
  }
});

test("the audit finds the gradients of a text in windows right", async () => {
  const { runId } = await service.explain(ofText({ tolerance: 0.02 }));
  const { audit } = await service.audit(runId);
  assert.equal(audit?.verdict, "confirmed");
});

test("the path can start at an inner node, whose values are those of each window", async () => {
  const from = "embeddings/b";
  const whole = await service.explain(ofText({ from, tolerance: 0.01, target: { kind: "index", index: 0 } }));
  const [attribution] = whole.attributions;
  assert(attribution?.kind === "tensor");
  const { windows } = textOf(await service.explain(ofText({ tolerance: 0.1 })));
  assert.deepEqual(attribution.shape, [windows?.ranges.length, LONGEST, 24]);
  assert.ok((whole.completenessError.relative ?? 1) < 0.01);
});

test("neurons are those of one reading: refused for windows, and of other samples that are long the start is read", async () => {
  const { runId } = await service.explain(ofText({ tolerance: 0.2 }));
  const layer = { layer: ["embeddings/b"], patches: [], grid: null };
  const neurons = service.withRun(runId, {}, (run, { loaded }) =>
    computeNeurons(run, loaded.model, { runId, ...layer }),
  );
  await fails(neurons, "usage", /Neurons.*read in windows/);
  const strongest = async (long: object) => {
    const short = await service.explain(ofText({ tolerance: 0.2, long }, "The quick brown fox."));
    const samples = [text, `${text} again`, "The girl."].map((read) => ({ kind: "text" as const, text: read }));
    return service.withRun(short.runId, {}, (run, opened) =>
      topSamples(run, opened, { node: "embeddings/b", neuron: 3 }, samples, 3),
    );
  };
  const [windows, cut] = [await strongest(base.long), await strongest({ kind: "cut" })];
  assert.equal(windows.samples.length, 3);
  assert.deepEqual(windows.samples, cut.samples);
});

test("an expression is taken of each window", async () => {
  const target = { kind: "expression", expression: "probability[1] / (probability[0] + 0.1)" };
  const whole = await service.explain(ofText({ target }));
  const parts = await apart(textOf(await service.explain(ofText({ tolerance: 0.1 }))), { target });
  const mean = parts.reduce((sum, { score }) => sum + score.input, 0) / parts.length;
  assert.ok(Math.abs(whole.score.input - mean) < 2e-5, `${whole.score.input} ${mean}`);
});

test("a question stands in every window, and the windows go over its context", async () => {
  const piece = (read: string) => ({ sample: { kind: "text" as const, text: read } });
  const result = await service.explain(request([piece("Who wrote it?"), piece(text)], { tolerance: 0.05 }));
  const attribution = textOf(result);
  const { tokens, fields, windows } = attribution;
  const first = tokens.findIndex(({ text: shown }) => shown === "[SEP]") + 1;
  assert.equal(windows?.ranges[0]?.from, first);
  assert.equal(windows?.ranges.at(-1)?.to, tokens.length - 1);
  assert.equal(attribution.text.slice(fields[1]?.start, fields[1]?.end), text);
  assert.ok((result.completenessError.relative ?? 1) < 0.05);
  assert.match(result.warnings.map(({ message }) => message).join(), /token types of the tokenizer/);
});

test("what-if: edits are measured as the edited text is read, in other windows or at once", async () => {
  const { runId, attributions } = await service.explain(ofText({ tolerance: 0.05 }));
  const [attribution] = attributions;
  assert(attribution?.kind === "text");
  const { input, tokens } = attribution;
  const word = 1;
  const behind = tokens.flatMap((token, at) => (at > 6 && token.special !== "other" ? [at] : []));
  const { original, results } = await service.whatIf(runId, [
    [{ kind: "blank", input, tokens: [word] }],
    [{ kind: "delete", input, tokens: [word] }],
    [{ kind: "delete", input, tokens: behind }],
  ]);
  const [blank, deleted, short] = results;
  assert(
    blank?.kind === "measured" && deleted?.kind === "measured" && short?.kind === "measured",
    JSON.stringify(results),
  );
  for (const [at, { samples, blanked, score, target }] of [blank, deleted, short].entries()) {
    const again = await service.explain({
      ...request(samples, { tolerance: 0.1, target: { kind: "index", index: target?.index ?? 0 } }),
      blanked,
    });
    assert.ok(Math.abs(again.score.input - score) < 1e-5);
    assert.notEqual(score, original.score);
    assert.equal(textOf(again).windows === undefined, at === 2);
    assert.ok(Math.abs((again.predictions[target?.index ?? 0]?.score ?? 9) - (target?.score ?? 0)) < 1e-6);
  }
});

/** Two towers over words, one short and one long, added up: both are explained. */
async function twoTowers(): Promise<string> {
  const tower = (name: string): [layers.SymbolicTensor, layers.SymbolicTensor] => {
    const ids = layers.input({ shape: [5], name, dtype: "float32" });
    const embedded = layers.layers.embedding({ inputDim: 7, outputDim: 4 }).apply(ids);
    const pooled = layers.layers.globalAveragePooling1d({}).apply(embedded) as layers.SymbolicTensor;
    return [ids, layers.layers.dense({ units: 4, activation: "tanh" }).apply(pooled) as layers.SymbolicTensor];
  };
  const [a, left] = tower("left");
  const [b, right] = tower("right");
  const joined = layers.layers.multiply().apply([left, right]) as layers.SymbolicTensor;
  const output = layers.layers.dense({ units: 2, activation: "softmax" }).apply(joined) as layers.SymbolicTensor;
  return saveLayers(layers.model({ inputs: [a, b], outputs: output }));
}

test("beside a text in windows, as the manifest asks for, another one is the same in each", async () => {
  const saved = await twoTowers();
  disposeVariables();
  writeFileSync(join(saved, "vocab.txt"), "[PAD]\n[UNK]\nthe\ncat\nsat\non\nmat\n");
  const input = (name: string, more: object = {}) => {
    return { kind: "text", name, tokenizer: { type: "words", vocabulary: "vocab.txt" }, ...more };
  };
  const long = { long: "windows", overlap: 2 };
  const inputs = [input("left", long), input("right", long)];
  const entry = modelSchema.parse({ name: "towers", path: "model.json", inputs });
  const explain = (left: string, right: string) =>
    service.explain({
      model: { path: join(saved, "model.json"), entry, baseFolder: saved },
      samples: [
        { input: "left", sample: { kind: "text", text: left } },
        { input: "right", sample: { kind: "text", text: right } },
      ],
      settings: settingsSchema.parse({ backend: "cpu", tolerance: 0.001, target: { kind: "index", index: 0 } }),
    });
  const words = "the cat sat on the mat the mat on cat".split(" ");
  const whole = await explain(words.join(" "), "on the mat");
  const [left, right] = whole.attributions;
  assert(left?.kind === "text" && right?.kind === "text" && left.windows !== undefined && right.windows === undefined);
  const parts: Explanation[] = [];
  for (const { from, to } of left.windows.ranges)
    parts.push(await explain(words.slice(from, to).join(" "), "on the mat"));
  const expected = new Float64Array(words.length);
  const shared = new Float64Array(right.tokens.length);
  for (const [at, { from }] of left.windows.ranges.entries()) {
    const [own, other] = parts[at]?.attributions ?? [];
    for (const [k, value] of own?.values.entries() ?? [])
      expected[from + k] = (expected[from + k] ?? 0) + value / parts.length;
    for (const [k, value] of other?.values.entries() ?? []) shared[k] = (shared[k] ?? 0) + value / parts.length;
  }
  const size = expected.reduce((sum, value) => sum + Math.abs(value), 0);
  for (const [values, found] of [
    [expected, left.values],
    [shared, right.values],
  ] as const) {
    for (const [at, value] of values.entries()) assert.ok(Math.abs(value - (found[at] ?? 9)) < 0.002 * size);
  }
  await fails(explain(words.join(" "), words.join(" ")), "usage", "left and right");
});

test("a model that labels tokens, writes a text or reads two texts at once is not given windows", async () => {
  const labels = join(folder, "labels");
  mkdirSync(labels, { recursive: true });
  const size = { layers: 1, width: 24, heads: 2, words: 1200, longest: LONGEST, classes: 3, eachPosition: true };
  writeFileSync(join(labels, "model.onnx"), bertOnnx(size));
  for (const file of ["tokenizer.json", "config.json"]) copyFileSync(join(layout, file), join(labels, file));
  const asked = { ...ofText(), model: { path: join(labels, "model.onnx") } };
  await fails(service.explain(asked), "usage", /tokens the model labels.*not read in windows/s);
  const dates = fileURLToPath(new URL("../../../samples/", import.meta.url));
  const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(dates, "pathlight.json"), "utf8")));
  const entry = manifest.models.find(({ name }) => name === "dates");
  assert(entry !== undefined);
  const source = { kind: "text" as const, text: "the third day of March in the year 1994, ".repeat(3) };
  await fails(
    service.explain({
      model: { path: join(dates, entry.path), entry, baseFolder: dates },
      samples: [{ sample: source }],
      settings: settingsSchema.parse(base),
    }),
    "usage",
    /writes a text from is not read in windows/,
  );
  const pair = { kind: "expression", expression: "cosine(a, b)" };
  const both = [text, text].map((read) => ({ sample: { kind: "text" as const, text: read } }));
  await fails(service.explain(request(both, { target: pair })), "usage", /Two texts for one encoder/);
});

test("what cannot be read in windows is refused with a sentence", async () => {
  await fails(service.explain(ofText({ long: { kind: "windows", overlap: 14 } })), "usage", "from 0 to 13", "14");
  const long = `${text} `.repeat(60);
  await fails(service.explain(ofText({}, long)), "sample-too-large", "64 windows");
  const piece = (read: string) => ({ sample: { kind: "text" as const, text: read } });
  await fails(service.explain(request([piece(text), piece("The fox.")])), "sample-too-large", "no room");
  const { runId } = await service.explain(ofText({ tolerance: 0.2 }));
  const ablated = service.ablate(runId, {
    ablation: [{ node: "embeddings/b", neurons: [0] }],
    value: "zero",
    control: 0,
    samples: [],
    attribution: false,
  });
  await fails(ablated, "usage", /Neurons.*read in windows/);
  const mask = npy("attention", [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
  await fails(
    service.explain(
      request([
        { input: "input_ids", ...piece(text) },
        { input: "attention_mask", sample: { kind: "file", path: mask } },
      ]),
    ),
    "usage",
    "attention_mask",
  );
});
