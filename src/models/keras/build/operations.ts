import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { z } from "zod";
import type { Layer } from "../../layers/layerFields.ts";
import { Operation } from "../../layers/own/operation.ts";
import type { Shape } from "../../layers/own/ownLayer.ts";
import { Softmax } from "../../layers/own/softmax.ts";
import { elu, gelu, hardSigmoid, hardSilu, leakyRelu, logSoftmax, silu, softplus } from "../activations.ts";
import { unsupported } from "../config/readConfig.ts";
import { withActivation } from "./coreLayers.ts";
import type { Operand, OperationCall } from "./operationCall.ts";
import { reshapeOperation, sliceOperation } from "./shapeOperations.ts";

export interface OperationDefinition {
  /** Names of the positional arguments. */
  readonly parameters: readonly string[];
  readonly build: (call: OperationCall, name: string, kind: string) => Layer;
}

type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

const axesSchema = z.union([z.int().transform((axis) => [axis]), z.array(z.int()).min(1)]).optional();
const flag = z.boolean().default(false);
const number = z.number();

/** Value by value; `fn` may read options from the call. */
function unary(prepare: (call: OperationCall) => (x: tf.Tensor) => tf.Tensor): OperationDefinition {
  return {
    parameters: ["x"],
    build: (call, name, kind) => {
      const x = graphOperand(call, "x");
      const fn = prepare(call);
      return new Operation(name, kind, x.shape, (inputs) => fn(x.get(inputs)));
    },
  };
}

function plain(fn: (x: tf.Tensor) => tf.Tensor): OperationDefinition {
  return unary(() => fn);
}

function binary(fn: Binary): OperationDefinition {
  return {
    parameters: ["x1", "x2"],
    build: (call, name, kind) => {
      const [a, b] = [call.operand("x1"), call.operand("x2")];
      const shape = joined(call, a, b);
      return new Operation(name, kind, shape, (inputs) => fn(float(a.get(inputs)), float(b.get(inputs))));
    },
  };
}

/** Over axes other than the batch's. */
function reduction(fn: (x: tf.Tensor, axes: number[], keepDims: boolean) => tf.Tensor): OperationDefinition {
  return {
    parameters: ["x", "axis", "keepdims"],
    build: (call, name, kind) => {
      const x = graphOperand(call, "x");
      const axes = innerAxes(call, x, call.option("axis", axesSchema));
      const keep = call.option("keepdims", flag);
      const shape = keep
        ? x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
        : x.shape.filter((_, axis) => !axes.includes(axis));
      return new Operation(name, kind, shape, (inputs) => fn(x.get(inputs), axes, keep));
    },
  };
}

const matmul: OperationDefinition = {
  parameters: ["x1", "x2"],
  build: (call, name, kind) => {
    const [a, b] = [call.operand("x1"), call.operand("x2")];
    const [turnA, turnB] = [call.option("transpose_a", flag), call.option("transpose_b", flag)];
    const [rankA, rankB] = [a.shape.length, b.shape.length];
    if (rankA < 2 || rankB < 2 || a.constant)
      throw unsupported(call.node, "a product of vectors, or with a constant first");
    // A tensor of rank 2 is [batch, size]; as a second factor it would mix rows.
    if ((!b.constant && rankB < 3) || (rankA === 2 && (turnA || rankB > 2)))
      throw unsupported(call.node, "a product over the batch");
    const rows = a.shape.at(turnA ? -1 : -2) ?? null;
    const columns = b.shape.at(turnB ? -2 : -1) ?? null;
    const shape: Shape = [...a.shape.slice(0, -2), rows, columns];
    return new Operation(name, kind, shape, (inputs) => {
      const [x, y] = [a.get(inputs), b.get(inputs)];
      if (y.rank > 2) return tf.matMul(x, y, turnA, turnB);
      const turned = turnA
        ? tf.transpose(
            x,
            [...x.shape.keys()].map((axis) => (axis < x.rank - 2 ? axis : 2 * x.rank - 3 - axis)),
          )
        : x;
      const flat = tf.matMul(tf.reshape<tf.Rank.R2>(turned, [-1, turned.shape.at(-1) ?? 1]), y, false, turnB);
      return tf.reshape(flat, [...turned.shape.slice(0, -1), flat.shape.at(-1) ?? 1]);
    });
  },
};

const transpose: OperationDefinition = {
  parameters: ["x", "axes"],
  build: (call, name, kind) => {
    const x = graphOperand(call, "x");
    const rank = x.shape.length;
    const order = (call.option("axes", z.array(z.int()).optional()) ?? [...x.shape.keys()].reverse()).map(
      (axis) => (axis + rank) % rank,
    );
    if (order[0] !== 0 || new Set(order).size !== rank) throw unsupported(call.node, `axes = [${order.join(", ")}]`);
    const shape = order.map((axis) => x.shape[axis] ?? null);
    return new Operation(name, kind, shape, (inputs) => tf.transpose(x.get(inputs), order));
  },
};

const concatenate: OperationDefinition = {
  parameters: ["xs", "axis"],
  build: (call, name, kind) => {
    const xs = call.operands("xs");
    const [first] = xs;
    if (first === undefined || xs.some((each) => each.constant)) throw unsupported(call.node, "a constant");
    const [axis = -1] = innerAxes(call, first, [call.option("axis", z.int().default(-1))]);
    const sizes = xs.map((each) => each.shape[axis] ?? null);
    const total = sizes.reduce((sum, size) => (sum === null || size === null ? null : sum + size), 0);
    const shape = first.shape.map((size, each) => (each === axis ? total : size));
    return new Operation(name, kind, shape, (inputs) =>
      tf.concat(
        xs.map((each) => float(each.get(inputs))),
        axis,
      ),
    );
  },
};

const stack: OperationDefinition = {
  parameters: ["x", "axis"],
  build: (call, name, kind) => {
    const xs = call.operands("x");
    const [first] = xs;
    const rank = (first?.shape.length ?? 0) + 1;
    const axis = (call.option("axis", z.int().default(0)) + rank) % rank;
    if (first === undefined || xs.some((each) => each.constant) || axis === 0)
      throw unsupported(call.node, `axis = ${axis}`);
    const shape = [...first.shape.slice(0, axis), xs.length, ...first.shape.slice(axis)];
    return new Operation(name, kind, shape, (inputs) =>
      tf.stack(
        xs.map((each) => float(each.get(inputs))),
        axis,
      ),
    );
  },
};

const expandDims: OperationDefinition = {
  parameters: ["x", "axis"],
  build: (call, name, kind) => {
    const x = graphOperand(call, "x");
    const rank = x.shape.length + 1;
    const axis =
      (call.option("axis", z.union([z.int(), z.tuple([z.int()]).transform(([each]) => each)])) + rank) % rank;
    if (axis === 0) throw unsupported(call.node, "axis = 0");
    const shape = [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)];
    return new Operation(name, kind, shape, (inputs) => tf.expandDims(x.get(inputs), axis));
  },
};

const squeeze: OperationDefinition = {
  parameters: ["x", "axis"],
  build: (call, name, kind) => {
    const x = graphOperand(call, "x");
    const ones = [...x.shape.keys()].filter((axis) => x.shape[axis] === 1 && axis > 0);
    const given = call.option("axis", axesSchema);
    const axes = given === undefined ? ones : innerAxes(call, x, given);
    if (axes.some((axis) => !ones.includes(axis))) throw unsupported(call.node, `axis = [${axes.join(", ")}]`);
    const shape = x.shape.filter((_, axis) => !axes.includes(axis));
    return new Operation(name, kind, shape, (inputs) => tf.squeeze(x.get(inputs), axes));
  },
};

const softmax: OperationDefinition = {
  parameters: ["x", "axis"],
  build: (call, name) => {
    const x = graphOperand(call, "x");
    const given = call.option("axis", axesSchema);
    return new Softmax(name, given === undefined ? [-1] : innerAxes(call, x, given));
  },
};

/** A layer of its own, where a model's head is looked for. */
const sigmoid: OperationDefinition = {
  parameters: ["x"],
  build: (call, name) => {
    graphOperand(call, "x");
    return withActivation(tfl.layers.activation({ name, activation: "linear" }), call.node, "sigmoid");
  },
};

/** keras.ops and their classes. */
export const operations: Readonly<Record<string, OperationDefinition>> = {
  Add: binary(tf.add),
  Subtract: binary(tf.sub),
  Multiply: binary(tf.mul),
  Divide: binary(tf.div),
  TrueDivide: binary(tf.div),
  Maximum: binary(tf.maximum),
  Minimum: binary(tf.minimum),
  Power: binary(tf.pow),
  // Of masks: values that are true or false, which no gradient passes.
  NotEqual: binary(tf.notEqual),
  Equal: binary(tf.equal),
  LogicalOr: binary((a, b) => tf.logicalOr(tf.cast(a, "bool"), tf.cast(b, "bool"))),
  LogicalAnd: binary((a, b) => tf.logicalAnd(tf.cast(a, "bool"), tf.cast(b, "bool"))),
  Any: reduction((x, axes, keepDims) => tf.any(tf.cast(x, "bool"), axes, keepDims)),
  OnesLike: plain((x) => tf.onesLike(x)),
  ZerosLike: plain((x) => tf.zerosLike(x)),
  Matmul: matmul,
  Negative: plain(tf.neg),
  Absolute: plain(tf.abs),
  Square: plain(tf.square),
  Sqrt: plain(tf.sqrt),
  Rsqrt: plain(tf.rsqrt),
  Exp: plain(tf.exp),
  Log: plain(tf.log),
  Log1p: plain(tf.log1p),
  Tanh: plain(tf.tanh),
  Sin: plain(tf.sin),
  Cos: plain(tf.cos),
  Relu: plain(tf.relu),
  Relu6: plain(tf.relu6),
  Silu: plain(silu),
  Softplus: plain(softplus),
  HardSigmoid: plain(hardSigmoid),
  HardSilu: plain(hardSilu),
  Selu: plain(tf.selu),
  Identity: plain((x) => tf.clone(x)),
  Cast: unary((call) => {
    const dtype = call.option("dtype", z.string().default("float32"));
    if (!/^(b?float|mixed)/.test(dtype)) throw unsupported(call.node, `dtype = ${dtype}`);
    return (x) => tf.cast(x, "float32");
  }),
  Gelu: unary((call) => {
    const approximate = call.option("approximate", z.boolean().default(true));
    return (x) => gelu(x, approximate);
  }),
  LeakyRelu: unary((call) => {
    const slope = call.option("negative_slope", number.default(0.2));
    return (x) => leakyRelu(x, slope);
  }),
  Elu: unary((call) => {
    const alpha = call.option("alpha", number.default(1));
    return (x) => elu(x, alpha);
  }),
  LogSoftmax: unary((call) => {
    const axis = call.option("axis", z.int().default(-1));
    if (axis === 0) throw unsupported(call.node, "axis = 0");
    return (x) => logSoftmax(x, axis);
  }),
  Clip: {
    parameters: ["x", "x_min", "x_max"],
    build: (call, name, kind) => {
      const x = graphOperand(call, "x");
      const [low, high] = [call.option("x_min", number), call.option("x_max", number)];
      return new Operation(name, kind, x.shape, (inputs) => tf.clipByValue(x.get(inputs), low, high));
    },
  },
  Softmax: softmax,
  Sigmoid: sigmoid,
  Mean: reduction(tf.mean),
  Sum: reduction(tf.sum),
  Max: reduction(tf.max),
  Min: reduction(tf.min),
  Reshape: reshapeOperation,
  GetItem: sliceOperation,
  Transpose: transpose,
  Concatenate: concatenate,
  Stack: stack,
  ExpandDims: expandDims,
  Squeeze: squeeze,
};

/** An operand that must be a tensor of the graph: an operation on constants only has nothing to explain. */
export function graphOperand(call: OperationCall, name: string): Operand {
  const operand = call.operand(name);
  if (operand.constant) throw unsupported(call.node, `a constant ${name}`);
  return operand;
}

/** Axes counted from the front, none of them the batch's. */
export function innerAxes(call: OperationCall, { shape }: Operand, axes: readonly number[] | undefined): number[] {
  const counted = (axes ?? [...shape.keys()]).map((axis) => axis + (axis < 0 ? shape.length : 0));
  if (counted.some((axis) => axis <= 0 || axis >= shape.length))
    throw unsupported(call.node, `axis = ${axes?.join(", ") ?? "all"}`);
  return counted;
}

/** NumPy's broadcasting; the batch axis has to stay where it is. */
function joined(call: OperationCall, a: Operand, b: Operand): Shape {
  const rank = Math.max(a.shape.length, b.shape.length);
  const tensors = [a, b].filter((each) => !each.constant);
  if (tensors.length === 0 || tensors.some((each) => each.shape.length !== rank)) {
    throw unsupported(call.node, "operands of different rank");
  }
  if ([a, b].some((each) => each.constant && each.shape.length === rank && each.shape[0] !== 1)) {
    throw unsupported(call.node, "a constant with a batch axis");
  }
  return Array.from({ length: rank }, (_, axis) => {
    if (axis === 0) return null;
    const [x, y] = [a, b].map(({ shape }) =>
      axis < rank - shape.length ? 1 : (shape[axis - rank + shape.length] ?? null),
    );
    if (x === 1 || x === y) return y ?? null;
    if (y === 1) return x ?? null;
    if (x === null || y === null) return x ?? y ?? null;
    throw unsupported(call.node, `shapes [${a.shape.join(", ")}] and [${b.shape.join(", ")}]`);
  });
}

function float(x: tf.Tensor): tf.Tensor {
  return tf.cast(x, "float32");
}
