import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import "./cpuBackend.ts";
import * as tf from "@tensorflow/tfjs-core";
import { integrate } from "../../../src/engine/integrate.ts";
import { ModelIntegrand } from "../../../src/engine/modelIntegrand.ts";
import { fixedRules } from "../../../src/engine/quadrature/rules.ts";
import { tinyModel } from "./tinyModel.ts";

interface Case {
  readonly name: string;
  readonly f: string;
  readonly x: readonly number[];
  readonly baseline: readonly number[];
  readonly ig: readonly number[];
  readonly gradient?: readonly number[];
  readonly deltaF?: number;
}

const cases: readonly Case[] = JSON.parse(
  readFileSync(new URL("../../fixtures/analytic.json", import.meta.url), "utf8"),
);

/** Columns of a batch of points to the score of each point. */
const functions: Readonly<Record<string, (...columns: tf.Tensor[]) => tf.Tensor>> = {
  "1 - relu(1 - x)": (x) => tf.sub(1, tf.relu(tf.sub(1, x))),
  "relu(relu(x1) - 1 - relu(x2))": (x1, x2) => tf.relu(tf.sub(tf.sub(tf.relu(x1), 1), tf.relu(x2))),
  "relu(relu(x1 - 1) - relu(x2))": (x1, x2) => tf.relu(tf.sub(tf.relu(tf.sub(x1, 1)), tf.relu(x2))),
  "x1 * x2": (x1, x2) => tf.mul(x1, x2),
  "min(x1, x2)": (x1, x2) => tf.minimum(x1, x2),
  "5 x1 + x2^2 + sin(x3)": (x1, x2, x3) => tf.add(tf.add(tf.mul(x1, 5), tf.square(x2)), tf.sin(x3)),
  "x^8": (x) => tf.square(tf.square(tf.square(x))),
  "sin(4 pi x1) + x2": (x1, x2) => tf.add(tf.sin(tf.mul(x1, 4 * Math.PI)), x2),
};

async function integrandOf({ f, x, baseline }: Case): Promise<ModelIntegrand> {
  const columns = functions[f];
  assert.ok(columns, `No function for ${f}`);
  const model = tinyModel([x.length], (points) =>
    columns(...x.map((_, k) => tf.reshape(tf.slice(points, [0, k], [-1, 1]), [-1]))),
  );
  const explained = [{ node: "x", x: tf.tensor([[...x]]), baseline: tf.tensor([[...baseline]]) }];
  return ModelIntegrand.create({ model, explained, target: { fetch: "y", index: [], link: "identity" } });
}

function assertClose(actual: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  for (const [i, value] of expected.entries()) {
    const found = actual[i] as number;
    const allowed = tolerance * Math.max(1, Math.abs(value));
    assert.ok(Math.abs(found - value) <= allowed, `feature ${i}: ${found}, expected ${value} ± ${allowed}`);
  }
}

for (const example of cases) {
  test(`${example.name}: the adaptive rule gives the known attribution to 1e-3`, async () => {
    const result = await integrate(await integrandOf(example), { rule: "adaptive", tolerance: 1e-3 });
    assertClose(result.attributions, example.ig, 1e-3);
    assert.equal(result.status, "converged");
    const deltaF = example.deltaF ?? example.ig.reduce((sum, value) => sum + value, 0);
    assertClose([result.deltaF], [deltaF], 1e-5);
    if (deltaF === 0) assert.equal(result.completenessError.relative, null);
    if (example.gradient) {
      const scaled = example.gradient.map((slope, i) => slope * ((example.x[i] ?? 0) - (example.baseline[i] ?? 0)));
      assertClose(result.gradientAtInput, scaled, 1e-5);
    }
  });

  for (const rule of fixedRules) {
    test(`${example.name}: ${rule} comes closer to the known attribution as steps grow`, async () => {
      const integrand = await integrandOf(example);
      const few = await integrate(integrand, { rule, steps: 50, tolerance: 0.01, batchSize: 500 });
      assertClose(few.attributions, example.ig, 0.3);
      const many = await integrate(integrand, { rule, steps: 4000, tolerance: 0.01, batchSize: 500 });
      assertClose(many.attributions, example.ig, 2e-3);
    });
  }
}
