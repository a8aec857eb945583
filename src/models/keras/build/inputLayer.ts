import type * as tf from "@tensorflow/tfjs-core";
import { z } from "zod";
import type { LayerNode, ModelGraph } from "../config/layerNode.ts";
import { unsupported } from "../config/readConfig.ts";

const shapeSchema = z.array(z.int().positive().nullable()).min(1);
const inputSchema = z.object({
  batch_shape: shapeSchema.optional(),
  batch_input_shape: shapeSchema.optional(),
  dtype: z.string().default("float32"),
  ragged: z.literal(false, "ragged inputs are not supported").default(false),
  sparse: z.literal(false, "sparse inputs are not supported").default(false),
});

type Shape = readonly (number | null)[];

/** Shape, batch axis first, and type of an input layer, or what is wrong with it. Throws `model-unknown-op` for a type. */
export function readInput(
  node: LayerNode,
): { shape: Shape; dtype: tf.DataType; problem?: never } | { problem: string; shape?: never; dtype?: never } {
  const checked = inputSchema.safeParse(node.config);
  if (!checked.success) return { problem: `: ${checked.error.issues[0]?.message ?? ""}` };
  const shape = checked.data.batch_shape ?? checked.data.batch_input_shape;
  if (shape === undefined) return { problem: "" };
  const dtype = tensorType(checked.data.dtype);
  if (dtype === undefined) throw unsupported(node, `dtype = ${checked.data.dtype}`);
  return { shape, dtype };
}

/** What a Sequential model without an input layer says about the shape that it takes. */
export function sequentialShape(first: LayerNode, graph: ModelGraph): Shape | undefined {
  return inputSchema.safeParse(first.config).data?.batch_input_shape ?? graph.builtShape;
}

/** Whole numbers stay such; every precision of real numbers computes in float32. */
function tensorType(dtype: string): tf.DataType | undefined {
  if (/^u?int/.test(dtype)) return "int32";
  if (dtype === "bool") return "bool";
  return /^b?float/.test(dtype) ? "float32" : undefined;
}
