import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import "@tensorflow/tfjs-backend-wasm";
import { isDynamic } from "../../src/models/graph/refuseUnknownOps.ts";
import { repairedKernels } from "../../src/models/repairs/installGradientRepairs.ts";
import { stepOps } from "../../src/models/tape.ts";

export interface GraphOperator {
  readonly name: string;
  /** False: control flow, tables, sizes that only values tell. */
  readonly usable: boolean;
  readonly gradient: "yes, tested" | "yes" | "steps" | "integers" | "refused";
  readonly backends: Readonly<Record<"tensorflow" | "wasm" | "cpu", boolean>>;
}

const require = createRequire(import.meta.url);

/** Every operation of tfjs's graph executor, by name. */
export async function graphOperators(proved: ReadonlySet<string>): Promise<GraphOperator[]> {
  // Registers what native TensorFlow computes, without loading it.
  require("@tensorflow/tfjs-node/dist/register_all_kernels");
  return operationNames()
    .filter(({ category }) => category !== undefined)
    .map(({ name, category }) => ({
      name,
      usable: !isDynamic({ op: name }),
      gradient: gradientOf(name, category ?? "", proved),
      backends: {
        tensorflow: kernelsOf(name).every((kernel) => isComputed(kernel, "tensorflow")),
        wasm: kernelsOf(name).every((kernel) => isComputed(kernel, "wasm")),
        cpu: kernelsOf(name).every((kernel) => isComputed(kernel, "cpu")),
      },
    }));
}

const listSchema = z.object({
  json: z.array(z.object({ tfOpName: z.string(), category: z.string().optional() })),
});

function operationNames(): { name: string; category: string | undefined }[] {
  const folder = join(
    dirname(require.resolve("@tensorflow/tfjs-converter/package.json")),
    "dist",
    "operations",
    "op_list",
  );
  const names = new Map<string, string | undefined>();
  for (const file of readdirSync(folder).filter((each) => each.endsWith(".js"))) {
    const list: unknown = require(join(folder, file));
    for (const { tfOpName, category } of listSchema.parse(list).json) names.set(tfOpName, category);
  }
  return [...names].map(([name, category]) => ({ name, category })).sort((a, b) => a.name.localeCompare(b.name, "en"));
}

/** Operations that are computed by kernels of another name; all others by the kernel of theirs. */
const kernels: Readonly<Record<string, readonly string[]>> = {
  AddV2: ["Add"],
  BatchMatMulV2: ["BatchMatMul"],
  BiasAdd: ["Add"],
  BroadcastTo: ["Tile"],
  ConcatV2: ["Concat"],
  Const: [],
  Conv1D: ["Conv2D"],
  DepthwiseConv2d: ["DepthwiseConv2dNative"],
  Div: ["RealDiv"],
  DivNoNan: ["RealDiv", "Equal", "Select"],
  EnsureShape: [],
  EuclideanNorm: ["Multiply", "Sum", "Sqrt"],
  FakeQuantWithMinMaxVars: [],
  FloorMod: ["Mod"],
  FusedBatchNormV2: ["FusedBatchNorm"],
  FusedBatchNormV3: ["FusedBatchNorm"],
  FusedDepthwiseConv2dNative: ["DepthwiseConv2dNative", "Add"],
  Gather: ["GatherV2"],
  IRFFT: ["IFFT"],
  IdentityN: ["Identity"],
  LogSoftmax: ["Max", "Sub", "Exp", "Sum", "Log"],
  MatMul: ["BatchMatMul"],
  MatrixBandPart: ["Select"],
  Mul: ["Multiply"],
  NoOp: [],
  Ones: [],
  Pad: ["PadV2"],
  Placeholder: [],
  PlaceholderWithDefault: [],
  Print: [],
  RFFT: ["FFT"],
  RandomStandardNormal: [],
  RandomUniform: [],
  RandomUniformInt: [],
  Rank: [],
  ReverseV2: ["Reverse"],
  SelectV2: ["Select"],
  Shape: [],
  ShapeN: [],
  Size: [],
  Snapshot: ["Identity"],
  Split: ["SplitV"],
  Squeeze: ["Reshape"],
  StopGradient: [],
  TopKV2: ["TopK"],
  TruncatedNormal: [],
  UniqueV2: ["Unique"],
  LowerBound: ["SearchSorted"],
  UpperBound: ["SearchSorted"],
  ImageProjectiveTransformV3: ["Transform"],
  _FusedConv2D: ["Conv2D", "Add"],
  _FusedMatMul: ["BatchMatMul", "Add"],
  Zeros: [],
};

function kernelsOf(name: string): readonly string[] {
  return kernels[name] ?? [name];
}

function isComputed(kernel: string, backend: string): boolean {
  return (
    tf.getKernel(kernel, backend) !== undefined ||
    repairedKernels.some(({ kernelName, backendName }) => kernelName === kernel && backendName === backend)
  );
}

/** What puts out whole numbers, booleans or text. */
const integers: ReadonlySet<string> = new Set([
  "ArgMax",
  "ArgMin",
  "Bincount",
  "DenseBincount",
  "IsFinite",
  "IsInf",
  "IsNan",
  "LowerBound",
  "Multinomial",
  "RandomUniformInt",
  "Rank",
  "Shape",
  "ShapeN",
  "Size",
  "Unique",
  "UniqueV2",
  "UpperBound",
  "BitwiseAnd",
]);
const comparisons: ReadonlySet<string> = new Set([
  "Equal",
  "Greater",
  "GreaterEqual",
  "Less",
  "LessEqual",
  "NotEqual",
  "LogicalAnd",
  "LogicalNot",
  "LogicalOr",
  "All",
  "Any",
]);
/** They hand on no gradient by their meaning. */
const constants: ReadonlySet<string> = new Set([
  "Const",
  "Fill",
  "LinSpace",
  "NoOp",
  "Ones",
  "OnesLike",
  "RandomStandardNormal",
  "RandomUniform",
  "Range",
  "StopGradient",
  "TruncatedNormal",
  "Zeros",
  "ZerosLike",
  "OneHot",
]);

function gradientOf(name: string, category: string, proved: ReadonlySet<string>): GraphOperator["gradient"] {
  if (integers.has(name) || constants.has(name) || category === "string") return "integers";
  const used = kernelsOf(name);
  if (comparisons.has(name) || used.some((kernel) => stepOps.has(kernel))) return "steps";
  if (used.length > 0 && used.every((kernel) => proved.has(kernel) || neutral.has(kernel))) return "yes, tested";
  if (used.length === 0) return "yes";
  return used.every((kernel) => tf.getGradient(kernel) !== undefined || neutral.has(kernel)) ? "yes" : "refused";
}

/** Kernels beside the way of a gradient. */
const neutral: ReadonlySet<string> = new Set(["Equal"]);
