import assert from "node:assert/strict";
import test from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { PathlightError } from "../../../../src/common/errors.ts";
import type { Audit } from "../../../../src/engine/audit/audit.ts";
import { usableBackends, useBackend } from "../backends.ts";
import { spoils, withWrongKernel, withWrongLayer } from "./planted.ts";
import { type AuditSubject, audit, digits, digitsAsGraph, digitsAsOnnx, mobileNet, questions } from "./subjects.ts";

const backends = await usableBackends();
const fastest = backends[0] ?? "cpu";

/** Loads a model, and checks that auditing leaves no tensor behind and disposing it leaves nothing. */
async function withSubject(
  make: () => Promise<AuditSubject>,
  use: (subject: AuditSubject) => Promise<void>,
): Promise<void> {
  const subject = await make();
  const before = tf.memory().numTensors;
  try {
    await use(subject);
    assert.equal(tf.memory().numTensors, before, "tensors are left behind");
  } finally {
    subject.model.dispose();
  }
}

function names({ culprits }: Audit): string[] {
  return culprits.map(({ layer, id }) => layer ?? id);
}

function assertClear(found: Audit, where: string): void {
  const wrong = found.nodes.filter(({ agreement }) => agreement === "differs").map(({ id }) => id);
  assert.deepEqual(wrong, [], `${where}: false alarm`);
  assert.equal(found.verdict, "confirmed", where);
  assert.ok((found.within ?? 1) < 0.05, `${where}: only within ${found.within}`);
}

for (const backend of backends) {
  test(`${backend}: the gradients of untouched models are confirmed, for every seed, link and target`, async () => {
    await useBackend(backend);
    for (const make of [
      digits,
      () => digits(7),
      () => digitsAsGraph(false),
      () => digitsAsGraph(true),
      digitsAsOnnx,
      questions,
    ]) {
      await withSubject(make, async (subject) => {
        for (const seed of [1, 2, 3]) {
          for (const link of ["identity", "softmax"] as const) {
            const found = await audit(subject, seed, link, { seed });
            assertClear(found, `${backend}, seed ${seed}, ${link}`);
            assert.ok(found.nodesKnown && found.nodes.length >= 5 && found.skipped.refused === 0);
          }
        }
      });
    }
  });

  for (const [name, spoil] of Object.entries(spoils)) {
    test(`${backend}: a gradient ${name} in one layer of several is found where it is`, async () => {
      await useBackend(backend);
      for (const layer of ["conv2", "relu2", "pool1", "fc"]) {
        await withSubject(digits, async (subject) => {
          const found = await withWrongLayer(layer, spoil, () => audit(subject, 3));
          assert.equal(found.verdict, "wrong", layer);
          assert.deepEqual(names(found), [layer]);
          const [culprit] = found.culprits;
          assert.ok(culprit !== undefined && culprit.error > 4 * culprit.floor && culprit.error > 0.03, layer);
          // Behind it everything is right, before it nothing is.
          assert.equal(culprit.below?.agreement, "agrees", layer);
          assert.equal(culprit.above?.agreement, "differs", layer);
          assert.equal(culprit.profile.length, found.path.length, layer);
        });
      }
    });
  }
}

test("the size of an error is told: 1.1 times is 10 % too large wherever on the path", async () => {
  await useBackend(fastest);
  await withSubject(digits, async (subject) => {
    const found = await withWrongLayer("conv2", spoils["scaled by 1.1"], () => audit(subject, 3));
    const [culprit] = found.culprits;
    assert.ok(culprit !== undefined);
    for (const { gradient, difference } of culprit.profile) {
      assert.ok(Math.abs(gradient / difference - 1.1) < 0.005, `${gradient} for ${difference}`);
    }
    const far = found.path.filter(({ agreement }) => agreement === "differs");
    assert.ok(far.length >= found.path.length / 2, "the path shows it too");
  });
});

test("two wrong operations are both named, the one nearest to the score first", async () => {
  await useBackend(fastest);
  await withSubject(digits, async (subject) => {
    const found = await withWrongLayer("conv2", spoils.zeroed, () =>
      withWrongLayer("logits", spoils["scaled by 1.1"], () => audit(subject, 3)),
    );
    assert.deepEqual(names(found), ["logits", "conv2"]);
  });
});

test("a layer of the question classifier behind its embedding", async () => {
  await useBackend(fastest);
  for (const [layer, spoil] of [
    ["phrases", spoils["scaled by 1.1"]],
    ["phrases", spoils["with its last axis turned round"]],
    ["answer-type", spoils["shifted by a constant"]],
  ] as const) {
    await withSubject(questions, async (subject) => {
      const found = await withWrongLayer(layer, spoil, () => audit(subject, 1, "softmax"));
      assert.equal(found.verdict, "wrong");
      assert.deepEqual(names(found), [layer]);
    });
  }
});

test("a graph model: the gradient of a kernel, wrong for one of its nodes and for all", async () => {
  await useBackend(fastest);
  await withSubject(
    () => digitsAsGraph(false),
    async (subject) => {
      const shape = subject.model.nodes.find(({ id }) => id === "relu2")?.shape.slice(1);
      assert.ok(shape !== undefined);
      const one = await withWrongKernel(tf.Relu, shape.map(Number), spoils["scaled by 1.1"], () => audit(subject, 3));
      assert.deepEqual(
        one.culprits.map(({ id, op }) => [id, op]),
        [["relu2", "Relu"]],
      );
      const all = await withWrongKernel(tf.Relu, undefined, spoils.zeroed, () => audit(subject, 3));
      assert.deepEqual(names(all), ["relu3", "relu2", "relu1"]);
      const pooled = await withWrongKernel(tf.MaxPool, undefined, spoils.transposed, () =>
        audit(subject, 3, "softmax"),
      );
      assert.deepEqual(names(pooled), ["pool2", "pool1"]);
      assertClear(await audit(subject, 3), "after the right gradients are back");
    },
  );
});

test("an ONNX model: the gradient of a kernel, wrong for each of its nodes", async () => {
  await useBackend(fastest);
  await withSubject(digitsAsOnnx, async (subject) => {
    const relus = subject.model.nodes.filter(({ op }) => op === "Relu").map(({ id }) => id);
    const found = await withWrongKernel(tf.Relu, undefined, spoils["scaled by 1.1"], () => audit(subject, 3));
    assert.deepEqual(
      found.culprits.map(({ id }) => id),
      relus.toReversed(),
    );
  });
});

test("an error that cancels along the path is found by random directions", async () => {
  await useBackend(fastest);
  await withSubject(digits, async (subject) => {
    const { x } = subject.explained;
    // Zero along x − x′, and as large as the gradient itself: a part across the path.
    const across = x.map((value, i) => (i % 2 === 0 ? 1 : -1) * (value === 0 ? 0 : 1 / value));
    const balance = across.reduce((sum, value, i) => sum + value * (x[i] ?? 0), 0);
    const moving = x.filter((value) => value !== 0).length;
    const level = across.map((value, i) => ((x[i] ?? 0) === 0 ? 0 : value - balance / moving / (x[i] ?? 1)));
    const extra = tf.tensor(
      level.map((value) => 4 * value),
      [1, 8, 8, 1],
    );
    try {
      const found = await withWrongLayer(
        "conv1",
        (dx) => tf.add(dx, extra),
        () => audit(subject, 3),
      );
      assert.ok(
        found.path.every(({ agreement }) => agreement !== "differs"),
        "the path itself does not show it",
      );
      assert.ok(found.directions.filter(({ agreement }) => agreement === "differs").length >= 3);
      assert.equal(found.verdict, "wrong");
      assert.deepEqual(names(found), ["conv1"]);
    } finally {
      extra.dispose();
    }
  });
});

test("where the format does not say what nodes are computed from, the path alone is judged", async () => {
  await useBackend(fastest);
  await withSubject(digits, async ({ model, explained }) => {
    const blind: AuditSubject["model"] = {
      inputs: model.inputs,
      outputs: model.outputs,
      nodes: model.nodes.map(({ inputs: _inputs, ...spec }) => spec),
      heads: model.heads,
      embeddings: model.embeddings,
      parameterCount: model.parameterCount,
      evaluate: (feeds, fetches) => model.evaluate(feeds, fetches),
      firstNonFiniteNode: (feeds) => model.firstNonFiniteNode(feeds),
      dispose: () => undefined,
    };
    const clear = await audit({ model: blind, explained }, 3);
    assert.equal(clear.verdict, "confirmed");
    assert.equal(clear.nodesKnown, false);
    const found = await withWrongLayer("conv2", spoils["scaled by 1.1"], () => audit({ model: blind, explained }, 3));
    assert.equal(found.verdict, "not-located");
  });
});

test("progress goes up to its total; a cancel in the middle leaves no tensor", async () => {
  await useBackend(fastest);
  await withSubject(digits, async (subject) => {
    const steps: number[] = [];
    let total = 0;
    await audit(subject, 3, "identity", {
      onProgress: (progress) => {
        steps.push(progress.done);
        total = progress.total;
      },
    });
    assert.deepEqual(
      steps,
      steps.toSorted((a, b) => a - b),
    );
    assert.equal(steps.at(-1), total);
    for (const after of [1, 9, 20]) {
      const cancel = new AbortController();
      let seen = 0;
      const onProgress = (): void => {
        if (++seen === after) cancel.abort();
      };
      await assert.rejects(
        audit(subject, 3, "identity", { signal: cancel.signal, onProgress }),
        (error) => error instanceof PathlightError && error.code === "cancelled",
      );
    }
  });
});

test("MobileNetV2: one depthwise layer inside a residual block, and no other of 163 operations", async () => {
  await useBackend(backends.find((name) => name === "tensorflow") ?? fastest);
  await withSubject(mobileNet, async (subject) => {
    const layer = "block_9_depthwise";
    const found = await withWrongLayer(layer, spoils["scaled by 1.1"], () => audit(subject, 1));
    assert.equal(found.verdict, "wrong");
    assert.deepEqual(names(found), [layer]);
    assert.equal(found.nodes.length, 164);
    assert.equal(found.nodes.filter(({ agreement }) => agreement === "agrees").length, 163);
    assert.equal(found.skipped.refused, 0);
  });
});
