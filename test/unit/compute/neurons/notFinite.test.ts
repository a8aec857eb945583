import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { ExplainService } from "../../../../src/compute/explainService.ts";
import { exportNeurons } from "../../../../src/compute/export/index.ts";
import { computeConservation } from "../../../../src/compute/neurons/conservation.ts";
import { computeNeurons } from "../../../../src/compute/neurons/neuronsRun.ts";
import { explainRequestSchema } from "../../../../src/protocol/explain.ts";
import {
  conservationSchema,
  neuronsFileSchema,
  neuronsParamsSchema,
  neuronsSchema,
} from "../../../../src/protocol/neurons.ts";
import { npyBytes, readNpy } from "../../../../src/samples/index.ts";
import { temporaryFolder } from "../../models/modelFiles.ts";
import { onnxBytes } from "../../models/onnx/support/onnxBytes.ts";

test("a neuron without a finite slope is named, in the answer and in the files; the others are right", async () => {
  // h = √x of three numbers; the score is 2 h₁ + h₂. At the baseline the first has no finite slope, and nothing reads it.
  const folder = temporaryFolder();
  const model = join(folder, "roots.onnx");
  const graph = {
    inputs: [{ name: "x", type: "float" as const, shape: ["N", 3] }],
    outputs: [{ name: "y", type: "float" as const, shape: ["N", 1] }],
    constants: { w: { type: "float" as const, shape: [3, 1], data: [0, 2, 1] } },
    nodes: [
      { op: "Sqrt", inputs: ["x"], outputs: ["h"] },
      { op: "MatMul", inputs: ["h", "w"], outputs: ["y"] },
    ],
  };
  writeFileSync(model, onnxBytes(graph, 17));
  const [sample, baseline] = ["x.npy", "start.npy"].map((name) => join(folder, name)) as [string, string];
  writeFileSync(sample, npyBytes([3], Float32Array.of(1, 4, 9)));
  writeFileSync(baseline, npyBytes([3], Float32Array.of(0, 1, 1)));
  const service = new ExplainService({ workers: { threads: 1 } });
  try {
    const runId = await service.openRun(
      explainRequestSchema.parse({
        model: { path: model },
        samples: [{ sample: { kind: "file", path: sample } }],
        settings: { backend: "wasm", tolerance: 0.001, baseline: { kind: "file", path: baseline } },
      }),
    );
    const patches = [{ name: "second", region: { kind: "features", features: [1] } }];
    const params = neuronsParamsSchema.parse({ runId, layer: ["h"], patches });
    await service.withRun(runId, {}, async (run, { loaded }) => {
      const neurons = neuronsSchema.parse(await computeNeurons(run, loaded.model, params));
      assert.deepEqual(neurons.notFinite, [{ node: "h", neuron: 0 }]);
      assert.match(neurons.notes.join(" "), /Not finite .*neuron 0 of h/);
      assert.equal(neurons.status, "converged");
      const [first, second, third] = neurons.conductance;
      assert.ok(Number.isNaN(first) && Number.isNaN(neurons.values[0]));
      // 2 (√4 − √1) and √9 − √1.
      assert.ok(Math.abs((second ?? 0) - 2) < 4e-3 && Math.abs((third ?? 0) - 2) < 4e-3);
      assert.ok(Math.abs((neurons.values[1] ?? 0) - 2) < 4e-3 && Math.abs(neurons.values[2] ?? 1) < 1e-6);
      assert.ok(neurons.conservation.residual < 2e-3 && neurons.partition.residual < 1e-4);
      // Of all layers the input alone is refused, by the number of its value: its slope there is 0 · ∞.
      const { layers } = conservationSchema.parse(await computeConservation(run, loaded.model));
      assert.deepEqual(
        layers.map(({ node, state, reason, residual }) => [node, state, reason, (residual ?? 1) < 1e-3]),
        [
          ["x", "refused", "Neuron 0 is not finite somewhere on the path.", false],
          ["h", "cut", undefined, true],
          ["y", "cut", undefined, true],
        ],
      );
      await exportNeurons(folder, { run, neurons, request: run.plan.request, top: 3 });
    });
    const file = neuronsFileSchema.parse(JSON.parse(readFileSync(join(folder, "neurons.json"), "utf8")));
    assert.equal(file.conductance[0], null);
    assert.deepEqual(file.top.map(({ neuron }) => neuron).sort(), [1, 2]);
    const { data } = await readNpy(join(folder, "neurons-0.npy"));
    assert.ok(Number.isNaN(data[0]) && Math.abs((data[1] ?? 0) - 2) < 4e-3);
  } finally {
    await service.dispose();
  }
});
