import test from "node:test";
import "@tensorflow/tfjs-layers";
import fc from "fast-check";
import { installGradientRepairs } from "../../../../src/models/repairs/installGradientRepairs.ts";
import { usableBackends, useBackend } from "../backends.ts";
import type { ElementName, TestAttribute, TestTensor } from "./support/onnxBytes.ts";
import { assertClose, computed, feedsOf, type OperatorCase, operatorGraph, reference } from "./support/operatorCase.ts";
import { row } from "./support/operatorTests.ts";

/** Operators on made-up shapes, types and attributes: as onnxruntime, on every backend of this machine. */

const backends = await usableBackends();

function property(name: string, cases: fc.Arbitrary<OperatorCase>, numRuns = 24): void {
  test(name, async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (each) => {
        const graph = operatorGraph(each);
        const feeds = feedsOf(each);
        const expected = await reference(graph, each.opset, feeds);
        for (const backend of backends) {
          await useBackend(backend);
          installGradientRepairs();
          assertClose(computed(graph, each.opset, feeds), expected, each.tolerance ?? 1e-5);
        }
      }),
      { seed: 20, numRuns, includeErrorInReport: true },
    );
  });
}

const side = fc.integer({ min: 1, max: 4 });
const shapeOf = (least: number, most: number) => fc.array(side, { minLength: least, maxLength: most });
const size = (shape: readonly number[]) => shape.reduce((product, each) => product * each, 1);

function numbers(type: ElementName, shape: readonly number[]): fc.Arbitrary<TestTensor> {
  const count = size(shape);
  const one =
    type === "bool"
      ? fc.integer({ min: 0, max: 1 })
      : type === "float"
        ? fc.integer({ min: -400, max: 400 }).map((each) => Math.fround(each / 100))
        : fc.integer({ min: -9, max: 9 });
  return fc.array(one, { minLength: count, maxLength: count }).map((data) => ({ type, shape, data }));
}

/** Shapes that can be broadcast to one another: sides left out in front, or of 1. A side may be 0. */
function broadcastShapes(count: number): fc.Arbitrary<number[][]> {
  return fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 5 }).chain((full) =>
    fc.array(
      fc
        .tuple(fc.integer({ min: 0, max: full.length }), fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }))
        .map(([start, ones]) => full.slice(start).map((each, axis) => (ones[axis] === true ? 1 : each))),
      { minLength: count, maxLength: count },
    ),
  );
}

function broadcasting(op: string, opset: number, types: readonly ElementName[], output?: ElementName, count = 2) {
  return fc
    .tuple(broadcastShapes(count), fc.constantFrom(...types))
    .chain(([shapes, type]) =>
      fc
        .tuple(...shapes.map((shape) => numbers(type, shape)))
        .map((inputs): OperatorCase => ({ op, opset, inputs, outputs: [output ?? type] })),
    );
}

for (const op of ["Add", "Sub", "Mul"]) property(op, broadcasting(op, 14, ["float", "int64", "int32"]));
property(
  "Div",
  broadcasting("Div", 14, ["float", "int64", "int32"]).map((each) => ({
    ...each,
    inputs: each.inputs.map((input, i) =>
      input === null || i === 0 ? input : { ...input, data: input.data.map((x) => (Math.abs(x) < 0.5 ? 3 : x)) },
    ),
  })),
);
for (const op of ["Max", "Min"]) property(op, broadcasting(op, 13, ["float", "int64", "int32"], undefined, 3));
for (const op of ["Equal", "Less", "GreaterOrEqual"]) {
  property(op, broadcasting(op, 16, ["float", "int64", "int32"], "bool"));
}
for (const op of ["And", "Or", "Xor"]) property(op, broadcasting(op, 7, ["bool"], "bool"));
property(
  "Where",
  fc
    .tuple(broadcastShapes(3), fc.constantFrom<ElementName>("float", "int64", "int32"))
    .chain(([shapes, type]) =>
      fc
        .tuple(...shapes.map((shape, i) => numbers(i === 0 ? "bool" : type, shape)))
        .map((inputs): OperatorCase => ({ op: "Where", opset: 16, inputs, outputs: [type] })),
    ),
);

property(
  "MatMul",
  fc
    .record({
      shapes: broadcastShapes(2),
      rows: fc.integer({ min: 0, max: 3 }),
      inner: side,
      columns: fc.integer({ min: 0, max: 3 }),
      left: fc.integer({ min: 1, max: 2 }),
      right: fc.integer({ min: 1, max: 2 }),
    })
    .map(({ shapes: [a = [], b = []], rows, inner, columns, left, right }): [number[], number[]] => [
      left === 1 ? [inner] : [...a.slice(0, 3), rows, inner],
      right === 1 ? [inner] : [...b.slice(0, 3), inner, columns],
    ])
    // Repeating nothing, or a vector times nothing, is what onnxruntime does not take.
    .filter(([a, b]) => ![...a.slice(0, -2), ...b.slice(0, -2)].includes(0))
    .filter(([a, b]) => (a.length > 1 && b.length > 1) || ![...a, ...b].includes(0))
    .filter(([a, b]) => fits(a.slice(0, -2), b.slice(0, -2)))
    .chain(([a, b]) => fc.tuple(numbers("float", a), numbers("float", b)))
    .map((inputs): OperatorCase => ({ op: "MatMul", opset: 13, inputs })),
  50,
);

function fits(a: readonly number[], b: readonly number[]): boolean {
  return a.every((each, i) => {
    const other = b[b.length - a.length + i] ?? 1;
    return each === other || each === 1 || other === 1;
  });
}

const reductions = ["Sum", "Mean", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSumExp"].map(
  (each) => `Reduce${each}`,
);
property(
  "Reductions",
  fc
    .record({ op: fc.constantFrom(...reductions), shape: shapeOf(1, 5), keepdims: fc.integer({ min: 0, max: 1 }) })
    .chain(({ op, shape, keepdims }) =>
      fc
        .tuple(fc.subarray(shape.map((_, axis) => axis)), fc.boolean(), fc.boolean(), numbers("float", shape))
        .map(([axes, negative, older, x]): OperatorCase => {
          const named = axes.map((axis) => (negative ? axis - shape.length : axis));
          if (older)
            return { op, opset: 11, inputs: [x], attributes: { ...(axes.length > 0 && { axes: named }), keepdims } };
          return { op, opset: 18, inputs: axes.length > 0 ? [x, row(...named)] : [x], attributes: { keepdims } };
        }),
    ),
  50,
);

property(
  "Slice",
  shapeOf(1, 5).chain((shape) =>
    fc
      .record({
        type: fc.constantFrom<ElementName>("float", "int64", "bool"),
        cuts: fc.array(
          fc.tuple(
            fc.integer({ min: -6, max: 6 }),
            fc.constantFrom(-(2 ** 62), -5, -3, -1, 0, 1, 2, 4, 2 ** 62),
            fc.constantFrom(-3, -2, -1, 1, 1, 2, 3),
          ),
          { minLength: shape.length, maxLength: shape.length },
        ),
        axes: fc.subarray(
          shape.map((_, axis) => axis),
          { minLength: 1 },
        ),
      })
      .chain(({ type, cuts, axes }) =>
        numbers(type, shape).map((x): OperatorCase => {
          const [starts, ends, steps] = ([0, 1, 2] as const).map((k) =>
            row(...axes.map((axis) => cuts[axis]?.[k] ?? 1)),
          );
          return {
            op: "Slice",
            opset: 13,
            inputs: [x, starts, ends, row(...axes), steps].map((each) => each ?? null),
            outputs: [type],
          };
        }),
      ),
  ),
  60,
);

const attributed = (
  op: string,
  opset: number,
  inputs: fc.Arbitrary<TestTensor[]>,
  attributes: Readonly<Record<string, TestAttribute>>,
  outputs?: readonly ElementName[],
): fc.Arbitrary<OperatorCase> =>
  inputs.map((each) => ({ op, opset, inputs: each, attributes, ...(outputs === undefined ? {} : { outputs }) }));

property(
  "Transpose",
  shapeOf(1, 6).chain((shape) =>
    fc
      .shuffledSubarray(
        shape.map((_, axis) => axis),
        { minLength: shape.length },
      )
      .chain((perm) => attributed("Transpose", 13, fc.tuple(numbers("float", shape)), { perm })),
  ),
);

property(
  "Expand",
  broadcastShapes(2).chain(([from = [], to = []]) =>
    fc
      .constantFrom<ElementName>("float", "int64", "bool")
      .chain((type) => attributed("Expand", 13, fc.tuple(numbers(type, from), fc.constant(row(...to))), {}, [type])),
  ),
);

property(
  "Tile",
  shapeOf(1, 5).chain((shape) =>
    fc
      .array(fc.integer({ min: 0, max: 3 }), { minLength: shape.length, maxLength: shape.length })
      .chain((repeats) => attributed("Tile", 13, fc.tuple(numbers("float", shape), fc.constant(row(...repeats))), {})),
  ),
);

/** Whole numbers that name entries of an axis, from either end. */
function indices(shape: readonly number[], length: number): fc.Arbitrary<TestTensor> {
  const count = size(shape);
  return fc
    .array(fc.integer({ min: -length, max: length - 1 }), { minLength: count, maxLength: count })
    .map((data) => ({ type: "int64", shape, data }));
}

const axisOf = (shape: readonly number[]) => fc.integer({ min: -shape.length, max: shape.length - 1 });

property(
  "Gather",
  fc
    .tuple(shapeOf(1, 4), shapeOf(0, 2), fc.constantFrom<ElementName>("float", "int64", "bool"))
    .chain(([shape, picked, type]) =>
      axisOf(shape).chain((axis) =>
        attributed("Gather", 13, fc.tuple(numbers(type, shape), indices(picked, shape.at(axis) ?? 1)), { axis }, [
          type,
        ]),
      ),
    ),
);

property(
  "GatherElements",
  shapeOf(1, 4).chain((shape) =>
    axisOf(shape).chain((axis) =>
      attributed("GatherElements", 13, fc.tuple(numbers("float", shape), indices(shape, shape.at(axis) ?? 1)), {
        axis,
      }),
    ),
  ),
);

property(
  "ScatterElements",
  shapeOf(1, 4).chain((shape) =>
    axisOf(shape).chain((axis) =>
      attributed(
        "ScatterElements",
        16,
        fc.tuple(numbers("float", shape), indices(shape, shape.at(axis) ?? 1), numbers("float", shape)),
        { axis, reduction: "add" },
      ),
    ),
  ),
);

property(
  "Split",
  shapeOf(1, 4).chain((shape) =>
    fc.tuple(axisOf(shape), fc.integer({ min: 0, max: 4 })).chain(([axis, first]) => {
      const side = shape.at(axis) ?? 1;
      const cut = Math.min(first, side);
      return attributed("Split", 13, fc.tuple(numbers("float", shape), fc.constant(row(cut, side - cut))), { axis }, [
        "float",
        "float",
      ]);
    }),
  ),
);

property(
  "Concat",
  fc
    .tuple(shapeOf(1, 5), fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 }))
    .chain(([shape, sides]) =>
      fc.tuple(axisOf(shape), fc.constantFrom<ElementName>("float", "int64", "bool")).chain(([axis, type]) => {
        const place = axis < 0 ? axis + shape.length : axis;
        const parts = sides.map((each) =>
          numbers(
            type,
            shape.map((own, i) => (i === place ? each : own)),
          ),
        );
        return attributed("Concat", 13, fc.tuple(...parts), { axis }, [type]);
      }),
    ),
);

property(
  "CumSum, ArgMax and ArgMin",
  shapeOf(1, 4).chain((shape) =>
    fc
      .tuple(
        axisOf(shape),
        fc.integer({ min: 0, max: 1 }),
        fc.integer({ min: 0, max: 1 }),
        fc.integer({ min: 0, max: 2 }),
      )
      .chain(([axis, one, two, which]) => {
        const x = numbers("float", shape);
        if (which === 0) {
          const at = fc.constant<TestTensor>({ type: "int64", shape: [], data: [axis] });
          return attributed("CumSum", 14, fc.tuple(x, at), { exclusive: one, reverse: two });
        }
        const op = which === 1 ? "ArgMax" : "ArgMin";
        return attributed(op, 13, fc.tuple(x), { axis, keepdims: one, select_last_index: two }, ["int64"]);
      }),
  ),
);
