import assert from "node:assert/strict";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { neuronAxis } from "../../../src/compute/neurons/neuronAxis.ts";
import { loadModel } from "../../../src/models/loadModel.ts";
import { useBackend } from "../models/backends.ts";

const fixtures = fileURLToPath(new URL("../../fixtures/", import.meta.url));

/** The axes of all nodes of an op whose shape is known. */
async function axesOf(path: string): Promise<Map<string, Set<number>>> {
  await useBackend("wasm");
  const { model, format } = await loadModel(`${fixtures}${path}`);
  const found = new Map<string, Set<number>>();
  for (const { id, op, shape } of model.nodes) {
    const sides = shape.slice(1);
    if (sides.length < 2 || sides.includes(null)) continue;
    const axis = neuronAxis(format, model.nodes, id, sides as number[]);
    const from = axis - sides.length;
    found.set(op, (found.get(op) ?? new Set()).add(from === -1 ? -1 : axis));
  }
  model.dispose();
  return found;
}

test("channels of a convolution are first in ONNX, also behind activations and sums", async () => {
  for (const file of ["onnx/resnet-script.onnx", "onnx/resnet-dynamo.onnx"]) {
    const axes = await axesOf(file);
    for (const op of ["Conv", "Relu", "Add", "MaxPool"]) {
      if (axes.has(op)) assert.deepEqual([...(axes.get(op) ?? [])], [0], `${file}: ${op}`);
    }
    assert.ok(axes.has("Conv") && axes.has("Relu"));
  }
});

test("features of a position are last in a transformer of ONNX", async () => {
  const axes = await axesOf("onnx/vit-script.onnx");
  assert.deepEqual([...(axes.get("Conv") ?? [])], [0]);
  assert.deepEqual([...(axes.get("LayerNormalization") ?? axes.get("Erf") ?? [])], [-1]);
});

test("Keras and tfjs have them last", async () => {
  const axes = await axesOf("mobilenet-v2");
  for (const [op, found] of axes) assert.deepEqual([...found], [-1], op);
});
