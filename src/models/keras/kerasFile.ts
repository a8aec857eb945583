import type { KerasGeneration } from "./config/layerNode.ts";
import type { Hdf5Contents } from "./hdf5/hdf5Contents.ts";

/** The parts of a model file of Keras, neither checked against each other nor built. */
export interface KerasFile {
  /** JSON, as `parseModel` takes it. */
  readonly config: unknown;
  readonly generation: KerasGeneration;
  /** The weights. */
  readonly contents: Hdf5Contents;
}
