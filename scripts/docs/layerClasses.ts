import { serialization } from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { wrappedLayer } from "../../src/models/layers/layerFields.ts";
import { isLayer } from "../../src/models/layers/layerSteps.ts";
import { layerCases } from "../../test/unit/models/layerCases.ts";

/** Every layer class that tfjs can read, and whether a model with it is in the finite-difference tests. */
export function layerClasses(): { readonly name: string; readonly tested: boolean }[] {
  const tested = new Set<string>();
  for (const { model: build } of layerCases) {
    const model = build();
    for (const layer of model.layers) {
      tested.add(layer.getClassName());
      const inner = wrappedLayer(layer, isLayer);
      if (inner !== undefined) tested.add(inner.getClassName());
    }
    model.dispose();
  }
  const registered = Object.entries(serialization.SerializationMap.getMap().classNameMap);
  return registered
    .filter(
      ([, [layerClass]]) => layerClass.prototype instanceof tfl.layers.Layer && !internal.has(layerClass.className),
    )
    .map(([name]) => ({ name, tested: tested.has(name) }))
    .sort((a, b) => a.name.localeCompare(b.name, "en"));
}

/** Parts of other layers, and models themselves, which are no layers to a reader. */
const internal: ReadonlySet<string> = new Set([
  "StackedRNNCells",
  "LSTMCell",
  "GRUCell",
  "SimpleRNNCell",
  "ConvLSTM2DCell",
  "Model",
  "Sequential",
  "Functional",
  "InputLayer",
]);
