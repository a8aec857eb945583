import assert from "node:assert/strict";
import test from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { PathlightError } from "../../../src/common/errors.ts";
import { seededRandom } from "../../../src/common/random.ts";
import { Jvp } from "../../../src/engine/jvp.ts";
import type { JvpPoint } from "../../../src/engine/jvpRows.ts";
import { installGradientRepairs } from "../../../src/models/repairs/installGradientRepairs.ts";
import { usableBackends, useBackend } from "../models/backends.ts";

const weights = [
  [0.9, -0.4, 0.2],
  [0.3, 0.8, -0.7],
  [-0.5, 0.1, 0.6],
  [0.2, -0.9, 0.4],
];
const x = [0.8, -0.5, 0.3, 1.1];
const scale = [1.5, -0.7];
const directions = [
  [1, 0, 0, 0],
  [0, 0.5, -2, 0],
  [0.3, 0.3, 0.3, 0.3],
];

/** tanh(x W) of four numbers, times the sum of two others, of which one is held. */
function output(feeds: ReadonlyMap<string, tf.Tensor>): tf.Tensor {
  const hidden = tf.tanh(tf.matMul(feeds.get("x") as tf.Tensor2D, tf.tensor2d(weights)));
  return tf.mul(tf.softmax(hidden), tf.sum(feeds.get("scale") as tf.Tensor, 1, true));
}

const softmax = (values: readonly number[]): number[] => {
  const total = values.reduce((sum, value) => sum + Math.exp(value), 0);
  return values.map((value) => Math.exp(value) / total);
};
/** The same in float64. */
function truth(point: readonly number[]): number[] {
  const hidden = [0, 1, 2].map((k) =>
    Math.tanh(point.reduce((sum, each, i) => sum + each * (weights[i]?.[k] ?? 0), 0)),
  );
  return softmax(hidden).map((each) => each * (scale[0] ?? 0) + each * (scale[1] ?? 0));
}

const point: JvpPoint[] = [{ node: "x", shape: [4], value: Float32Array.from(x) }];
const along = directions.map((direction) => [Float32Array.from(direction)]);

async function withHeld<T>(use: (held: Map<string, tf.Tensor>) => Promise<T>): Promise<T> {
  const before = tf.memory().numTensors;
  const held = new Map<string, tf.Tensor>([["scale", tf.tensor2d([scale])]]);
  try {
    return await use(held);
  } finally {
    tf.dispose([...held.values()]);
    assert.equal(tf.memory().numTensors, before, "tensors are left behind");
  }
}

function checkDerivatives(found: readonly Float32Array[], tolerance: number): void {
  for (const [row, direction] of directions.entries()) {
    const moved = (by: number) => truth(x.map((each, i) => each + by * (direction[i] ?? 0)));
    const [up, down] = [moved(1e-5), moved(-1e-5)];
    for (const k of up.keys()) {
      const expected = ((up[k] ?? 0) - (down[k] ?? 0)) / 2e-5;
      const got = found[row]?.[k] ?? Number.NaN;
      assert.ok(
        Math.abs(got - expected) <= tolerance * (0.05 + Math.abs(expected)),
        `${row}, ${k}: ${got}, ${expected}`,
      );
    }
  }
}

for (const backend of await usableBackends()) {
  test(`${backend}: derivatives along directions are exact where every kernel allows it`, async () => {
    await useBackend(backend);
    installGradientRepairs();
    await withHeld(async (heldFeeds) => {
      const jvp = await Jvp.create({ output, heldFeeds }, point, along[0] ?? []);
      assert.deepEqual(jvp.method, { kind: "double-vjp" });
      assert.equal(jvp.width, 3);
      // More directions than a batch has rows.
      const many = Array.from({ length: 40 }, (_, k) => along[k % 3] ?? []);
      const { value, derivatives, error } = await jvp.at(point, many);
      assert.equal(derivatives.length, 40);
      assert.equal(error, 0);
      checkDerivatives(derivatives.slice(36, 39), 1e-4);
      for (const [k, each] of truth(x).entries()) assert.ok(Math.abs((value[k] ?? 0) - each) < 1e-5);
      assert.equal(await jvp.disagreement(point, along[1] ?? [], derivatives[1] ?? []), null);
    });
  });

  test(`${backend}: central differences stand in where a kernel has no transpose, and say why`, async () => {
    await useBackend(backend);
    const bent = (feeds: ReadonlyMap<string, tf.Tensor>) =>
      tf.sub(output(feeds), tf.mul(0, tf.cumprod(output(feeds), 1)));
    await withHeld(async (heldFeeds) => {
      const jvp = await Jvp.create({ output: bent, heldFeeds }, point, along[0] ?? []);
      assert.equal(jvp.method.kind, "central-differences");
      assert.match(jvp.method.kind === "central-differences" ? jvp.method.reason : "", /Cumprod/);
      const { derivatives, error } = await jvp.at(point, along);
      checkDerivatives(derivatives, 2e-3);
      const size = derivatives.flatMap((each) => [...each]).reduce((sum, each) => sum + Math.abs(each), 0);
      assert.ok(error > 0 && error < 5e-3 * size, `${error} of ${size}`);
    });
  });

  test(`${backend}: a backward pass that lies is found by the difference`, async () => {
    await useBackend(backend);
    const lying = tf.customGrad((value) => {
      const each = value as tf.Tensor;
      return { value: tf.square(each), gradFunc: (dy: tf.Tensor) => tf.mul(dy, 3) };
    });
    await withHeld(async (heldFeeds) => {
      const jvp = await Jvp.create({ output: (feeds) => lying(output(feeds)), heldFeeds }, point, along[0] ?? []);
      assert.equal(jvp.method.kind, "double-vjp");
      const [derivative = []] = (await jvp.at(point, along)).derivatives;
      assert.ok(((await jvp.disagreement(point, along[0] ?? [], derivative)) ?? 0) > 0.5);
    });
  });
}

/** The same values, without a gradient. */
function withoutGradient(value: tf.Tensor): tf.Tensor {
  return tf.customGrad((each) => ({
    value: tf.clone(each as tf.Tensor),
    gradFunc: () => {
      throw new Error("no gradient");
    },
  }))(value);
}

test("the stated error of the differences covers what they are off by, kinks within the step or not", async () => {
  await useBackend("cpu");
  installGradientRepairs();
  const width = 16;
  const activations = [tf.relu, tf.elu, tf.selu, tf.abs, tf.relu6, tf.tanh, tf.sigmoid, tf.square];
  for (const [kind, activation] of activations.entries()) {
    for (const depth of [1, 3]) {
      for (const scale of [0.3, 2]) {
        const matrices = Array.from({ length: depth }, (_, k) =>
          tf.randomNormal([width, width], 0, 0.25, "float32", 10 * kind + k + 1),
        );
        const net = (feeds: ReadonlyMap<string, tf.Tensor>) =>
          matrices.reduce((each, matrix) => activation(tf.matMul(each, matrix)), feeds.get("x") as tf.Tensor);
        const random = seededRandom(17 * kind + depth);
        const value = Float32Array.from({ length: width }, () => 2 * random() - 1);
        const at = [{ node: "x", shape: [width], value }];
        const vs = Array.from({ length: 8 }, () => [value.map(() => scale * (2 * random() - 1))]);
        const heldFeeds = new Map<string, tf.Tensor>();
        const exact = await Jvp.create({ output: net, heldFeeds }, at, vs[0] ?? []);
        const rough = await Jvp.create({ output: (feeds) => withoutGradient(net(feeds)), heldFeeds }, at, vs[0] ?? []);
        assert.equal(exact.method.kind, "double-vjp");
        assert.equal(rough.method.kind, "central-differences");
        const [truth, found] = [await exact.at(at, vs), await rough.at(at, vs)];
        let off = 0;
        for (const [row, each] of truth.derivatives.entries()) {
          for (const [k, slope] of each.entries()) off += Math.abs(slope - (found.derivatives[row]?.[k] ?? Number.NaN));
        }
        assert.ok(off <= found.error, `${kind}, ${depth} layers, ${scale}: off by ${off}, stated ${found.error}`);
        tf.dispose(matrices);
      }
    }
  }
});

test("a kink at the point itself, where both steps agree, is in the stated error", async () => {
  await useBackend("cpu");
  const at = [{ node: "x", shape: [1], value: Float32Array.of(0) }];
  const output = (feeds: ReadonlyMap<string, tf.Tensor>) => withoutGradient(tf.relu(feeds.get("x") as tf.Tensor));
  const jvp = await Jvp.create({ output, heldFeeds: new Map() }, at, [Float32Array.of(1)]);
  const { derivatives, error } = await jvp.at(at, [[Float32Array.of(1)]]);
  // The slopes to either side are 0 and 1; the difference says one half.
  assert.equal(derivatives[0]?.[0], 0.5);
  assert.equal(error, 0.5);
});

test("kinks on the way of a difference are no disagreement, and hide no wrong derivative", async () => {
  await useBackend("cpu");
  // 300 rectifiers of x_0, which turn on between 2^-9 and 2^-6 beside the point, all with the same sign of slope.
  const count = 300;
  const turns = Float32Array.from({ length: count }, (_, k) => 0.8 + 2 ** -9 + ((2 ** -6 - 2 ** -9) * k) / count);
  const kinked = (feeds: ReadonlyMap<string, tf.Tensor>): tf.Tensor => {
    const first = tf.slice(feeds.get("x") as tf.Tensor2D, [0, 0], [-1, 1]);
    return tf.add(first, tf.sum(tf.relu(tf.sub(first, tf.tensor2d(turns, [1, count]))), 1, true));
  };
  const jvp = await Jvp.create({ output: kinked, heldFeeds: new Map() }, point, along[0] ?? []);
  const [derivative = []] = (await jvp.at(point, along)).derivatives;
  assert.deepEqual([...derivative], [1]);
  assert.equal(await jvp.disagreement(point, along[0] ?? [], derivative), null);
  const wrong = await jvp.disagreement(point, along[0] ?? [], [1.1]);
  assert.ok(wrong !== null && Math.abs(wrong - 0.1) < 0.01, `${wrong}`);
});

test("a deep network of rectifiers agrees with its differences; a derivative that is off by a seventh does not", async () => {
  await useBackend("cpu");
  installGradientRepairs();
  const width = 128;
  for (const seed of [1, 2, 3]) {
    const matrices = Array.from({ length: 8 }, (_, k) =>
      tf.randomNormal([width, width], 0, Math.sqrt(2 / width), "float32", 100 * seed + k),
    );
    const net = (feeds: ReadonlyMap<string, tf.Tensor>) =>
      matrices.reduce((each, matrix) => tf.relu(tf.matMul(each, matrix)), feeds.get("x") as tf.Tensor);
    const random = seededRandom(seed);
    const value = Float32Array.from({ length: width }, () => 2 * random() - 1);
    const at = [{ node: "x", shape: [width], value }];
    const direction = [value.map(() => 6 * (2 * random() - 1))];
    const jvp = await Jvp.create({ output: net, heldFeeds: new Map() }, at, direction);
    const [derivative = []] = (await jvp.at(at, [direction])).derivatives;
    assert.equal(await jvp.disagreement(at, direction, derivative), null);
    for (const factor of [0.86, 1.14]) {
      const wrong = await jvp.disagreement(
        at,
        direction,
        Float32Array.from(derivative, (each) => factor * each),
      );
      assert.ok(wrong !== null && wrong > 0.08, `times ${factor}: ${wrong}`);
    }
    tf.dispose(matrices);
  }
});

test("batches that do not fit are halved; errors and a cancel leave nothing behind", async () => {
  let most = 0;
  const small = (feeds: ReadonlyMap<string, tf.Tensor>): tf.Tensor => {
    const rows = (feeds.get("x") as tf.Tensor).shape[0] ?? 0;
    if (rows > 2) throw new Error("Out of memory: kernel");
    most = Math.max(most, rows);
    return output(feeds);
  };
  await withHeld(async (heldFeeds) => {
    const jvp = await Jvp.create({ output: small, heldFeeds }, point, along[0] ?? []);
    const { derivatives } = await jvp.at(point, [...along, ...along]);
    checkDerivatives(derivatives.slice(3), 1e-4);
    assert.equal(most, 2);
  });
  await withHeld((heldFeeds) =>
    assert.rejects(Jvp.create({ output, heldFeeds, signal: AbortSignal.abort() }, point, along[0] ?? []), {
      code: "cancelled",
    }),
  );
  const stuck = (feeds: ReadonlyMap<string, tf.Tensor>): tf.Tensor => {
    tf.square(feeds.get("x") as tf.Tensor);
    throw new PathlightError("model-unsupported-shape", "no");
  };
  await withHeld((heldFeeds) =>
    assert.rejects(Jvp.create({ output: stuck, heldFeeds }, point, along[0] ?? []), {
      code: "model-unsupported-shape",
    }),
  );
});
