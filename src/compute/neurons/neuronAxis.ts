import type { NodeId, NodeSpec } from "../../engine/port.ts";
import type { ModelFormat } from "../../protocol/manifest.ts";

/** ONNX puts the channels of these first; what they put out is a picture, a volume or a sequence of channels. */
const channelsFirst: ReadonlySet<string> = new Set([
  ...["Conv", "ConvTranspose", "MaxPool", "AveragePool", "LpPool", "GlobalMaxPool", "GlobalAveragePool"],
  ...["BatchNormalization", "InstanceNormalization", "GroupNormalization", "LRN", "Resize", "DepthToSpace"],
]);
/** These work along the last axis: features of a position or of a row. */
const featuresLast: ReadonlySet<string> = new Set(["MatMul", "Gemm", "LayerNormalization", "Gather", "FusedMatMul"]);

/**
 * The axis of a node's neurons, without the batch axis: channels of a feature map, units of a dense layer, dimensions of
 * a hidden state. Keras and TensorFlow have it last. ONNX has the channels of convolutions first; a node in between, an
 * activation or a sum, is like what it is computed from, as long as that has its shape.
 */
export function neuronAxis(
  format: ModelFormat,
  nodes: readonly NodeSpec[],
  id: NodeId,
  shape: readonly number[],
): number {
  const last = Math.max(0, shape.length - 1);
  if (format !== "onnx" || last === 0) return last;
  const specs = new Map(nodes.map((spec) => [spec.id, spec]));
  const pending = [id];
  const seen = new Set<NodeId>(pending);
  for (const at of pending) {
    const spec = specs.get(at);
    if (spec === undefined || spec.shape.length !== shape.length + 1) continue;
    if (channelsFirst.has(spec.op)) return 0;
    if (featuresLast.has(spec.op)) return last;
    // Moving axes or merging them is where the likeness ends.
    if (["Transpose", "Reshape", "Flatten"].includes(spec.op)) continue;
    for (const input of spec.inputs ?? []) {
      if (!seen.has(input)) pending.push(input);
      seen.add(input);
    }
  }
  return shape.length >= 3 ? 0 : last;
}
