import * as tf from "@tensorflow/tfjs-core";
import { opCases } from "../../test/unit/models/opCases.ts";

/** Kernels on the way of the gradients that finite differences confirm (test/unit/models/repairs). A backend is active. */
export function provedKernels(): Set<string> {
  const names = new Set<string>();
  for (const { f, x, not = [] } of opCases) {
    // A case that a backend cannot run proves nothing for it.
    if (not.length > 0) continue;
    tf.tidy(() => {
      tf.grad((value) => {
        const result = f(value);
        for (const { kernelName } of tf.engine().state.activeTape) names.add(kernelName);
        return tf.sum(result);
      })(x());
    });
  }
  return names;
}
