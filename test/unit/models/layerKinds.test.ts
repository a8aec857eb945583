// Every layer class that tfjs can load is computed and differentiated, or refused by name: a new one cannot be forgotten.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { PathlightError } from "../../../src/common/errors.ts";
import type { DifferentiableModel } from "../../../src/engine/port.ts";
import { loadModel } from "../../../src/models/loadModel.ts";
import { usableBackends, useBackend } from "./backends.ts";
import { assertGradient, spacedValues } from "./finiteDifferences.ts";
import { chain, layers, symbol } from "./layerCase.ts";
import { layerCases } from "./layerCases.ts";
import { saveLayers } from "./savedLayers.ts";

const backends = await usableBackends();

/** What the tests of this file have, since tfjs's own prediction fails or there is no gradient. */
const here: ReadonlySet<string> = new Set([
  ...["Resizing", "CenterCrop", "CategoryEncoding", "RandomWidth", "Embedding", "Functional"],
]);

function classNames(value: unknown, found = new Set<string>()): Set<string> {
  if (typeof value !== "object" || value === null) return found;
  for (const [key, inner] of Object.entries(value)) {
    if ((key === "class_name" || key === "className") && typeof inner === "string") found.add(inner);
    else classNames(inner, found);
  }
  return found;
}

test("every layer class of tfjs has a test", async () => {
  await useBackend("cpu");
  const tested = new Set(here);
  for (const { model: build } of layerCases) {
    const model = build();
    for (const name of classNames(model.toJSON(null, false))) tested.add(name);
    tested.add(model.getClassName());
    model.dispose();
  }
  // The step that ConvLSTM2D is made of.
  tested.add("ConvLSTM2DCell");
  const { classNameMap } = tf.serialization.SerializationMap.getMap();
  const known = Object.entries(classNameMap).flatMap(([name, [layer]]) =>
    layer.prototype instanceof tfl.layers.Layer ? [name] : [],
  );
  assert.ok(known.length >= 65, `${known.length} classes`);
  assert.deepEqual(
    known.filter((name) => !tested.has(name)),
    [],
  );
});

function run(model: DifferentiableModel, x: tf.Tensor): tf.Tensor {
  const [from] = model.inputs;
  const [to] = model.outputs;
  assert.ok(from !== undefined && to !== undefined);
  const [value] = model.evaluate(new Map([[from.id, x]]), [to.id]);
  assert.ok(value !== undefined);
  return value;
}

function assertClose(actual: tf.Tensor, expected: tf.Tensor): void {
  assert.deepEqual(actual.shape, expected.shape);
  const off = Math.max(...tf.sub(actual, expected).dataSync().map(Math.abs));
  assert.ok(off <= 1e-5 * Math.max(...expected.dataSync().map(Math.abs)), `off by ${off}`);
}

interface Known {
  readonly name: string;
  readonly shape: number[];
  readonly layer: () => tfl.layers.Layer;
  readonly truth: (x: tf.Tensor) => tf.Tensor;
}

const picture = (x: tf.Tensor) => tf.reshape<tf.Rank.R4>(x, [2, 8, 7, 2]);

const knownLayers: readonly Known[] = [
  {
    name: "Resizing",
    shape: [8, 7, 2],
    layer: () => layers.resizing({ height: 5, width: 9 }),
    truth: (x) => tf.image.resizeBilinear(picture(x), [5, 9], true),
  },
  {
    name: "Resizing, nearest",
    shape: [8, 7, 2],
    layer: () => layers.resizing({ height: 5, width: 9, interpolation: "nearest" }),
    truth: (x) => tf.image.resizeNearestNeighbor(picture(x), [5, 9], true),
  },
  {
    name: "CenterCrop",
    shape: [8, 7, 2],
    layer: () => layers.centerCrop({ height: 4, width: 4 }),
    truth: (x) => tf.slice(x, [0, 2, 1, 0], [2, 4, 4, 2]),
  },
  {
    name: "CenterCrop to a column less",
    shape: [8, 7, 2],
    layer: () => layers.centerCrop({ height: 8, width: 6 }),
    truth: (x) => tf.slice(x, [0, 0, 0, 0], [2, 8, 6, 2]),
  },
  {
    name: "Softmax on an inner axis",
    shape: [5, 3],
    layer: () => layers.softmax({ axis: 1 }),
    truth: (x) => tf.div(tf.exp(x), tf.sum(tf.exp(x), 1, true)),
  },
];

for (const backend of backends) {
  for (const { name, shape, layer, truth } of knownLayers) {
    test(`${backend}: ${name}: the layer's own values, and a gradient that differences confirm`, async () => {
      await useBackend(backend);
      const { model } = await loadModel(await saveLayers(chain(shape, () => [layer()])()));
      assert.deepEqual(model.inputs[0]?.shape, [null, ...shape]);
      const x = spacedValues([2, ...shape], 3, 0.02);
      tf.tidy(() => assertClose(run(model, x), truth(x)));
      assertGradient((each) => run(model, each), x, { step: 3e-3 });
      x.dispose();
      model.dispose();
    });
  }

  for (const kind of ["simpleRNN", "gru", "lstm"] as const) {
    for (const both of [false, true]) {
      test(`${backend}: ${both ? "Bidirectional " : ""}${kind} behind an Embedding that masks zeros`, async () => {
        await useBackend("cpu");
        const input = tfl.input({ shape: [6], name: "ids" });
        const embedding = layers.embedding({ inputDim: 9, outputDim: 4, maskZero: true, name: "embedding" });
        const recurrent = layers[kind]({ units: 3, returnSequences: true });
        const layer = both ? layers.bidirectional({ layer: recurrent, mergeMode: "sum" }) : recurrent;
        const last = layers[kind]({ units: 2, name: "last" });
        const output = symbol(last.apply(symbol(layer.apply(symbol(embedding.apply(input))))));
        const original = tfl.model({ inputs: input, outputs: output });
        const folder = await saveLayers(original);
        const list = [1, 5, 2, 8, 0, 0, 3, 0, 4, 7, 1, 6];
        const expected = original.predict(tf.tensor2d(list, [2, 6]));
        assert.ok(expected instanceof tf.Tensor);
        const truth = expected.dataSync();
        await useBackend(backend);
        const { model } = await loadModel(folder);
        assert.deepEqual(
          model.embeddings.map(({ node }) => node),
          ["embedding"],
        );
        const ids = tf.tensor2d(list, [2, 6], "int32");
        tf.tidy(() => assertClose(run(model, ids), tf.tensor(truth, [2, 2])));
        const [embedded] = model.evaluate(new Map([["ids", ids]]), ["embedding"]);
        assert.ok(embedded !== undefined);
        // The ids say which steps are masked while the path runs in the embedding.
        const f = (x: tf.Tensor) => {
          const feeds = new Map([
            ["ids", ids],
            ["embedding", x],
          ]);
          const [value] = model.evaluate(feeds, ["last"]);
          assert.ok(value !== undefined);
          return value;
        };
        assertGradient(f, embedded, { step: 3e-3 });
        tf.dispose([ids, embedded]);
        model.dispose();
      });
    }
  }
}

test("CategoryEncoding is computed, and refused by name where a gradient would pass it", async () => {
  await useBackend("cpu");
  for (const outputMode of ["oneHot", "multiHot", "count"] as const) {
    const build = chain([outputMode === "oneHot" ? 1 : 3], () => [
      layers.categoryEncoding({ numTokens: 4, outputMode }),
      layers.dense({ units: 2 }),
    ]);
    const original = build();
    const folder = await saveLayers(original);
    const { model } = await loadModel(folder);
    const x =
      outputMode === "oneHot"
        ? tf.tensor2d([[2], [0]])
        : tf.tensor2d([
            [2, 0, 2],
            [1, 3, 0],
          ]);
    const rows =
      outputMode === "oneHot"
        ? [
            [0, 0, 1, 0],
            [1, 0, 0, 0],
          ]
        : outputMode === "multiHot"
          ? [
              [1, 0, 1, 0],
              [1, 1, 0, 1],
            ]
          : [
              [1, 0, 2, 0],
              [1, 1, 0, 1],
            ];
    const [kernel, bias] = original.getWeights();
    assert.ok(kernel !== undefined && bias !== undefined);
    assertClose(run(model, x), tf.add(tf.matMul(tf.tensor2d(rows), tf.reshape(kernel, [4, 2])), bias));
    assert.throws(
      () => tf.grad((each) => tf.sum(run(model, each)))(x),
      (error) =>
        error instanceof PathlightError &&
        error.code === "model-not-differentiable" &&
        /category_encoding/.test(error.message),
    );
    model.dispose();
  }
});

test("RandomWidth, and a CenterCrop that would enlarge, are refused by name", async () => {
  await useBackend("cpu");
  const random = await saveLayers(chain([6, 5, 2], () => [layers.activation({ activation: "tanh" })])());
  const file = join(random, "model.json");
  const json = JSON.parse(readFileSync(file, "utf8"));
  const layer = json.modelTopology.config.layers[1];
  layer.class_name = "RandomWidth";
  layer.config = { name: "jitter", factor: 0.2 };
  writeFileSync(file, JSON.stringify(json));
  await assert.rejects(
    loadModel(random),
    (error) =>
      error instanceof PathlightError &&
      error.code === "model-unknown-op" &&
      /RandomWidth/.test(error.message) &&
      error.details.found === "RandomWidth at jitter",
  );
  const { model } = await loadModel(
    await saveLayers(chain([6, 5, 2], () => [layers.centerCrop({ height: 7, width: 3 })])()),
  );
  assert.throws(
    () => run(model, tf.zeros([1, 6, 5, 2])),
    (error) =>
      error instanceof PathlightError && error.details.expected === "at least 7 × 3" && error.details.found === "6 × 5",
  );
  model.dispose();
});

test("an unknown layer inside a nested model, a wrapper or an RNN is refused with its place", async () => {
  await useBackend("cpu");
  const inner = () =>
    tfl.sequential({ name: "tower", layers: [layers.dense({ units: 3, inputShape: [4], name: "first" })] });
  const cases: [tfl.LayersModel, string, RegExp][] = [
    [chain([4], () => [inner()])(), "Dense", /at tower\/first/],
    [
      chain([5, 4], () => [
        layers.timeDistributed({ layer: layers.dense({ units: 2, name: "step" }), name: "steps" }),
      ])(),
      "Dense",
      /at steps\/step/,
    ],
    [
      chain([5, 4], () => [layers.rnn({ cell: layers.gruCell({ units: 2, name: "cell" }), name: "loop" })])(),
      "GRUCell",
      /at loop\/cell/,
    ],
  ];
  for (const [model, className, place] of cases) {
    const folder = await saveLayers(model);
    const file = join(folder, "model.json");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace(`"class_name":"${className}"`, '"class_name":"Mystery"'));
    await assert.rejects(
      loadModel(folder),
      (error) => error instanceof PathlightError && place.test(error.details.found ?? ""),
    );
  }
});

test("a stateful layer starts from zeros at every evaluation", async () => {
  await useBackend("cpu");
  for (const kind of ["gru", "lstm", "simpleRNN"] as const) {
    const build = () =>
      tfl.sequential({ layers: [layers[kind]({ units: 3, stateful: true, batchInputShape: [2, 5, 3] })] });
    const original = build();
    const folder = await saveLayers(original);
    const x = spacedValues([2, 5, 3], 4, 0.06);
    const expected = original.predict(x);
    assert.ok(expected instanceof tf.Tensor);
    const { model } = await loadModel(folder);
    for (let time = 0; time < 3; time++) assertClose(run(model, x), expected);
    // Batches of path points have their own size.
    assert.equal(run(model, tf.concat([x, x, x])).shape[0], 6);
    assertGradient((each) => run(model, each), x, { step: 3e-3 });
    model.dispose();
  }
});

test("the class Functional, as newer Keras writes it, is a model like any other", async () => {
  await useBackend("cpu");
  const original = chain([4], () => [layers.dense({ units: 3, activation: "tanh" })])();
  const folder = await saveLayers(original);
  const file = join(folder, "model.json");
  writeFileSync(file, readFileSync(file, "utf8").replace('"class_name":"Model"', '"class_name":"Functional"'));
  const { model } = await loadModel(folder);
  const x = spacedValues([2, 4], 3, 0.2);
  const expected = original.predict(x);
  assert.ok(expected instanceof tf.Tensor);
  assertClose(run(model, x), expected);
  model.dispose();
});
