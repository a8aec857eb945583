import assert from "node:assert/strict";
import test from "node:test";
import * as fc from "fast-check";
import { usableBackends } from "../backends.ts";
import { type CheckedCase, checkCases, checkProperty, floats, prepare } from "./support/checkedCases.ts";
import type { TestAttribute, TestTensor } from "./support/onnxBytes.ts";
import { assertClose, computed, type OperatorCase, operatorGraph } from "./support/operatorCase.ts";

type Attributes = Readonly<Record<string, TestAttribute>>;

const gates = { RNN: 1, GRU: 3, LSTM: 4 } as const;
type Kind = keyof typeof gates;

interface Form {
  readonly steps?: number;
  readonly batch?: number;
  readonly inputs?: number;
  readonly hidden?: number;
  readonly bias?: boolean;
  readonly lengths?: readonly number[];
  readonly states?: boolean;
  readonly peepholes?: boolean;
  readonly attributes?: Attributes;
  readonly opset?: number;
}

const int32 = (data: readonly number[]): TestTensor => ({ type: "int32", shape: [data.length], data });

function recurrent(kind: Kind, form: Form = {}): CheckedCase {
  const { steps = 3, batch = 2, inputs = 3, hidden = 2, attributes = {}, lengths, opset = 14 } = form;
  const directions = attributes["direction"] === "bidirectional" ? 2 : 1;
  const rows = gates[kind] * hidden;
  const state = [directions, batch, hidden];
  const all: readonly (TestTensor | null)[] = [
    floats([steps, batch, inputs], 1),
    floats([directions, rows, inputs], 2),
    floats([directions, rows, hidden], 3),
    form.bias === false ? null : floats([directions, 2 * rows], 4),
    lengths === undefined ? null : int32(lengths),
    form.states === true ? floats(state, 5) : null,
    kind === "LSTM" && form.states === true ? floats(state, 6) : null,
    form.peepholes === true ? floats([directions, 3 * hidden], 7) : null,
  ];
  const given = all.slice(0, kind === "LSTM" ? 8 : 6);
  return {
    op: kind,
    opset,
    inputs: given,
    constant: [1, 2, 3, 4, 7].filter((index) => (given[index] ?? null) !== null),
    outputs: Array<"float">(kind === "LSTM" ? 3 : 2).fill("float"),
    attributes: { hidden_size: hidden, ...attributes },
    differences: { step: 1e-2 },
  };
}

const kinds: readonly Kind[] = ["RNN", "GRU", "LSTM"];
const ways = ["forward", "reverse", "bidirectional"];

/** One name for each activation of each direction. */
const named = (kind: Kind, names: readonly string[], more: Attributes = {}): CheckedCase =>
  recurrent(kind, { attributes: { activations: names, ...more } });

const cases: readonly CheckedCase[] = [
  ...kinds.flatMap((kind) => [
    ...ways.map((direction) => recurrent(kind, { attributes: { direction } })),
    recurrent(kind, { bias: false, opset: 7 }),
    { ...recurrent(kind, { states: true }), gradients: kind === "LSTM" ? [0, 5, 6] : [0, 5] },
    ...ways.map((direction) => recurrent(kind, { lengths: [3, 1], states: true, attributes: { direction } })),
    recurrent(kind, { attributes: { clip: 0.4 }, states: true }),
    { ...recurrent(kind), constant: [], gradients: [0, 1, 2, 3] },
  ]),
  recurrent("GRU", { attributes: { linear_before_reset: 1 }, states: true }),
  recurrent("GRU", { attributes: { linear_before_reset: 1, direction: "bidirectional" }, lengths: [2, 3] }),
  recurrent("GRU", { attributes: { linear_before_reset: 1 }, bias: false }),
  recurrent("LSTM", { peepholes: true, states: true }),
  recurrent("LSTM", { peepholes: true, states: true, attributes: { direction: "bidirectional" } }),
  recurrent("LSTM", { attributes: { input_forget: 1 }, states: true }),
  named("RNN", ["Relu"]),
  named("RNN", ["Affine"], { activation_alpha: { float: [0.7] }, activation_beta: { float: [0.1] } }),
  named("RNN", ["LeakyRelu"], { activation_alpha: { float: [0.3] } }),
  named("RNN", ["ScaledTanh"], { activation_alpha: { float: [1.5] }, activation_beta: { float: [0.7] } }),
  named("RNN", ["Elu"], { activation_alpha: { float: [0.8] } }),
  named("RNN", ["Softsign"]),
  named("RNN", ["Softplus"]),
  // With a beta of 0.4 one gate would lie 0.0005 from its kink.
  named("GRU", ["HardSigmoid", "Tanh"], { activation_alpha: { float: [0.25] }, activation_beta: { float: [0.6] } }),
  named("LSTM", ["HardSigmoid", "Tanh", "Softsign"], {
    activation_alpha: { float: [0.25] },
    activation_beta: { float: [0.4] },
  }),
];

const anyRecurrent: fc.Arbitrary<OperatorCase> = fc
  .record({
    kind: fc.constantFrom(...kinds),
    direction: fc.constantFrom(...ways),
    steps: fc.integer({ min: 1, max: 5 }),
    lengths: fc.option(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 3, maxLength: 3 }), { nil: undefined }),
    batch: fc.integer({ min: 1, max: 3 }),
    inputs: fc.integer({ min: 1, max: 4 }),
    hidden: fc.integer({ min: 1, max: 4 }),
    bias: fc.boolean(),
    states: fc.boolean(),
    peepholes: fc.boolean(),
    resetAfter: fc.integer({ min: 0, max: 1 }),
    opset: fc.constantFrom(7, 14, 17),
  })
  .map(({ kind, direction, lengths, resetAfter, peepholes, ...form }) =>
    recurrent(kind, {
      ...form,
      peepholes: peepholes && kind === "LSTM",
      ...(lengths === undefined
        ? {}
        : { lengths: lengths.slice(0, form.batch).map((length) => Math.min(length, form.steps)) }),
      attributes: { direction, ...(kind === "GRU" ? { linear_before_reset: resetAfter } : {}) },
    }),
  );

const backends = await usableBackends();
checkCases(backends, cases);
checkProperty(backends, "RNN, GRU and LSTM", anyRecurrent, 40);

/** Swaps axes a and b. */
function swapped({ shape, data, type }: TestTensor, a: number, b: number): TestTensor {
  const order = shape.map((_, axis) => (axis === a ? b : axis === b ? a : axis));
  const turned = order.map((axis) => shape[axis] ?? 1);
  const steps = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, side) => product * side, 1));
  const moved = data.map((_, i) => {
    let rest = i;
    let from = 0;
    for (let axis = turned.length - 1; axis >= 0; axis--) {
      from += (rest % (turned[axis] ?? 1)) * (steps[order[axis] ?? 0] ?? 1);
      rest = Math.floor(rest / (turned[axis] ?? 1));
    }
    return data[from] ?? 0;
  });
  return { type, shape: turned, data: moved };
}

// onnxruntime does not compute layout 1; it is the same with the batch in front.
for (const kind of kinds) {
  test(`${kind}: layout 1 is layout 0 with the batch first`, async () => {
    await prepare("cpu");
    const plain = recurrent(kind, { states: true, attributes: { direction: "bidirectional" } });
    const feedsOf = (batchFirst: boolean) =>
      Object.fromEntries(
        plain.inputs.flatMap((input, i) => {
          if (input === null || plain.constant?.includes(i)) return [];
          return [[`x${i}`, batchFirst ? swapped(input, 0, 1) : input] as const];
        }),
      );
    const expected = computed(operatorGraph(plain), 14, feedsOf(false));
    const first = { ...plain, attributes: { ...plain.attributes, layout: 1 } };
    const found = computed(operatorGraph(first), 14, feedsOf(true));
    const turned = expected.map(({ shape, data }, k) => {
      const once = swapped({ type: "float", shape, data }, 0, k === 0 ? 2 : 1);
      // Y: [steps, directions, batch, hidden] -> [batch, steps, directions, hidden].
      return k === 0 ? swapped(once, 1, 2) : once;
    });
    assertClose(found, turned, 1e-6);
  });
}

test("an unknown activation is refused by name", async () => {
  await prepare("cpu");
  const odd = named("RNN", ["Wavy"]);
  const feeds = { x0: floats([3, 2, 3], 1) };
  assert.throws(() => computed(operatorGraph(odd), 14, feeds), { code: "model-unsupported-shape", message: /RNN/ });
});
