// Every kernel of tfjs is differentiated and confirmed by differences, or refused by name: a new one cannot be forgotten.
import assert from "node:assert/strict";
import test from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { PathlightError } from "../../../../src/common/errors.ts";
import { markMovable } from "../../../../src/models/leanTape.ts";
import { installGradientRepairs } from "../../../../src/models/repairs/installGradientRepairs.ts";
import { guardTape, tapeLength } from "../../../../src/models/tape.ts";
import "@tensorflow/tfjs-layers";
import { usableBackends, useBackend } from "../backends.ts";
import { backwardCases } from "../backwardCases.ts";
import { opCases } from "../opCases.ts";
import { refusedOps } from "../refusedOps.ts";

const backends = await usableBackends();
installGradientRepairs();

/** Names that tfjs-core exports for kernels, and what the backends register. */
const exported: unknown[] = Object.values(tf);
const kernels = new Set([
  ...exported.filter((name) => typeof name === "string"),
  ...backends.flatMap((backend) => tf.getKernelsForBackend(backend).map(({ kernelName }) => kernelName)),
]);

/** Kernels that only backward passes call: with a gradient of a gradient the guard refuses them like any other. */
const backward: ReadonlySet<string> = new Set([
  ...["Conv2DBackpropFilter", "Conv3DBackpropFilterV2", "Dilation2DBackpropFilter"],
  ...["DepthwiseConv2dNativeBackpropFilter", "ResizeBilinearGrad", "ResizeNearestNeighborGrad"],
]);

/** Kernels that the loaders take apart before a model runs. */
const fused: ReadonlySet<string> = new Set(["FusedConv2D", "FusedDepthwiseConv2D", "_FusedMatMul"]);

/** Kernels that take no tensor of real numbers, or give none: nothing that a gradient could pass. */
const noNumbers: ReadonlySet<string> = new Set([
  ...["All", "Any", "LogicalAnd", "LogicalNot", "LogicalOr", "LogicalXor", "BitwiseAnd", "BroadcastArgs"],
  ...["Fill", "LinSpace", "Range", "RaggedRange", "SparseReshape", "Draw"],
  ...["StaticRegexReplace", "StringNGrams", "StringSplit", "StringToHashBucketFast"],
]);

/** Kernels that tfjs calls from no op with a number in it, or not at all. */
const notCalled: ReadonlySet<string> = new Set([
  // Gradients without a kernel: their ops are made of others.
  ...["BroadcastTo", "LogSoftmax"],
  ...["RaggedGather", "RaggedTensorToTensor", "SparseFillEmptyRows"],
]);

/** Kernels on the way from x to f(x), with a gradient or without. */
function kernelsOn(f: (x: tf.Tensor) => tf.Tensor, create: () => tf.Tensor): Set<string> {
  const found = new Set<string>();
  tf.tidy(() =>
    tf.grad((x) => {
      const start = tapeLength();
      f(x);
      const reached = new Set([x.id]);
      for (const { inputs, outputs, kernelName } of tf.engine().state.activeTape.slice(start)) {
        if (!Object.values(inputs).some(({ id }) => reached.has(id))) continue;
        for (const { id } of outputs) reached.add(id);
        found.add(kernelName);
      }
      return tf.sum(x);
    })(create()),
  );
  return found;
}

for (const backend of backends) {
  test(`${backend}: every kernel with a gradient has a case that differences confirm, or is refused`, async () => {
    await useBackend(backend);
    installGradientRepairs();
    const covered = new Set(refusedOps.map(({ kernel }) => kernel));
    for (const { f, x, not = [] } of [...opCases, ...backwardCases]) {
      if (!not.includes(backend)) for (const kernel of kernelsOn(f, x)) covered.add(kernel);
    }
    const present = (kernel: string) => tf.getKernel(kernel, backend) !== undefined;
    // Refused on WebAssembly before anything is computed, which another test has.
    if (backend === "wasm") for (const kernel of ["Dilation2D", "Dilation2DBackpropInput"]) covered.add(kernel);
    const open = [...kernels].filter((kernel) => tf.getGradient(kernel) !== undefined && present(kernel));
    assert.ok(open.length > 95, `${open.length} kernels`);
    assert.deepEqual(
      open.filter((kernel) => !covered.has(kernel)),
      [],
    );
  });

  for (const { kernel, f, x: create, not = [] } of refusedOps) {
    if (not.includes(backend)) continue;
    test(`${backend}: ${kernel} on the path is refused by name`, async () => {
      await useBackend(backend);
      installGradientRepairs();
      const path = kernelsOn(f, create);
      assert.ok(path.has(kernel), `the function goes through ${kernel}`);
      const before = tf.memory().numTensors;
      assert.throws(
        () =>
          tf.tidy(() =>
            tf.grad((x) => {
              const start = tapeLength();
              markMovable([x]);
              const y = tf.sum(tf.cast(f(x), "float32"));
              guardTape(start, (entry) => `the ${entry.kernelName} of the model`);
              return y;
            })(create()),
          ),
        (error) =>
          error instanceof PathlightError &&
          error.code === "model-not-differentiable" &&
          error.details.whatToDo !== undefined &&
          path.has(/the node the (\w+) of the model/.exec(error.message)?.[1] ?? ""),
      );
      assert.equal(tf.memory().numTensors, before);
    });
  }
}

test("every kernel is differentiated, refused, or cannot stand on a path", () => {
  const known = new Set([...refusedOps.map(({ kernel }) => kernel), ...backward, ...fused, ...noNumbers, ...notCalled]);
  const registered = [...kernels].filter((kernel) => backends.some((name) => tf.getKernel(kernel, name)));
  assert.deepEqual(
    registered.filter((kernel) => tf.getGradient(kernel) === undefined && !known.has(kernel)),
    [],
  );
  // What is on a list must be there, and without a gradient, or the list is out of date.
  for (const kernel of [...backward, ...fused, ...noNumbers]) {
    assert.ok(kernels.has(kernel), kernel);
    assert.equal(tf.getGradient(kernel), undefined, kernel);
  }
  for (const kernel of ["BroadcastTo", "LogSoftmax"]) {
    assert.ok(backends.every((name) => tf.getKernel(kernel, name) === undefined));
  }
});

test("Dilation2D on WebAssembly is refused, since its values are wrong there", async () => {
  await useBackend("wasm");
  installGradientRepairs();
  assert.throws(
    () => tf.dilation2d(tf.ones<tf.Rank.R4>([1, 4, 4, 1]), tf.ones<tf.Rank.R3>([2, 2, 1]), 1, "same"),
    (error) => error instanceof PathlightError && /Dilation2D on WebAssembly/.test(error.message),
  );
});
