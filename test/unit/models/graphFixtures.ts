import {
  constant,
  type FileWeight,
  type GraphNode,
  integers,
  placeholder,
  text,
  writeGraphModel,
} from "./modelFiles.ts";

type Weights = ReadonlyMap<string, FileWeight>;

const convolution = {
  strides: integers([1, 1, 1, 1]),
  padding: text("SAME"),
  data_format: text("NHWC"),
  dilations: integers([1, 1, 1, 1]),
};
const pooling = { ksize: integers([1, 2, 2, 1]), strides: integers([1, 2, 2, 1]), padding: text("VALID") };

/** The digits network as a graph, with a softmax behind an Identity; `fused` writes its first layers as fused ops. */
export function digitsGraph(weights: Weights, fused: boolean): string {
  const conv = (k: number, input: string): GraphNode[] =>
    fused
      ? [
          {
            name: `relu${k}`,
            op: "_FusedConv2D",
            input: [input, `conv${k}/kernel`, `conv${k}/bias`],
            attr: {
              ...convolution,
              num_args: { i: "1" },
              fused_ops: { list: { s: [text("BiasAdd").s, text("Relu").s] } },
            },
          },
        ]
      : [
          { name: `conv${k}/raw`, op: "Conv2D", input: [input, `conv${k}/kernel`], attr: convolution },
          { name: `conv${k}`, op: "BiasAdd", input: [`conv${k}/raw`, `conv${k}/bias`] },
          { name: `relu${k}`, op: "Relu", input: [`conv${k}`] },
        ];
  const product = { transpose_a: { b: false }, transpose_b: { b: false } };
  return writeGraphModel(
    [
      placeholder("image", [-1, 8, 8, 1]),
      ...conv(1, "image"),
      { name: "pool1", op: "MaxPool", input: ["relu1"], attr: pooling },
      ...conv(2, "pool1"),
      { name: "pool2", op: "MaxPool", input: ["relu2"], attr: pooling },
      { name: "flat", op: "Reshape", input: ["pool2", "flat/shape"] },
      { name: "fc/raw", op: "MatMul", input: ["flat", "fc/kernel"], attr: product },
      { name: "fc", op: "BiasAdd", input: ["fc/raw", "fc/bias"] },
      { name: "relu3", op: "Relu", input: ["fc"] },
      fused
        ? {
            name: "logits",
            op: "_FusedMatMul",
            input: ["relu3", "logits/kernel", "logits/bias"],
            attr: { ...product, num_args: { i: "1" }, fused_ops: { list: { s: [text("BiasAdd").s] } } },
          }
        : { name: "logits/raw", op: "MatMul", input: ["relu3", "logits/kernel"], attr: product },
      ...(fused ? [] : [{ name: "logits", op: "AddV2", input: ["logits/raw", "logits/bias"] }]),
      { name: "probabilities", op: "Softmax", input: ["logits"] },
      { name: "output", op: "Identity", input: ["probabilities"] },
    ],
    [...weights.values(), constant("flat/shape", [-1, 128])],
  );
}

/** The text network as a graph: float or integer ids, looked up by a gather or as a product with their one-hot form. */
export function textGraph(weights: Weights, lookup: "gather" | "one-hot"): string {
  const product = { adj_x: { b: false }, adj_y: { b: false } };
  const table = "embedding/embeddings";
  return writeGraphModel(
    [
      placeholder("ids", [-1, 16], lookup === "gather" ? "DT_FLOAT" : "DT_INT32"),
      { name: "cast", op: "Cast", input: ["ids"], attr: { SrcT: { type: "DT_FLOAT" }, DstT: { type: "DT_INT32" } } },
      ...(lookup === "gather"
        ? [{ name: "embedding", op: "GatherV2", input: [table, "cast", "axis"], attr: { batch_dims: { i: "0" } } }]
        : [
            {
              name: "one-hot",
              op: "OneHot",
              input: ["cast", "depth", "on", "off"],
              attr: { axis: { i: "-1" }, T: { type: "DT_FLOAT" } },
            },
            { name: "embedding", op: "BatchMatMulV2", input: ["one-hot", table], attr: product },
          ]),
      { name: "wide", op: "ExpandDims", input: ["embedding", "one"] },
      { name: "conv/raw", op: "Conv2D", input: ["wide", "conv/wide"], attr: convolution },
      { name: "conv/narrow", op: "Squeeze", input: ["conv/raw"], attr: { squeeze_dims: integers([1]) } },
      { name: "conv/biased", op: "AddV2", input: ["conv/narrow", "conv/bias"] },
      { name: "conv", op: "Tanh", input: ["conv/biased"] },
      { name: "pool", op: "Max", input: ["conv", "one"], attr: { keep_dims: { b: false } } },
      {
        name: "logits/raw",
        op: "MatMul",
        input: ["pool", "logits/kernel"],
        attr: { transpose_a: { b: false }, transpose_b: { b: false } },
      },
      { name: "logits", op: "AddV2", input: ["logits/raw", "logits/bias"] },
    ],
    [
      ...weights.values(),
      widened(weights.get("conv/kernel")),
      constant("axis", [0], []),
      constant("one", [1], []),
      constant("depth", [40], []),
      { name: "on", shape: [], values: Float32Array.of(1) },
      { name: "off", shape: [], values: Float32Array.of(0) },
    ],
  );
}

/** A 1-D filter [length, in, out] as the 2-D one [1, length, in, out]. */
function widened(kernel: FileWeight | undefined): FileWeight {
  if (kernel === undefined) throw new Error("the text model has no conv/kernel");
  return { name: "conv/wide", shape: [1, ...kernel.shape], values: kernel.values };
}
