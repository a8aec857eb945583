import { writeFile } from "node:fs/promises";
import { PathlightError } from "../../common/errors.ts";
import { elementCount, shapeText } from "../numericTensor.ts";

/** What stands before the numbers of a `.npy` file (version 1, little-endian, row-major). */
export function npyHeader(shape: readonly number[], type: "<f4" | "<i4" = "<f4"): Uint8Array {
  const sides = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': (${sides}), }`;
  // NumPy pads the header so that the data starts at a multiple of 64.
  const padded = `${header.padEnd(Math.ceil((10 + header.length + 1) / 64) * 64 - 11)}\n`;
  const bytes = new Uint8Array(10 + padded.length);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  new DataView(bytes.buffer).setUint16(8, padded.length, true);
  bytes.set(new TextEncoder().encode(padded), 10);
  return bytes;
}

/** The bytes of a `.npy` file. Throws `internal` when shape and data disagree. */
export function npyBytes(shape: readonly number[], data: Float32Array | Int32Array): Uint8Array {
  if (elementCount(shape) !== data.length) {
    throw new PathlightError("internal", `${data.length} numbers do not fill ${shapeText(shape)}.`);
  }
  const header = npyHeader(shape, data instanceof Int32Array ? "<i4" : "<f4");
  const bytes = new Uint8Array(header.length + data.length * 4);
  bytes.set(header);
  const view = new DataView(bytes.buffer);
  data.forEach((value, index) => {
    if (data instanceof Int32Array) view.setInt32(header.length + index * 4, value, true);
    else view.setFloat32(header.length + index * 4, value, true);
  });
  return bytes;
}

/** Writes `data` of the given shape; see {@link npyBytes}. */
export async function writeNpy(path: string, shape: readonly number[], data: Float32Array | Int32Array): Promise<void> {
  await writeFile(path, npyBytes(shape, data));
}
