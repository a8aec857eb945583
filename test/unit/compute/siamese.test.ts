// A BERT-like encoder from PyTorch, by way of ONNX, with two sentences: what their tokens say to each other against the
// integrated Jacobians that scripts/fixtures/siameseReference.py computed in float64.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import * as z from "zod";
import { availableBackends } from "../../../src/backend/index.ts";
import { ExplainService } from "../../../src/compute/explainService.ts";
import { explainRequestSchema } from "../../../src/protocol/explain.ts";
import { readNpy } from "../../../src/samples/index.ts";

const folder = fileURLToPath(new URL("../../fixtures/siamese/", import.meta.url));
const { sentences, score, baseline, interaction } = z
  .object({ sentences: z.array(z.string()), score: z.number(), baseline: z.number(), interaction: z.number() })
  .parse(JSON.parse(readFileSync(join(folder, "figures.json"), "utf8")));

function request(backend: string) {
  return explainRequestSchema.parse({
    model: {
      path: join(folder, "encoder.onnx"),
      baseFolder: folder,
      entry: {
        name: "encoder",
        path: "encoder.onnx",
        inputs: [
          {
            kind: "text",
            name: "input_ids",
            tokenizer: { type: "words", vocabulary: "vocab.txt", pattern: "\\S+", lowercase: false },
            length: 10,
          },
        ],
      },
    },
    samples: sentences.map((text) => ({ sample: { kind: "text", text } })),
    settings: {
      target: { kind: "expression", expression: "cosine(mean(a), mean(b))" },
      tolerance: 0.005,
      backend,
    },
  });
}

/** Σ|a − b| / Σ|b| */
function relativeL1(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  let [off, size] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    off += Math.abs((found[i] ?? Number.NaN) - (expected[i] ?? Number.NaN));
    size += Math.abs(expected[i] ?? Number.NaN);
  }
  return off / size;
}

for (const backend of await availableBackends()) {
  test(`${backend}: token pairs of a transformer against float64`, async (context) => {
    const service = new ExplainService();
    try {
      const explanation = await service.explain(request(backend));
      assert.equal(explanation.status, "converged");
      assert.deepEqual(
        [explanation.predictions, explanation.positions],
        [[], undefined],
        "an embedding has no classes",
      );
      assert.ok(Math.abs(explanation.score.input - score) < 1e-5, `${explanation.score.input}, ${score}`);
      assert.ok(Math.abs(explanation.score.baseline - baseline) < 1e-5, `${explanation.score.baseline}, ${baseline}`);
      const { matrix } = await service.tokenPairs(explanation.runId);
      // The model keeps what follows from the shapes of its feeds; a second time there is nothing new.
      const tensors = tf.memory().numTensors;
      await service.tokenPairs(explanation.runId);
      assert.equal(tf.memory().numTensors, tensors, "tensors are left behind");
      assert(matrix?.total && matrix.alone);
      const pairs = await readNpy(join(folder, "pairs.npy"));
      assert.deepEqual([matrix.rows.length, matrix.columns.length], pairs.shape);
      const off = relativeL1(matrix.values, pairs.data);
      context.diagnostic(
        `off by ${off.toExponential(1)}, stated ${(matrix.total.featureError ?? 0).toExponential(1)}, ${matrix.total.evaluations} evaluations; ${matrix.alone.notes.join(" ")}`,
      );
      assert.equal(matrix.total.status, "converged");
      assert.ok(off <= 0.005, `off by ${off}`);
      assert.ok(off <= (matrix.total.featureError ?? 0) + 1e-4, `off by ${off}, stated ${matrix.total.featureError}`);
      assert.ok(Math.abs(matrix.total.deltaF - interaction) < 1e-5);
      assert.ok((matrix.total.completenessError.relative ?? 1) <= 0.005);
      for (const [side, part] of [
        ["a", matrix.alone.rows],
        ["b", matrix.alone.columns],
      ] as const) {
        const expected = await readNpy(join(folder, `alone-${side}.npy`));
        assert.ok(relativeL1(part, expected.data) <= 0.005, `${side}: ${relativeL1(part, expected.data)}`);
      }
      const everything = [matrix.values, matrix.alone.rows, matrix.alone.columns].flatMap((part) => [...part]);
      const sum = everything.reduce((total, value) => total + value, 0);
      assert.ok(Math.abs(sum - (score - baseline)) < 2e-3, `${sum}, ${score - baseline}`);
    } finally {
      await service.dispose();
    }
  });
}
