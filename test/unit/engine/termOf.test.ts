import assert from "node:assert/strict";
import test from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { PathlightError } from "../../../src/common/errors.ts";
import type { ScoreFunction, ScoreTerm } from "../../../src/common/scoreTerm.ts";
import { integrate } from "../../../src/engine/integrate.ts";
import { ModelIntegrand } from "../../../src/engine/modelIntegrand.ts";
import type { DifferentiableModel, NodeId } from "../../../src/engine/port.ts";
import { scoreOf } from "../../../src/engine/scoreOf.ts";
import { installGradientRepairs } from "../../../src/models/repairs/installGradientRepairs.ts";
import { usableBackends, useBackend } from "../models/backends.ts";

/** Two towers over one input of four features, and a third output of two rows of three. */
const towers = {
  a: [
    [0.9, -0.4, 0.2],
    [0.3, 0.8, -0.7],
    [-0.5, 0.1, 0.6],
    [0.2, -0.9, 0.4],
  ],
  b: [
    [-0.3, 0.5, 0.8],
    [0.7, 0.2, 0.1],
    [0.4, -0.6, 0.9],
    [-0.8, 0.3, 0.5],
  ],
};

type Vector = readonly number[];
const tanhOf = (weights: readonly Vector[], x: Vector): number[] =>
  [0, 1, 2].map((k) => Math.tanh(x.reduce((sum, each, i) => sum + each * (weights[i]?.[k] ?? 0), 0.1)));
/** The model in float64. */
const truth = {
  a: (x: Vector) => tanhOf(towers.a, x),
  b: (x: Vector) => tanhOf(towers.b, x),
  rows: (x: Vector) => [tanhOf(towers.a, x).map((each) => each ** 2 + 1), tanhOf(towers.b, x).map((each) => each * 3)],
};

function twoTowers(): DifferentiableModel {
  const spec = (id: NodeId, shape: readonly number[], inputs: NodeId[] = []) =>
    ({ id, op: "Function", shape: [null, ...shape], dtype: "float32", inputs }) as const;
  const nodes = [spec("x", [4]), spec("a", [3], ["x"]), spec("b", [3], ["x"]), spec("rows", [2, 3], ["a", "b"])];
  return {
    inputs: nodes.slice(0, 1),
    outputs: nodes.slice(1),
    nodes,
    heads: nodes.slice(1).map(({ id }) => ({ output: id, activation: "none", logit: id })),
    embeddings: [],
    parameterCount: 24,
    evaluate: (feeds, fetches) => {
      const x = feeds.get("x") as tf.Tensor2D;
      const tower = (name: "a" | "b") => tf.tanh(tf.add(tf.matMul(x, tf.tensor2d(towers[name])), 0.1));
      const node = (id: NodeId): tf.Tensor => {
        if (id === "rows") return tf.stack([tf.add(tf.square(tower("a")), 1), tf.mul(tower("b"), 3)], 1);
        return feeds.get(id) ?? tower(id === "a" ? "a" : "b");
      };
      return fetches.map(node);
    },
    firstNonFiniteNode: async () => null,
    dispose: () => undefined,
  };
}

const node = (id: string): ScoreTerm => ({ kind: "node", node: id });
const at = (of: ScoreTerm, ...index: number[]): ScoreTerm => ({ kind: "at", of, index });
const call = (name: ScoreFunction, ...args: ScoreTerm[]): ScoreTerm => ({ kind: "call", call: name, args });
const number = (value: number): ScoreTerm => ({ kind: "number", value });
const binary = (left: ScoreTerm, operator: "+" | "-" | "*" | "/", right: ScoreTerm): ScoreTerm => ({
  kind: "binary",
  operator,
  left,
  right,
});

const dot = (a: Vector, b: Vector): number => a.reduce((sum, each, i) => sum + each * (b[i] ?? 0), 0);
const norm = (a: Vector): number => Math.sqrt(dot(a, a));
const softmax = (a: Vector): number[] => {
  const total = a.reduce((sum, each) => sum + Math.exp(each), 0);
  return a.map((each) => Math.exp(each) / total);
};
const [first, second] = [(rows: Vector[]) => rows[0] ?? [], (rows: Vector[]) => rows[1] ?? []];

/** Each expression beside the same in float64. */
const cases: readonly (readonly [string, ScoreTerm, (x: Vector) => number])[] = [
  ["difference", binary(at(node("a"), 2), "-", at(node("a"), 0)), (x) => (truth.a(x)[2] ?? 0) - (truth.a(x)[0] ?? 0)],
  ["dot", call("dot", node("a"), node("b")), (x) => dot(truth.a(x), truth.b(x))],
  [
    "cosine",
    call("cosine", node("a"), node("b")),
    (x) => dot(truth.a(x), truth.b(x)) / norm(truth.a(x)) / norm(truth.b(x)),
  ],
  ["cosine of one with itself", call("cosine", node("a"), node("a")), () => 1],
  ["norm", call("norm", node("b")), (x) => norm(truth.b(x))],
  ["softmax", at(call("softmax", node("a")), 1), (x) => softmax(truth.a(x))[1] ?? 0],
  ["log softmax", at(call("log_softmax", node("a")), 1), (x) => Math.log(softmax(truth.a(x))[1] ?? 0)],
  ["sigmoid", call("sigmoid", at(node("a"), 0)), (x) => 1 / (1 + Math.exp(-(truth.a(x)[0] ?? 0)))],
  [
    "log, exp, sqrt, abs",
    call("log", binary(call("exp", at(node("a"), 0)), "+", call("sqrt", call("abs", at(node("rows"), 0, 2))))),
    (x) => Math.log(Math.exp(truth.a(x)[0] ?? 0) + Math.sqrt(Math.abs(first(truth.rows(x))[2] ?? 0))),
  ],
  [
    "mean of rows",
    call("dot", call("mean", node("rows")), node("b")),
    (x) =>
      dot(
        [0, 1, 2].map((k) => ((first(truth.rows(x))[k] ?? 0) + (second(truth.rows(x))[k] ?? 0)) / 2),
        truth.b(x),
      ),
  ],
  [
    "weighted rows",
    call("norm", { kind: "weighted", of: node("rows"), weights: [0.25, 0.75] }),
    (x) => norm([0, 1, 2].map((k) => 0.25 * (first(truth.rows(x))[k] ?? 0) + 0.75 * (second(truth.rows(x))[k] ?? 0))),
  ],
  ["a row", call("sum", at(node("rows"), 1)), (x) => second(truth.rows(x)).reduce((sum, each) => sum + each, 0)],
  [
    "numbers before and behind",
    binary(number(3), "-", binary(call("negate", at(node("a"), 1)), "/", number(4))),
    (x) => 3 + (truth.a(x)[1] ?? 0) / 4,
  ],
  [
    "a number of the model times a vector",
    call("sum", binary(binary(node("a"), "*", at(node("b"), 0)), "+", node("b"))),
    (x) => truth.a(x).reduce((sum, each, k) => sum + each * (truth.b(x)[0] ?? 0) + (truth.b(x)[k] ?? 0), 0),
  ],
  [
    "rows times a number of the model",
    at(binary(at(node("b"), 1), "*", node("rows")), 1, 0),
    (x) => (truth.b(x)[1] ?? 0) * (second(truth.rows(x))[0] ?? 0),
  ],
];

const x = [0.8, -0.5, 0.3, 1.1];
const baseline = [0.1, 0.2, -0.1, 0.05];
const pointAt = (alpha: number): number[] =>
  x.map((each, i) => (baseline[i] ?? 0) + alpha * (each - (baseline[i] ?? 0)));

async function withIntegrand<T>(
  term: ScoreTerm,
  run: (integrand: ModelIntegrand) => Promise<T>,
  model = twoTowers(),
  start: Vector = baseline,
): Promise<T> {
  const before = tf.memory().numTensors;
  const [input, from] = [tf.tensor2d([x]), tf.tensor2d([[...start]])];
  try {
    const explained = [{ node: "x", x: input, baseline: from }];
    return await run(await ModelIntegrand.create({ model, explained, target: { term } }));
  } finally {
    tf.dispose([input, from]);
    assert.equal(tf.memory().numTensors, before, "tensors are left behind");
  }
}

for (const backend of await usableBackends()) {
  test(`${backend}: expressions and their gradients agree with float64, in batches`, async () => {
    await useBackend(backend);
    installGradientRepairs();
    for (const [name, term, expected] of cases) {
      const alphas = [0, 0.3, 0.75, 1];
      const { f, gradients } = await withIntegrand(term, (integrand) => integrand.gradients(alphas));
      for (const [row, alpha] of alphas.entries()) {
        const point = pointAt(alpha);
        const value = expected(point);
        assert.ok(
          Math.abs((f[row] ?? Number.NaN) - value) <= 3e-6 * (1 + Math.abs(value)),
          `${name}: ${f[row]}, ${value}`,
        );
        for (const i of point.keys()) {
          const moved = (by: number): number => expected(point.map((each, k) => (k === i ? each + by : each)));
          const slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
          const found = gradients[row]?.[i] ?? Number.NaN;
          assert.ok(Math.abs(found - slope) <= 1e-5 * (1 + Math.abs(slope)), `${name} at ${alpha}: ${found}, ${slope}`);
        }
      }
    }
  });

  test(`${backend}: attributions of an expression are complete, and linear where it is`, async () => {
    await useBackend(backend);
    const attributions = async (term: ScoreTerm): Promise<Float64Array> => {
      const found = await withIntegrand(term, (integrand) =>
        integrate(integrand, { rule: "adaptive", tolerance: 1e-4 }),
      );
      const expected = cases.find(([, each]) => each === term)?.[2];
      if (expected !== undefined) {
        const deltaF = expected(x) - expected(baseline);
        assert.ok(Math.abs(found.sum - deltaF) <= 2e-4 * Math.abs(deltaF) + 1e-6, `${found.sum} for ${deltaF}`);
      }
      return found.attributions;
    };
    for (const [name, term] of cases) if (name !== "cosine of one with itself") await attributions(term);
    const [a0, a2, b1] = [at(node("a"), 0), at(node("a"), 2), at(node("b"), 1)];
    const parts = [await attributions(a0), await attributions(a2), await attributions(b1)];
    const whole = await attributions(
      binary(binary(a2, "-", binary(number(2), "*", a0)), "+", binary(b1, "/", number(5))),
    );
    for (const i of x.keys()) {
      const expected = (parts[1]?.[i] ?? 0) - 2 * (parts[0]?.[i] ?? 0) + (parts[2]?.[i] ?? 0) / 5;
      assert.ok(Math.abs((whole[i] ?? Number.NaN) - expected) <= 1e-4, `${whole[i]}, ${expected}`);
    }
  });
}

test("an expression without a value says which part of it, and where", async () => {
  const model = twoTowers();
  // tanh of zero is zero: at a baseline of zeros the tower without a bias puts out nothing.
  const bare: DifferentiableModel = {
    ...model,
    evaluate: (feeds, fetches) =>
      fetches.map(() => tf.tanh(tf.matMul(feeds.get("x") as tf.Tensor2D, tf.tensor2d(towers.a)))),
  };
  const zeros = [0, 0, 0, 0];
  const reject = (term: ScoreTerm, message: RegExp) =>
    assert.rejects(
      withIntegrand(term, (integrand) => integrate(integrand, { rule: "adaptive", tolerance: 0.01 }), bare, zeros),
      (error) => error instanceof PathlightError && error.code === "not-finite" && message.test(error.message),
    );
  await reject(call("cosine", node("a"), node("b")), /at the baseline: the first vector of the cosine is zero/);
  await reject(binary(number(1), "/", at(node("a"), 0)), /at the baseline: it divides by zero/);
  await reject(call("log", at(node("a"), 1)), /logarithm of a number that is not above 0/);
});

test("values of another shape than the expression was made for are refused", () => {
  const model = twoTowers();
  const cases: readonly ScoreTerm[] = [
    at(node("a"), 3),
    at(node("a"), 0, 0),
    node("a"),
    call("dot", node("a"), at(node("rows"), 0, 1)),
    binary(node("a"), "+", node("rows")),
    { kind: "weighted", of: node("rows"), weights: [1, 0, 0] },
  ];
  for (const term of cases) {
    assert.throws(
      () => tf.tidy(() => scoreOf(model, new Map([["x", tf.tensor2d([x])]]), { term })),
      (error) => error instanceof PathlightError && error.code === "target-invalid",
      JSON.stringify(term),
    );
  }
});
