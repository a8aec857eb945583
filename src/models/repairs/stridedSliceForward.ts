import * as tf from "@tensorflow/tfjs-core";
import { type HostValues, isStorage, type Storage } from "./hostKernel.ts";
import { sliceInfo } from "./stridedSlice.ts";
import type { KernelWrapper } from "./wrappedKernel.ts";

/**
 * StridedSlice with a step other than 1 and an axis that is dropped or added: the JavaScript backend reads out of range
 * and wasm puts out other entries than asked for. Those slices are read here.
 */
export const stridedSliceWrappers: readonly KernelWrapper[] = ["cpu", "wasm"].map((backendName) => ({
  kernelName: tf.StridedSlice,
  backendName,
  wrap: (original) => (params) => {
    const { inputs, attrs, backend } = params;
    const { x } = inputs;
    if (x === undefined || attrs === undefined || !isStorage(backend)) return original(params);
    const info = sliceInfo(x.shape, attrs);
    const reshaped = info.finalShape.length !== x.shape.length || info.finalShapeSparse.length !== x.shape.length;
    if (info.isIdentity || info.isSimpleSlice || !reshaped || x.dtype === "string") return original(params);
    const source = backend.readSync(x.dataId);
    if (!isNumbers(source)) return original(params);
    const values = readSlice(source, x.shape, info);
    return { dataId: backend.write(values, info.finalShape, x.dtype), shape: info.finalShape, dtype: x.dtype };
  },
}));

type SliceInfo = ReturnType<typeof sliceInfo>;

function readSlice(source: HostValues, shape: readonly number[], info: SliceInfo): HostValues {
  const { begin, end, strides } = info;
  const sizes = shape.map((_, axis) =>
    Math.max(0, Math.ceil(((end[axis] ?? 0) - (begin[axis] ?? 0)) / (strides[axis] ?? 1))),
  );
  const steps = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const values = source.slice(
    0,
    sizes.reduce((product, size) => product * size, 1),
  );
  for (let i = 0; i < values.length; i++) {
    let rest = i;
    let from = 0;
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      const size = sizes[axis] ?? 1;
      from += ((begin[axis] ?? 0) + (rest % size) * (strides[axis] ?? 1)) * (steps[axis] ?? 1);
      rest = Math.floor(rest / size);
    }
    values[i] = source[from] ?? 0;
  }
  return values;
}

function isNumbers(values: ReturnType<Storage["readSync"]>): values is HostValues {
  return values instanceof Float32Array || values instanceof Int32Array || values instanceof Uint8Array;
}
