import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { after } from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import { PathlightError } from "../../../src/common/errors.ts";
import { ExplainService } from "../../../src/compute/explainService.ts";
import { type ExplainRequest, explainRequestSchema } from "../../../src/protocol/explain.ts";
import type { Explanation } from "../../../src/protocol/explanation.ts";
import { npyBytes } from "../../../src/samples/index.ts";
import "../engine/cpuBackend.ts";
import { saveLayers } from "../models/savedLayers.ts";

const WIDTH = 5;
const labels = ["human", "entity", "place"];

/** Two inputs, each with a tower of its own; what the left one says is also classified. */
function towersModel(): layers.LayersModel {
  const left = layers.input({ shape: [WIDTH], name: "left" });
  const right = layers.input({ shape: [WIDTH], name: "right" });
  const tower = (name: string, input: layers.SymbolicTensor) =>
    layers.layers.dense({ units: 4, activation: "tanh", name }).apply(input) as layers.SymbolicTensor;
  const [a, b] = [tower("a", left), tower("b", right)];
  const classes = layers.layers.dense({ units: 3, activation: "softmax", name: "classes" }).apply(a);
  return layers.model({ inputs: [left, right], outputs: [classes as layers.SymbolicTensor, a, b] });
}

const model = towersModel();
const folder = await saveLayers(model);
const service = new ExplainService();
after(() => service.dispose());

const samples = { left: [0.9, -0.3, 0.5, 1.2, -0.7], right: [0.2, 0.8, -1.1, 0.4, 0.6] };
const baseline = 0.05;
for (const [name, values] of Object.entries(samples)) {
  writeFileSync(join(folder, `${name}.npy`), npyBytes([WIDTH], Float32Array.from(values)));
}

function request(expression: string, settings: object = {}, entry: object = {}): ExplainRequest {
  return explainRequestSchema.parse({
    model: {
      path: join(folder, "model.json"),
      baseFolder: folder,
      entry: {
        name: "towers",
        path: "model.json",
        inputs: [
          { kind: "tensor", name: "left" },
          { kind: "tensor", name: "right" },
        ],
        labels,
        ...entry,
      },
    },
    samples: ["left", "right"].map((input) => ({
      input,
      sample: { kind: "file", path: join(folder, `${input}.npy`) },
    })),
    settings: {
      backend: "cpu",
      tolerance: 0.001,
      baseline: { kind: "value", value: baseline },
      target: { kind: "expression", expression },
      ...settings,
    },
  });
}

interface Outputs {
  readonly classes: readonly number[];
  readonly a: readonly number[];
  readonly b: readonly number[];
}

/** The model in float64, from its weights. */
function outputsAt(left: readonly number[], right: readonly number[]): Outputs {
  const dense = (name: string, input: readonly number[]): number[] => {
    const [kernel, bias] = model
      .getLayer(name)
      .getWeights()
      .map((weight) => weight.dataSync());
    assert(kernel && bias);
    return Array.from(bias, (start, k) =>
      input.reduce((sum, value, i) => sum + value * (kernel[i * bias.length + k] ?? 0), start),
    );
  };
  const a = dense("a", left).map(Math.tanh);
  const b = dense("b", right).map(Math.tanh);
  return { classes: dense("classes", a), a, b };
}

/** Integrated Gradients of a function of the outputs in float64: 400 midpoints, central differences. */
function integrated(score: (outputs: Outputs) => number): number[] {
  const x = [...samples.left, ...samples.right];
  const at = (point: readonly number[]): number => score(outputsAt(point.slice(0, WIDTH), point.slice(WIDTH)));
  const steps = 400;
  return x.map((value, i) => {
    let sum = 0;
    for (let k = 0; k < steps; k++) {
      const alpha = (k + 0.5) / steps;
      const point = x.map((each) => baseline + alpha * (each - baseline));
      const moved = (by: number): number => at(point.map((each, j) => (j === i ? each + by : each)));
      sum += (moved(1e-5) - moved(-1e-5)) / 2e-5 / steps;
    }
    return (value - baseline) * sum;
  });
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}

function check(explanation: Explanation, score: (outputs: Outputs) => number): void {
  const value = score(outputsAt(samples.left, samples.right));
  const start = score(
    outputsAt(
      samples.left.map(() => baseline),
      samples.right.map(() => baseline),
    ),
  );
  assert.equal(explanation.status, "converged");
  assert.ok(Math.abs(explanation.score.input - value) < 1e-5, `${explanation.score.input}, ${value}`);
  assert.ok(Math.abs(explanation.deltaF - (value - start)) < 1e-5);
  assert.ok((explanation.completenessError.relative ?? 1) <= 0.001);
  const found = explanation.attributions.flatMap(({ values }) => [...values]);
  const expected = integrated(score);
  assert.equal(found.length, expected.length);
  const size = expected.reduce((sum, each) => sum + Math.abs(each), 0);
  for (const [i, each] of expected.entries()) {
    assert.ok(Math.abs((found[i] ?? Number.NaN) - each) <= 0.002 * size, `feature ${i}: ${found[i]}, ${each}`);
  }
}

test("a cosine of two towers is explained over both inputs", async () => {
  const explanation = await service.explain(request("cosine(a, b)", {}, { labels: undefined }));
  check(explanation, ({ a, b }) => dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)));
  assert.deepEqual(explanation.target, {
    index: null,
    label: "cosine(a, b)",
    output: "classes",
    link: "logit",
    expression: "cosine(a, b)",
  });
  assert.deepEqual(explanation.predictions, [], "numbers that nobody named are no classes");
});

test("predicted and runner-up are those at the sample, along the whole path", async () => {
  const ranked = outputsAt(samples.left, samples.right)
    .classes.map((score, index) => ({ score, index }))
    .sort((left, right) => right.score - left.score);
  const [first, second] = ranked.map(({ index }) => index);
  assert(first !== undefined && second !== undefined);
  const explanation = await service.explain(request("predicted - runner_up"));
  check(explanation, ({ classes }) => (classes[first] ?? 0) - (classes[second] ?? 0));
  assert.equal(explanation.target.label, `logit["${labels[first]}"] − logit["${labels[second]}"]`);
  assert.equal(explanation.target.expression, "predicted - runner_up");
  assert.equal(explanation.predictions.length, 3);
  const same = await service.explain(
    request(`logit["${labels[first]}"] - logit["${labels[second]}"]`, { maxEvaluations: 3 }),
  );
  assert.equal(same.evaluations, explanation.evaluations, "the same score is the same run");
});

test("several outputs in one expression, through functions and inner nodes", async () => {
  const explanation = await service.explain(
    request('log(probability["place"]) + 0.5 × dot(a, b) - norm(node("a")) / 3'),
  );
  check(explanation, ({ classes, a, b }) => {
    const total = classes.reduce((sum, logit) => sum + Math.exp(logit), 0);
    return Math.log(Math.exp(classes[2] ?? 0) / total) + 0.5 * dot(a, b) - Math.sqrt(dot(a, a)) / 3;
  });
});

test("other expressions are other runs", async () => {
  const [sum, difference] = [
    await service.explain(request("logit[0] + logit[1]")),
    await service.explain(request("logit[0] - logit[1]")),
  ];
  assert.ok(Math.abs(sum.deltaF - difference.deltaF) > 1e-3);
});

test("an expression is audited", async () => {
  const explanation = await service.explain(request("cosine(a, b)"));
  const { audit } = await service.audit(explanation.runId);
  assert.equal(audit?.verdict, "confirmed");
  assert.ok(
    audit?.nodes.some(({ id, op, agreement }) => id === "(score)" && op === "expression" && agreement === "agrees"),
  );
  assert.deepEqual(
    audit?.nodes
      .map(({ id }) => id)
      .filter((id) => id === "a" || id === "b")
      .sort(),
    ["a", "b"],
  );
});

test("what does not fit the model is refused before anything is computed", async () => {
  const refuse = (expression: string, message: RegExp, code = "target-invalid") =>
    assert.rejects(
      service.explain(request(expression)),
      (error) => error instanceof PathlightError && error.code === code && message.test(error.message),
    );
  await refuse("cosine(a, c)", /no output "c"/);
  await refuse("cosine(a, classes)", /one length/);
  await refuse("a[4]", /no place 4/);
  await refuse('logit["cat"]', /no label "cat"/);
  await refuse("a", /several numbers/);
  await refuse("3 - 1", /constant/);
  await refuse("log(0 - norm(a))", /at the sample: it takes the logarithm/, "not-finite");
  const before = tf.memory().numTensors;
  await refuse("cosine(a, a - a)", /at the sample: the second vector of the cosine is zero/, "not-finite");
  assert.equal(tf.memory().numTensors, before);
});
