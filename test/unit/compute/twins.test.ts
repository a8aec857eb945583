import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import * as layers from "@tensorflow/tfjs-layers";
import { PathlightError } from "../../../src/common/errors.ts";
import { ExplainService } from "../../../src/compute/explainService.ts";
import { TwinModel } from "../../../src/compute/twin/twinModel.ts";
import { loadModel } from "../../../src/models/loadModel.ts";
import { type ExplainRequest, explainRequestSchema } from "../../../src/protocol/explain.ts";
import { usableBackends, useBackend } from "../models/backends.ts";
import { saveLayers } from "../models/savedLayers.ts";

const LENGTH = 6;
const words = ["[PAD]", "[UNK]", "the", "cat", "sat", "on", "mat", "dog", "lay", "down"];

/** An encoder that puts out a vector for each token, padding too. */
function encoder(): layers.LayersModel {
  const input = layers.input({ shape: [LENGTH], name: "ids", dtype: "int32" });
  const embedded = layers.layers.embedding({ inputDim: words.length, outputDim: 3, name: "words" }).apply(input);
  const hidden = layers.layers.dense({ units: 4, activation: "tanh", name: "hidden" }).apply(embedded);
  return layers.model({ inputs: input, outputs: hidden as layers.SymbolicTensor });
}

const model = encoder();
const folder = await saveLayers(model);
writeFileSync(join(folder, "vocab.txt"), `${words.join("\n")}\n`);
writeFileSync(join(folder, "pairs.jsonl"), '{"first": "the cat sat on", "second": "the dog lay down mat"}\n');
const texts = ["the cat sat on", "the dog lay down mat"] as const;
const ids = [
  [2, 3, 4, 5],
  [2, 7, 8, 9, 6],
] as const;

function request(samples: ExplainRequest["samples"], expression: string, settings: object = {}): ExplainRequest {
  return explainRequestSchema.parse({
    model: {
      path: join(folder, "model.json"),
      baseFolder: folder,
      entry: {
        name: "encoder",
        path: "model.json",
        inputs: [{ kind: "text", tokenizer: { type: "words", vocabulary: "vocab.txt" } }],
      },
    },
    samples,
    settings: { tolerance: 0.001, backend: "cpu", target: { kind: "expression", expression }, ...settings },
  });
}

const two: ExplainRequest["samples"] = texts.map((text) => ({ sample: { kind: "text", text } }));

type Vector = readonly number[];
const dot = (a: Vector, b: Vector): number => a.reduce((sum, value, k) => sum + value * (b[k] ?? 0), 0);
const table = (name: string): number[][] => {
  const [kernel] = model.getLayer(name).getWeights();
  assert(kernel !== undefined);
  return kernel.arraySync() as number[][];
};
const bias = (): number[] => Array.from(model.getLayer("hidden").getWeights()[1]?.dataSync() ?? []);

/** The mean over the tokens of a text, in float64; padding is none of them. `alpha`: along the path from zero. */
function meanOf(tokens: readonly number[], scale: (token: number) => number): number[] {
  const [embedding, kernel, start] = [table("words"), table("hidden"), bias()];
  return start.map((offset, k) => {
    const sum = tokens.reduce((total, id, position) => {
      const x = (embedding[id] ?? []).map((value) => value * scale(position));
      return total + Math.tanh(x.reduce((inner, value, d) => inner + value * (kernel[d]?.[k] ?? 0), offset));
    }, 0);
    return sum / tokens.length;
  });
}

const cosine = (a: Vector, b: Vector): number => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
const means = (scale: (side: number, position: number) => number): [Vector, Vector] => [
  meanOf(ids[0], (position) => scale(0, position)),
  meanOf(ids[1], (position) => scale(1, position)),
];

for (const backend of await usableBackends()) {
  test(`${backend}: one encoder reads two texts; their mean leaves padding out`, async () => {
    await useBackend(backend);
    const service = new ExplainService();
    try {
      const explanation = await service.explain(request(two, "cosine(mean(a), mean(b))", { backend }));
      const whole = cosine(...means(() => 1));
      assert.ok(Math.abs(explanation.score.input - whole) < 1e-5, `${explanation.score.input}, ${whole}`);
      assert.ok(Math.abs(explanation.score.baseline - cosine(...means(() => 0))) < 1e-5);
      assert.equal(explanation.target.label, "cosine(mean(a), mean(b))");
      assert.deepEqual(
        explanation.attributions.map((each) => (each.kind === "text" ? each.text : null)),
        texts,
      );
      // Each token's share of the joint path, by 400 midpoints and central differences.
      const steps = 400;
      for (const [side, own] of ids.entries()) {
        const values = explanation.attributions[side]?.values ?? [];
        for (const position of own.keys()) {
          let expected = 0;
          for (let k = 0; k < steps; k++) {
            const alpha = (k + 0.5) / steps;
            const moved = (by: number) => cosine(...means((s, p) => alpha + (s === side && p === position ? by : 0)));
            expected += (moved(1e-5) - moved(-1e-5)) / 2e-5 / steps;
          }
          assert.ok(Math.abs((values[position] ?? Number.NaN) - expected) < 2e-4, `${side}, ${position}`);
        }
        for (const value of values.slice(own.length)) assert.equal(value, 0, "padding says nothing");
      }
      const { matrix } = await service.tokenPairs(explanation.runId);
      assert(matrix?.total);
      assert.equal(matrix.total.status, "converged");
      assert.ok((matrix.total.completenessError.relative ?? 1) <= 0.002);
      assert.deepEqual([matrix.rows.length, matrix.columns.length], [4, 5]);
      const everything = [matrix.values, matrix.alone?.rows ?? [], matrix.alone?.columns ?? []]
        .flatMap((part) => [...part])
        .reduce((sum, value) => sum + value, 0);
      assert.ok(Math.abs(everything - explanation.deltaF) < 1e-4, `${everything}, ${explanation.deltaF}`);
    } finally {
      await service.dispose();
    }
  });
}

test("two texts come by name, in order, or as two columns of a row", async () => {
  await useBackend("cpu");
  const service = new ExplainService();
  const row = { kind: "file" as const, path: join(folder, "pairs.jsonl"), row: 0 };
  try {
    const scores: number[] = [];
    for (const samples of [
      two,
      [
        { input: "b", sample: { kind: "text" as const, text: texts[1] } },
        { input: "a", sample: { kind: "text" as const, text: texts[0] } },
      ],
      [
        { input: "a", sample: { ...row, column: "first" } },
        { input: "b", sample: { ...row, column: "second" } },
      ],
      [{ sample: { ...row, column: "first", secondColumn: "second" } }],
      [{ sample: { kind: "text" as const, text: texts[0], second: texts[1] } }],
    ]) {
      const { score, attributions } = await service.explain(
        request(samples, "dot(mean(a), mean(b))", { tolerance: 0.05 }),
      );
      assert.deepEqual(
        attributions.map((each) => (each.kind === "text" ? each.text : null)),
        texts,
      );
      scores.push(score.input);
    }
    assert.deepEqual(new Set(scores).size, 1);
    // Inner nodes of both sides ask for two texts as `a` and `b` do.
    const [outer, inner] = [
      await service.explain(request(two, "dot(a[0], b[0])", { tolerance: 0.05 })),
      await service.explain(request(two, 'dot(node("a/hidden")[0], node("b/hidden")[0])', { tolerance: 0.05 })),
    ];
    assert.ok(Math.abs(outer.score.input - inner.score.input) < 1e-6);
    const refuse = (samples: ExplainRequest["samples"], expression: string, code: string, message: RegExp) =>
      assert.rejects(
        service.explain(request(samples, expression)),
        (error) => error instanceof PathlightError && error.code === code && message.test(error.message),
      );
    await refuse(two.slice(0, 1), "cosine(mean(a), mean(b))", "usage", /two texts/);
    await refuse(two, "cosine(a, b)", "target-invalid", /cosine needs a vector/);
    await refuse(two, "dot(mean(a), mean(b)) + c", "target-invalid", /no output "c"/);
  } finally {
    await service.dispose();
  }
});

test("an edit of one text is measured as one of that text, without its padding", async () => {
  await useBackend("cpu");
  const service = new ExplainService();
  try {
    const expression = "cosine(mean(a), mean(b))";
    const { runId, attributions } = await service.explain(request(two, expression, { tolerance: 0.05 }));
    const [left, right] = attributions.map(({ input }) => input);
    assert.deepEqual([left, right], ["a/ids", "b/ids"]);
    assert(left !== undefined && right !== undefined);
    const { results } = await service.whatIf(runId, [
      [{ kind: "delete", input: right, tokens: [3, 4] }],
      [{ kind: "delete", input: left, tokens: [1] }],
    ]);
    for (const [k, texts] of [
      ["the cat sat on", "the dog lay"],
      ["the sat on", "the dog lay down mat"],
    ].entries()) {
      const result = results[k];
      assert(result?.kind === "measured", JSON.stringify(result));
      const samples = texts.map((text) => ({ sample: { kind: "text" as const, text } }));
      const { score } = await service.explain(request(samples, expression, { tolerance: 0.05 }));
      assert.ok(Math.abs(result.score - score.input) < 1e-6, `${result.score}, ${score.input}`);
    }
  } finally {
    await service.dispose();
  }
});

test("twins know the nodes of both sides, and refuse others", async () => {
  const { model: inner } = await loadModel(join(folder, "model.json"));
  const twin = new TwinModel(inner);
  assert.deepEqual(
    twin.inputs.map(({ id }) => id),
    ["a/ids", "b/ids"],
  );
  assert.deepEqual(
    twin.heads.map(({ output }) => output),
    ["a/hidden", "b/hidden"],
  );
  assert.throws(() => twin.evaluate(new Map(), ["hidden"]), { code: "model-node-unknown" });
  inner.dispose();
});
