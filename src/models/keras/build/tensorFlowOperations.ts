import type { LayerNode } from "../config/layerNode.ts";

/** How Keras 2 writes down a function of TensorFlow: the operation of `keras.ops` that it is, and what its arguments are called there. */
export interface TensorFlowFunction {
  readonly operation: string;
  readonly rename: Readonly<Record<string, string>>;
  /** Arguments that it has by default, where keras.ops has other ones. */
  readonly defaults?: Readonly<Record<string, unknown>> | undefined;
}

const two = { x: "x1", y: "x2", a: "x1", b: "x2" };
const one = {
  x: "x",
  a: "x",
  features: "x",
  logits: "x",
  input: "x",
  tensor: "x",
  value: "x",
  t: "x",
  input_tensor: "x",
};

const binary = (operation: string): TensorFlowFunction => ({ operation, rename: two });
const unary = (operation: string, defaults?: Record<string, unknown>): TensorFlowFunction => ({
  operation,
  rename: one,
  defaults,
});

/** By what TFOpLambda calls `function`. */
const functions: Readonly<Record<string, TensorFlowFunction>> = {
  "__operators__.add": binary("Add"),
  "__operators__.subtract": binary("Subtract"),
  "math.add": binary("Add"),
  "math.subtract": binary("Subtract"),
  "math.multiply": binary("Multiply"),
  "math.truediv": binary("Divide"),
  "math.divide": binary("Divide"),
  "math.maximum": binary("Maximum"),
  "math.minimum": binary("Minimum"),
  "math.pow": binary("Power"),
  "linalg.matmul": binary("Matmul"),
  "nn.bias_add": { operation: "Add", rename: { value: "x1", bias: "x2" } },
  "math.negative": unary("Negative"),
  "math.abs": unary("Absolute"),
  "math.square": unary("Square"),
  "math.sqrt": unary("Sqrt"),
  "math.rsqrt": unary("Rsqrt"),
  "math.exp": unary("Exp"),
  "math.log": unary("Log"),
  "math.log1p": unary("Log1p"),
  "math.tanh": unary("Tanh"),
  "math.sin": unary("Sin"),
  "math.cos": unary("Cos"),
  "math.sigmoid": unary("Sigmoid"),
  "math.softplus": unary("Softplus"),
  "nn.relu": unary("Relu"),
  "nn.relu6": unary("Relu6"),
  "nn.silu": unary("Silu"),
  "nn.selu": unary("Selu"),
  "nn.elu": unary("Elu"),
  "nn.gelu": unary("Gelu", { approximate: false }),
  "nn.leaky_relu": { operation: "LeakyRelu", rename: { ...one, alpha: "negative_slope" } },
  "nn.softmax": unary("Softmax"),
  "nn.log_softmax": unary("LogSoftmax"),
  "math.reduce_mean": unary("Mean"),
  "math.reduce_sum": unary("Sum"),
  "math.reduce_max": unary("Max"),
  "math.reduce_min": unary("Min"),
  reshape: { operation: "Reshape", rename: { tensor: "x", shape: "newshape" } },
  transpose: { operation: "Transpose", rename: { a: "x", perm: "axes" } },
  concat: { operation: "Concatenate", rename: { values: "xs" } },
  stack: { operation: "Stack", rename: { values: "x" } },
  expand_dims: unary("ExpandDims"),
  squeeze: unary("Squeeze"),
  cast: unary("Cast"),
  identity: unary("Identity"),
  convert_to_tensor: unary("Identity"),
  clip_by_value: { operation: "Clip", rename: { t: "x", clip_value_min: "x_min", clip_value_max: "x_max" } },
  "__operators__.getitem": { operation: "GetItem", rename: { tensor: "x", slice_spec: "key" } },
};

/** The function of a TFOpLambda or SlicingOpLambda layer; undefined where it is not known. */
export function tensorFlowFunction(node: LayerNode): TensorFlowFunction | undefined {
  const given = node.config["function"];
  const name = typeof given === "string" ? given.replace(/^compat\.v1\./, "") : "";
  return Object.hasOwn(functions, name) ? functions[name] : undefined;
}
