import * as tf from "@tensorflow/tfjs-core";
import { type HostResult, type HostTensor, hostInput, hostKernel } from "./hostKernel.ts";
import { eachMaximum, type PoolWindows, poolWindows, poolWindows3d } from "./poolWindows.ts";

/**
 * MaxPoolGrad, MaxPool3D and MaxPool3DGrad on wasm. They start the search for a maximum at the smallest positive number,
 * so a window whose values are all ≤ 0 has its maximum nowhere: the gradient goes to its first element, and the 3-D
 * forward pass puts out zero. Here the first of equal maxima gets everything, as in TensorFlow.
 */
export const maxPoolGradKernel = hostKernel(tf.MaxPoolGrad, "wasm", (inputs, attrs) => {
  const x = hostInput(inputs, "input");
  return scatterToMaxima(hostInput(inputs, "dy"), x, poolWindows(x, attrs));
});

export const maxPool3dKernel = hostKernel(tf.MaxPool3D, "wasm", (inputs, attrs) => {
  const x = hostInput(inputs, "x");
  const windows = poolWindows3d(x, attrs);
  const [depth, height, width] = windows.output;
  const values = new Float32Array(windows.batch * depth * height * width * windows.channels);
  eachMaximum(x, windows, (at, from) => {
    values[at] = from < 0 ? 0 : (x.values[from] ?? 0);
  });
  return { values, shape: [windows.batch, depth, height, width, windows.channels] };
});

/**
 * MaxPool3DGrad, on TensorFlow too, whose kernel gives the whole gradient to each of several equal maxima, and on the
 * JavaScript backend, where the last one gets it.
 */
export const maxPool3dGradKernels = ["tensorflow", "wasm", "cpu"].map((backend) =>
  hostKernel(tf.MaxPool3DGrad, backend, (inputs, attrs) => {
    const x = hostInput(inputs, "input");
    return scatterToMaxima(hostInput(inputs, "dy"), x, poolWindows3d(x, attrs));
  }),
);

function scatterToMaxima(dy: HostTensor, x: HostTensor, windows: PoolWindows): HostResult {
  const values = new Float32Array(x.values.length);
  eachMaximum(x, windows, (at, from) => {
    if (from >= 0) values[from] = (values[from] ?? 0) + (dy.values[at] ?? 0);
  });
  return { values, shape: [...x.shape] };
}
