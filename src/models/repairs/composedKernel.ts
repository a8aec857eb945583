import * as tf from "@tensorflow/tfjs-core";

/** A kernel made of other ops, for a backend that lacks it. */
export function composedKernel(
  kernelName: string,
  backendName: string,
  compute: (inputs: Readonly<Record<string, tf.Tensor>>, attrs: tf.NamedAttrMap) => tf.Tensor,
): tf.KernelConfig {
  return {
    kernelName,
    backendName,
    // Inside a kernel nothing is recorded for a gradient: the kernel's own one stands for it.
    kernelFunc: ({ inputs, attrs }) => tf.tidy(() => tf.clone(compute(asTensors(kernelName, inputs), attrs ?? {}))),
  };
}

/** What the engine hands to a kernel are the tensors themselves. Optional ones that are not given are left out. */
export function asTensors(kernelName: string, inputs: tf.NamedTensorInfoMap): Record<string, tf.Tensor> {
  const tensors: Record<string, tf.Tensor> = {};
  for (const [name, input] of Object.entries(inputs)) {
    if (input === undefined || input === null) continue;
    if (!(input instanceof tf.Tensor)) throw new Error(`${kernelName}: the input ${name} is no tensor`);
    tensors[name] = input;
  }
  return tensors;
}
