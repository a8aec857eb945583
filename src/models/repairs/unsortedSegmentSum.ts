import * as tf from "@tensorflow/tfjs-core";
import { hostInput, hostKernel } from "./hostKernel.ts";

/** UnsortedSegmentSum, which wasm lacks and the gradient of gather needs: out[segmentIds[i], …] += x[i, …]. */
export const unsortedSegmentSumKernel = hostKernel(tf.UnsortedSegmentSum, "wasm", (inputs, attrs) => {
  const x = hostInput(inputs, "x");
  const ids = hostInput(inputs, "segmentIds").values;
  const segments = Number(attrs["numSegments"]);
  const inner = x.shape.slice(1).reduce((product, size) => product * size, 1);
  const values = new Float32Array(segments * inner);
  ids.forEach((id: number, i: number) => {
    if (id < 0 || id >= segments) return;
    for (let k = 0; k < inner; k++)
      values[id * inner + k] = (values[id * inner + k] ?? 0) + (x.values[i * inner + k] ?? 0);
  });
  return { values, shape: [segments, ...x.shape.slice(1)] };
});
