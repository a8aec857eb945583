import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import { loadModel } from "../../../src/models/loadModel.ts";
import { usableBackends, useBackend } from "./backends.ts";

/** What TensorFlow itself put out for the SavedModel that the fixture was converted from; see scripts/fixtures/makeSavedModel.py. */
const arraySchema = z.object({ shape: z.array(z.int()), values: z.array(z.number()) });
const truthSchema = z.object({
  image: arraySchema,
  extra: arraySchema,
  output: arraySchema,
  imageGradient: arraySchema,
  extraGradient: arraySchema,
});
const folder = new URL("../../fixtures/savedModel", import.meta.url).pathname;
const truth = truthSchema.parse(JSON.parse(readFileSync(`${folder}/truth.json`, "utf8")));

function tensor({ values, shape }: z.output<typeof arraySchema>): tf.Tensor {
  return tf.tensor(values, shape, "float32");
}

function assertClose(found: ArrayLike<number>, expected: readonly number[], what: string): void {
  const scale = Math.max(...expected.map(Math.abs));
  assert.equal(found.length, expected.length, what);
  const worst = Math.max(...expected.map((value, i) => Math.abs(value - (found[i] ?? Number.NaN))));
  assert.ok(worst <= 2e-5 * scale, `${what}: off by ${worst} of ${scale}`);
}

for (const backend of await usableBackends()) {
  test(`${backend}: a converted SavedModel puts out what TensorFlow does, and has its gradients`, async () => {
    await useBackend(backend);
    const { model, format } = await loadModel(`${folder}/converted`);
    assert.equal(format, "tfjs-graph");
    assert.deepEqual(model.inputs.map(({ id }) => id).sort(), ["extra", "image"]);
    assert.equal(model.heads[0]?.activation, "softmax");
    // Only what serving needs is left.
    assert.ok(model.nodes.every(({ op }) => !/Dropout|Random|ReadVariable|PartitionedCall|^If$/.test(op)));
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const [image, extra] = [tensor(truth.image), tensor(truth.extra)];
      const output = model.outputs[0]?.id ?? "";
      const run = (a: tf.Tensor, b: tf.Tensor): tf.Tensor => {
        const [value] = model.evaluate(
          new Map([
            ["image", a],
            ["extra", b],
          ]),
          [output],
        );
        assert.ok(value);
        return value;
      };
      assertClose(run(image, extra).dataSync(), truth.output.values, "output");
      const score = (...[a, b]: tf.Tensor[]): tf.Tensor => {
        assert.ok(a && b);
        return tf.sum(tf.slice(run(a, b), [0, 2], [-1, 1]));
      };
      const [byImage, byExtra] = tf.grads(score)([image, extra]);
      assertClose(byImage?.dataSync() ?? [], truth.imageGradient.values, "gradient of the image");
      assertClose(byExtra?.dataSync() ?? [], truth.extraGradient.values, "gradient of the second input");
    });
    assert.equal(tf.memory().numTensors, before);
    model.dispose();
  });
}
