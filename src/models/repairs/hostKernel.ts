import type * as tf from "@tensorflow/tfjs-core";

export type HostValues = Float32Array | Int32Array | Uint8Array;

/** Values and shape of a kernel's input, read from the backend. */
export interface HostTensor {
  readonly values: HostValues;
  readonly shape: readonly number[];
}

export interface HostResult {
  readonly values: Float32Array;
  readonly shape: number[];
}

/** A kernel in plain loops, for a backend that lacks it or has a wrong one. Inputs come by name, the output is float32. */
export function hostKernel(
  kernelName: string,
  backendName: string,
  compute: (inputs: Readonly<Record<string, HostTensor>>, attrs: tf.NamedAttrMap) => HostResult,
): tf.KernelConfig {
  return {
    kernelName,
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) => {
      if (!isStorage(backend)) throw new Error(`${kernelName}: the backend cannot be read`);
      const read: Record<string, HostTensor> = {};
      for (const [name, info] of Object.entries(inputs)) {
        if (info !== undefined) read[name] = { values: numbers(backend.readSync(info.dataId)), shape: info.shape };
      }
      const { values, shape } = compute(read, attrs ?? {});
      return { dataId: backend.write(values, shape, "float32"), shape, dtype: "float32" };
    },
  };
}

export function hostInput(inputs: Readonly<Record<string, HostTensor>>, name: string): HostTensor {
  const input = inputs[name];
  if (input === undefined) throw new Error(`The kernel needs the input ${name}`);
  return input;
}

export type Storage = Pick<tf.KernelBackend, "readSync" | "write">;

/** A backend whose tensors can be read and written by value, at once. */
export function isStorage(backend: object): backend is Storage {
  return "readSync" in backend && "write" in backend;
}

function numbers(values: ReturnType<Storage["readSync"]>): HostValues {
  if (values instanceof Float32Array || values instanceof Int32Array || values instanceof Uint8Array) return values;
  throw new Error("The kernel computes with numbers only");
}
