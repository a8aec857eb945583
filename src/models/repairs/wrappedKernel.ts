import * as tf from "@tensorflow/tfjs-core";

/** Changes to the kernel that a backend has registered, known by name so that it is wrapped only once. */
export interface KernelWrapper {
  readonly kernelName: string;
  readonly backendName: string;
  readonly wrap: (original: tf.KernelFunc) => tf.KernelFunc;
}

const wrapped = new WeakSet<tf.KernelFunc>();

/** Wraps the registered kernel unless it is one of ours already. Does nothing where there is none. */
export function installWrapper({ kernelName, backendName, wrap }: KernelWrapper): void {
  const present = tf.getKernel(kernelName, backendName);
  if (present === undefined || wrapped.has(present.kernelFunc)) return;
  const kernelFunc = wrap(present.kernelFunc);
  wrapped.add(kernelFunc);
  tf.unregisterKernel(kernelName, backendName);
  tf.registerKernel({ ...present, kernelFunc });
}
