import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import { PathlightError } from "../../../../src/common/errors.ts";
import { loadModel } from "../../../../src/models/loadModel.ts";
import type { ModelOutline } from "../../../../src/models/modelOutline.ts";
import { outlineModel } from "../../../../src/models/outlineModel.ts";
import { useBackend } from "../backends.ts";
import { temporaryFolder } from "../modelFiles.ts";
import { kerasBytes, kerasFile } from "./kerasFixtures.ts";

/** Structure without building: held against the model that is built, and against what Keras was asked to save. */

await useBackend("cpu");

async function outlined(file: string): Promise<ModelOutline> {
  const outline = await outlineModel(file);
  assert.ok(outline);
  return outline;
}

function refused({ nodes }: ModelOutline): [string, string][] {
  return nodes.filter(({ supported }) => !supported).map(({ id, op }) => [id, op]);
}

function found(pattern: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof PathlightError && pattern.test(error.details.found ?? "");
}

function written(name: string, bytes: Uint8Array): string {
  const file = join(temporaryFolder(), name);
  writeFileSync(file, bytes);
  return file;
}

/** An archive with parts of its configuration replaced, each of them there. */
function reworded(name: string, ...changes: readonly (readonly [string, string])[]): string {
  const entries = unzipSync(kerasBytes(name));
  let text = strFromU8(entries["config.json"] ?? new Uint8Array());
  for (const [from, to] of changes) {
    assert.ok(text.includes(from), from);
    text = text.replaceAll(from, to);
  }
  return written(name, zipSync({ ...entries, "config.json": strToU8(text) }));
}

/** A layer's place, without what stands for a part or a further use of it in the built model. */
function placeOf(id: string): string {
  return id.replace(/:(pre|\d+)$/, "").replaceAll(/(@\d+|_call\d+)(?=\/|$)/g, "");
}

for (const name of [
  "image-2.h5",
  "image-3.keras",
  "nested-2.h5",
  "nested-3.h5",
  "nested-3.keras",
  "archive-2.keras",
  "recurrent-3.keras",
  "decoder-2.h5",
  "sequences-3.keras",
  "functions-2.h5",
  "operations-3.keras",
]) {
  test(`${name}: the layers, ends and parameters of the model that is built, and nothing refused`, async () => {
    const file = kerasFile(name);
    const tensors = tf.memory().numTensors;
    const outline = await outlined(file);
    assert.equal(tf.memory().numTensors, tensors);
    const { model, summary, format } = await loadModel(file);
    assert.equal(outline.format, format);
    assert.equal(outline.nodes.length, summary.layerCount);
    // The sum over shared layers stands at the first use of each.
    const parameters = new Map<string, number>();
    for (const node of model.nodes) {
      // An inner model that is used twice has an alias for what it puts out.
      const place = placeOf(node.id);
      if (!outline.nodes.some(({ id }) => id.startsWith(`${place}/`))) {
        parameters.set(place, (parameters.get(place) ?? 0) + (node.parameters ?? 0));
      }
    }
    assert.deepEqual(outline.nodes.map((node) => [node.id, node.parameters ?? 0]).sort(), [...parameters].sort());
    assert.equal(outline.parameterCount, model.parameterCount);
    assert.deepEqual(refused(outline), []);
    const shapes = ({ inputs }: Pick<ModelOutline, "inputs">) => inputs.map(({ id, shape }) => [id, shape]);
    assert.deepEqual(shapes(outline), shapes({ inputs: model.inputs.map((input) => ({ ...input, supported: true })) }));
    assert.deepEqual(
      outline.outputs.map(({ id }) => id),
      model.outputs.map(({ id }) => id),
    );
    model.dispose();
  });
}

for (const name of ["custom-2.h5", "custom-3.h5", "custom-3.keras"]) {
  test(`${name}: all layers that are refused, with where they stand, and what is known of the others`, async () => {
    const file = kerasFile(name);
    await assert.rejects(loadModel(file), found(/Scale at part\/inner_scale/));
    const outline = await outlined(file);
    // A registered name only where Keras writes it as the class.
    const scale = name.endsWith(".h5") ? "fixtures>Scale" : "Scale";
    assert.deepEqual(refused(outline), [
      ["part/inner_scale", scale],
      ["scale", scale],
      ["distributed/each", "Scale"],
      ["twice", "Lambda"],
      ["bent_dense", "Dense"],
    ]);
    const reasons = outline.nodes.flatMap(({ id, reason }) => (reason === undefined ? [] : [[id, reason]]));
    // Pathlight has Dense, and not this function.
    assert.deepEqual(reasons, [["bent_dense", "The activation fixtures>bent is not supported."]]);
    assert.deepEqual(
      outline.nodes.map(({ id, parameters }) => [id, parameters]),
      [
        ["steps", undefined],
        ["part/conv", 3 * 4 * 3 + 3],
        ["part/inner_scale", 3],
        ["scale", 3],
        ["distributed", 3],
        ["distributed/each", undefined],
        ["twice", undefined],
        ["flat", undefined],
        ["bent_dense", 12 * 5 + 5],
        ["out", 5 * 2 + 2],
      ],
    );
    assert.equal(outline.parameterCount, 39 + 3 + 3 + 3 + 65 + 12);
    assert.deepEqual(outline.inputs, [
      { id: "steps", op: "InputLayer", shape: [null, 6, 4], dtype: "float32", supported: true },
    ]);
    assert.deepEqual(
      outline.outputs.map(({ id }) => id),
      ["out"],
    );
    assert.deepEqual(outline.files, [file]);
  });
}

test("a Lambda layer in a file of Keras 2 is outlined, and not run", async () => {
  const outline = await outlined(kerasFile("lambda-2.h5"));
  assert.deepEqual(refused(outline), [["twice", "Lambda"]]);
});

test("options and operations that loading refuses are refused here, each by the layer that has them", async () => {
  const file = reworded(
    "image-3.keras",
    ['"class_name": "MaxPooling2D"', '"class_name": "FancyPooling"'],
    ['"use_bias": true', '"use_bias": true, "sharpness": 3'],
  );
  const outline = await outlined(file);
  await assert.rejects(loadModel(file), found(/sharpness = 3/));
  const ops = refused(outline).map(([, op]) => op);
  assert.ok(ops.includes("FancyPooling"), String(ops));
  const reasons = outline.nodes.map(({ op, reason }) => [op, reason]);
  assert.ok(reasons.some(([op, reason]) => op === "Dense" && reason === "sharpness = 3"));
  assert.ok(reasons.every(([op, reason]) => op !== "FancyPooling" || reason === undefined));
  assert.ok(ops.includes("Conv2D") && ops.includes("Dense"), String(ops));
  assert.ok(outline.nodes.some(({ supported }) => supported));

  const operations = reworded("operations-3.keras", ['"class_name": "Sqrt"', '"class_name": "FancyRoot"']);
  const unknown = refused(await outlined(operations));
  await assert.rejects(loadModel(operations), found(/FancyRoot/));
  assert.deepEqual(new Set(unknown.map(([, op]) => op)), new Set(["FancyRoot"]));
});

test("a layer of its author's that is called like one of Keras is told from it", async () => {
  const file = reworded("image-3.keras", ['"registered_name": null', '"registered_name": "mine>Layer"']);
  await assert.rejects(loadModel(file), PathlightError);
  const { nodes } = await outlined(file);
  const dense = nodes.find(({ op }) => op === "Dense");
  assert.equal(dense?.supported, false);
  assert.match(dense?.reason ?? "", /only its author has/);
});

test("what is damaged gives the error of loading", async () => {
  const archive = kerasBytes("custom-3.keras");
  const { "config.json": config = new Uint8Array(), ...others } = unzipSync(archive);
  const h5 = kerasBytes("custom-2.h5");
  for (const file of [
    written("short.keras", archive.slice(0, archive.length / 2)),
    written("short.h5", h5.slice(0, h5.length / 2)),
    written("without.keras", zipSync(others)),
    written("text.keras", zipSync({ ...others, "config.json": config.slice(0, 100) })),
    written("weights.keras", zipSync({ ...others, "config.json": config, "model.weights.h5": strToU8("none") })),
    reworded("custom-3.keras", ['"class_name": "Flatten"', '"class": "Flatten"']),
    // A subclass of Model has no graph to show.
    reworded("image-3.keras", ['"class_name": "Sequential"', '"class_name": "Mine"']),
  ]) {
    const [loading, outlining] = await Promise.all(
      [loadModel, outlineModel].map((read) =>
        read(file).then(
          () => undefined,
          (error: unknown) => error,
        ),
      ),
    );
    assert.ok(loading instanceof PathlightError && outlining instanceof PathlightError, file);
    assert.deepEqual(
      [outlining.code, outlining.message, outlining.details],
      [loading.code, loading.message, loading.details],
    );
    assert.equal(outlining.details.file, file);
  }
});
