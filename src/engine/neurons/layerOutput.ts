import { concat, reshape, type Tensor } from "@tensorflow/tfjs-core";
import type { NodeId } from "../port.ts";
import type { LayerPath } from "./layerGradient.ts";

/** The values of a layer, [rows, width], all nodes one after the other. To be called inside `tidy`. */
export function layerOutput({
  model,
  layer,
}: Pick<LayerPath, "model" | "layer">): (feeds: ReadonlyMap<NodeId, Tensor>) => Tensor {
  const ids = layer.map(({ id }) => id);
  return (feeds) => {
    const values = model.evaluate(feeds, ids).map((value) => reshape(value, [value.shape[0] ?? 1, -1]));
    const [first, ...others] = values;
    return first !== undefined && others.length === 0 ? first : concat(values, 1);
  };
}
