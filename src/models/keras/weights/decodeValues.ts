import { halfToFloat } from "../../../common/halfPrecision.ts";
import type { Hdf5Dataset } from "../hdf5/hdf5Contents.ts";

/** The values of a dataset in float32, whatever they were stored in; undefined for what are no numbers. */
export function decodeValues({ kind, width, littleEndian, signed, bytes }: Hdf5Dataset): Float32Array | undefined {
  const count = bytes.byteLength / width;
  if (kind === "other" || !Number.isInteger(count)) return undefined;
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = reader(data, kind, width, littleEndian, signed);
  if (read === undefined) return undefined;
  if (kind === "float" && width === 4 && littleEndian && bytes.byteOffset % 4 === 0) {
    return new Float32Array(bytes.buffer, bytes.byteOffset, count);
  }
  return Float32Array.from({ length: count }, (_, index) => read(index * width));
}

function reader(
  data: DataView,
  kind: Hdf5Dataset["kind"],
  width: number,
  little: boolean,
  signed: boolean,
): ((at: number) => number) | undefined {
  if (kind === "bytes") return width === 2 ? (at) => bfloat16(data.getUint16(at, true)) : undefined;
  if (kind === "float") {
    if (width === 2) return (at) => halfToFloat(data.getUint16(at, little));
    if (width === 4) return (at) => data.getFloat32(at, little);
    return width === 8 ? (at) => data.getFloat64(at, little) : undefined;
  }
  switch (width) {
    case 1:
      return (at) => (signed ? data.getInt8(at) : data.getUint8(at));
    case 2:
      return (at) => (signed ? data.getInt16(at, little) : data.getUint16(at, little));
    case 4:
      return (at) => (signed ? data.getInt32(at, little) : data.getUint32(at, little));
    case 8:
      return (at) => Number(signed ? data.getBigInt64(at, little) : data.getBigUint64(at, little));
    default:
      return undefined;
  }
}

/** The upper half of a float32. */
function bfloat16(bits: number): number {
  return new Float32Array(new Uint32Array([bits << 16]).buffer)[0] ?? Number.NaN;
}
