import type { LayerNode, ModelGraph } from "../config/layerNode.ts";

/** The layers that a file of weights counts, in its order. */
export function storedLayers({ layers, ends }: ModelGraph): LayerNode[] {
  // A Sequential model does not count its input layer, a functional one does; operations are no layers.
  return layers.filter(
    (layer, index) => !layer.operation && !(layer.className === "InputLayer" && ends === undefined && index === 0),
  );
}
