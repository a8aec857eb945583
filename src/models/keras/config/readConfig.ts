import { z } from "zod";
import { PathlightError } from "../../../common/errors.ts";
import type { LayerNode } from "./layerNode.ts";

/** Options that say how a layer is trained, started or called, and nothing about what it computes in inference. */
const irrelevant =
  /^(name|trainable|dtype|batch_input_shape|input_shape|input_dtype|build_input_shape|sparse|ragged|optional|noise_shape|seed|implementation|autocast|synchronized|momentum|use_cudnn|value_range|lora_rank|batch_size|input_length|.*_(initializer|regularizer|constraint))$|^(unit_forget_bias|dropout|recurrent_dropout|rate|stddev|renorm|renorm_.*|fused|virtual_batch_size|unroll|l1|l2|flash_attention|softmax_robust_masking|(query|key|value)_shape|data_format_|rng_type)$/;

/**
 * The options of a layer, checked. An option that is not in `shape` and is set to something would change what the layer
 * computes in a way that nobody here knows of: it is refused by name, `model-unknown-op`.
 */
export function readConfig<T extends z.ZodRawShape>(node: LayerNode, shape: T): z.infer<z.ZodObject<T>> {
  for (const [name, value] of Object.entries(node.config)) {
    if (name in shape || irrelevant.test(name)) continue;
    if (value === null || value === false) continue;
    throw unsupported(node, `${name} = ${JSON.stringify(value)}`);
  }
  // A null that a newer or older Keras writes for what is left at its default.
  const given = Object.fromEntries(Object.entries(node.config).filter(([, value]) => value !== null));
  const checked = z.object(shape).safeParse(given);
  if (checked.success) return checked.data;
  const issue = checked.error.issues[0];
  throw new PathlightError("model-invalid", `The layer ${node.path} has an option that is not well formed.`, {
    expected: "a configuration as Keras writes it",
    found: `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`,
    whatToDo: "Save the model again.",
  });
}

/** A layer that is known, used in a way that is not. */
export function unsupported(node: LayerNode, found: string): PathlightError {
  return new PathlightError(
    "model-unknown-op",
    `The layer ${node.path} (${node.className}) is used in a way that is not supported.`,
    {
      expected: "the options of Keras layers that Pathlight knows",
      found: `${found} at ${node.path}`,
      whatToDo: "Replace the layer, or export the model to ONNX.",
    },
  );
}

/** A layer, function or operation that is not known at all: custom code, or something not built yet. */
export function unknownLayer(node: LayerNode, what = `The layer class ${node.className}`): PathlightError {
  const code = node.className === "Lambda" ? "; a Lambda layer is Python code, which is never run" : "";
  return new PathlightError("model-unknown-op", `${what} is not supported${code}.`, {
    expected: "layers of Keras that Pathlight knows",
    found: `${node.className} at ${node.path}`,
    whatToDo: "Replace it by layers of Keras, or export the model to ONNX.",
  });
}

const positive = z.int().positive();

/** A number for each of `count` axes, where one may stand for all. */
export function perAxis(count: number) {
  return z.union([
    positive.transform((value): number[] => new Array<number>(count).fill(value)),
    z.array(positive).length(count),
  ]);
}

export const units = positive;
export const flag = z.boolean();
export const activationName = z.unknown().optional();
export const channelsLast = z.literal("channels_last").default("channels_last");
export const dataFormat = z.enum(["channels_last", "channels_first"]).default("channels_last");
